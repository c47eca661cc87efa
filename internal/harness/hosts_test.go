// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStrictNodesReachEachOtherAndNobodyElse(t *testing.T) {
	workspace := newWorkspace(t)
	server, err := workspace.ServeTLS("named", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Host))
	}))
	require.NoError(t, err)
	named := workspace.nameHost("hospital", server)
	require.Equal(t, "https://hospital.nuts-mitz.internal", named)
	proxy, err := workspace.hostsProxy()
	require.NoError(t, err)
	proxied := workspace.Client() // as a node, which knows no names by itself
	transport := proxied.Transport.(*http.Transport)
	transport.DialContext, transport.Proxy = nil, http.ProxyURL(mustParse(t, proxy))

	for name, client := range map[string]*http.Client{"the harness": workspace.Client(), "a node": proxied} {
		answer, err := do(t.Context(), client, http.MethodGet, named, nil, nil)
		require.NoError(t, err, name)
		assert.Equal(t, "hospital.nuts-mitz.internal", string(answer.Body), name)
	}
	assert.Empty(t, workspace.Strangers())

	_, err = do(t.Context(), proxied, http.MethodGet, "https://mitz.nuts-mitz.internal", nil, nil)
	require.ErrorContains(t, err, "Forbidden")
	assert.Equal(t, []string{"mitz.nuts-mitz.internal:443"}, workspace.Strangers())
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	require.NoError(t, err)
	return parsed
}
