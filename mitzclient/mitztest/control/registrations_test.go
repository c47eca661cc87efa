// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRegistrationsAreListedAndProcessed(t *testing.T) {
	b := newBench(t)
	text, err := os.ReadFile("../testdata/registration.json")
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.RegistrationURL()+"/", strings.NewReader(string(text)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/fhir+json")
	request.Header.Set("X-Request-Id", "00000000-0000-4000-8000-00000000000a")
	transport := &http.Transport{TLSClientConfig: b.identity.ClientTLS()}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)

	listed := func() registrationView {
		_, body := b.tell("GET", "/registrations", "")
		var view registrationsView
		require.NoError(t, json.Unmarshal([]byte(body), &view))
		require.Len(t, view.Registrations, 1)
		return view.Registrations[0]
	}
	assert.False(t, listed().InForce)
	assert.Equal(t, "900186021", listed().Patient)
	_, body := b.tell("POST", "/registrations/process", "")
	assert.Contains(t, body, `"processed": 1`)
	assert.True(t, listed().InForce)
}
