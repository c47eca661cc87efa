// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordattacks

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Target is a record server with its guard.
type Target struct {
	// Base is the address below which requests are sent.
	Base   string
	Client *http.Client
	// Patient is the one of the tokens, and Other somebody else of whom there are records.
	Patient, Other Patient
	// Secret is in every answer about Patient, and OtherSecret in every one about Other.
	Secret, OtherSecret string
	// Present returns the headers with a token and proofs for a request; nil: it cannot be made
	// here, and the attack is passed over.
	Present func(t *testing.T, presents Presents, method, address string) http.Header
	// Revoke ends the token of RevokedToken.
	Revoke func(t *testing.T)
	// Refused, if there is one, looks at the answer to an attack; nil: the status must be that
	// of the refusal, and the body empty.
	Refused func(t *testing.T, attack Attack, status int, header http.Header, body string)
}

// Run sends honest requests, which must be answered, and then all attacks, which must not.
func (target Target) Run(t *testing.T) {
	t.Helper()
	for _, honest := range Honest(target.Patient) {
		t.Run(honest.Name+", with "+string(honest.Presents), func(t *testing.T) {
			header := target.Present(t, honest.Presents, honest.Method, target.address(honest))
			if header == nil {
				t.Skip("this cannot be made here")
			}
			target.answered(t, honest, header)
		})
	}
	for _, attack := range Attacks(target.Patient, target.Other) {
		t.Run(attack.Name, func(t *testing.T) {
			header := target.Present(t, attack.Presents, attack.Method, target.address(attack))
			if header == nil {
				t.Skip("this cannot be made here")
			}
			if attack.Presents == Replayed || attack.Presents == RevokedToken {
				target.answered(t, attack, header)
			}
			if attack.Presents == RevokedToken {
				target.Revoke(t)
			}
			target.refused(t, attack, header)
		})
	}
}

func (target Target) address(attack Attack) string {
	path, _, _ := strings.Cut(attack.Path, "?")
	return target.Base + path
}

func (target Target) answered(t *testing.T, attack Attack, header http.Header) {
	t.Helper()
	status, _, body := target.send(t, attack, header)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, target.Secret)
	assert.NotContains(t, body, target.OtherSecret)
}

func (target Target) refused(t *testing.T, attack Attack, header http.Header) {
	t.Helper()
	status, answered, body := target.send(t, attack, header)
	assert.NotContains(t, body, target.Secret)
	assert.NotContains(t, body, target.OtherSecret)
	if target.Refused != nil {
		target.Refused(t, attack, status, answered, body)
		return
	}
	assert.Equal(t, attack.Want.Status(), status)
	assert.Empty(t, body)
	assert.True(t, status != http.StatusUnauthorized || answered.Get("WWW-Authenticate") != "", "what another request needs")
}

func (target Target) send(t *testing.T, attack Attack, header http.Header) (status int, answered http.Header, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), attack.Method, target.Base+attack.Path, strings.NewReader(attack.Body))
	require.NoError(t, err)
	request.Header = header.Clone()
	if attack.ContentType != "" {
		request.Header.Set("Content-Type", attack.ContentType)
	}
	for name, values := range attack.Header {
		request.Header[name] = values
	}
	response, err := target.Client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(content)
}
