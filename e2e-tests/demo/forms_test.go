// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestGuideForms looks at what the midwife's node presented, as the hospital's node kept
// it with the token: the national guide's types of credentials, in the guide's forms.
func TestGuideForms(t *testing.T) {
	stage, client := newTestStage(t), theCast().client
	require.NoError(t, stage.Mitz.Record(client.permission()))
	answer, err := stage.RequestToken(t.Context(), client.bsn, scope)
	require.NoError(t, err)
	require.NotEmpty(t, answer.Token())

	assert.Equal(t, map[string][]string{
		harness.TypeHealthcareProvider: {"id", "identifier.system", "identifier.value", "name"},
		harness.TypeFacility:           {"id", "roleCodeNL"},
		harness.TypeEmployee:           {"id", "identifier", "name", "roleName"},
		harness.TypeEnrollment: {
			"hasEnrollment.enrolledBy.identifier.system", "hasEnrollment.enrolledBy.identifier.value",
			"hasEnrollment.patient.identifier.system", "hasEnrollment.patient.identifier.value", "id",
		},
	}, presentedForms(t, stage, answer.Token()))
}

// presentedForms returns the names of the claims of each type of credential, without what
// they say: a failing test must not print a patient's number.
func presentedForms(t *testing.T, stage *stage, token string) map[string][]string {
	t.Helper()
	response, err := http.PostForm(stage.DataHolder.InternalURL()+"/internal/auth/v2/accesstoken/introspect_extended", url.Values{"token": {token}})
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var introspection struct {
		Presentations []json.RawMessage `json:"vps"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&introspection))
	forms := map[string][]string{}
	for _, raw := range introspection.Presentations {
		for _, each := range list(part(t, raw, "vp")["verifiableCredential"]) {
			encoded, err := json.Marshal(each)
			require.NoError(t, err)
			credential := part(t, encoded, "vc")
			for _, name := range list(credential["type"]) {
				if name != "VerifiableCredential" {
					forms[name.(string)] = names("", list(credential["credentialSubject"])[0])
				}
			}
		}
	}
	return forms
}

// part returns the part of a JWT's payload that has this name, or the whole of what is no JWT.
func part(t *testing.T, raw json.RawMessage, name string) map[string]any {
	t.Helper()
	var token string
	whole := map[string]any{}
	if json.Unmarshal(raw, &token) != nil {
		require.NoError(t, json.Unmarshal(raw, &whole))
		return whole
	}
	segments := strings.Split(token, ".")
	require.Len(t, segments, 3)
	payload, err := base64.RawURLEncoding.DecodeString(segments[1])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(payload, &whole))
	inner, ok := whole[name].(map[string]any)
	require.True(t, ok, name)
	return inner
}

// list has JSON-LD's single values in a list too.
func list(value any) []any {
	if all, ok := value.([]any); ok {
		return all
	}
	return []any{value}
}

// names lists the paths to all values.
func names(path string, value any) (all []string) {
	object, ok := value.(map[string]any)
	if !ok {
		return []string{strings.TrimPrefix(path, ".")}
	}
	for name, inner := range object {
		all = append(all, names(path+"."+name, inner)...)
	}
	slices.Sort(all)
	return all
}
