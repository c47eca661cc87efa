// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package sample

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

func TestTheQueryGetsAPermit(t *testing.T) {
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	simulator, err := mitztest.Start(identity.Config())
	require.NoError(t, err)
	defer simulator.Close()
	id := uuid.NewString()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, simulator.ClosedQueryURL(),
		strings.NewReader(Query(id, simulator.ClosedQueryURL())))
	require.NoError(t, err)
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("X-Request-Id", id)
	transport := &http.Transport{TLSClientConfig: identity.ClientTLS()}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode, simulator.Refusals())
}

// TestTheShellReadsTheCommandAsMeant has a shell show what curl would be given.
func TestTheShellReadsTheCommandAsMeant(t *testing.T) {
	client := Client{CA: "/a b/it's $HOME/ca.pem", Certificate: `/a"b/\client.pem`, Key: "/k`x`.key"}
	const url = "https://localhost:1/tst-us/mitz/geslotenautorisatievraag/xacml3"
	show := `curl() { for word in "$@"; do printf '<%s>\n' "$word"; done; cat; }` + "\n"
	output, err := exec.CommandContext(t.Context(), "sh", "-c", show+Curl(client, url)).CombinedOutput()
	require.NoError(t, err)
	words := string(output)
	for _, word := range []string{client.CA, client.Certificate, client.Key, "Content-Type: " + contentType, url} {
		assert.Contains(t, words, "<"+word+">\n")
	}
	_, rest, found := strings.Cut(words, "<X-Request-Id: ")
	require.True(t, found)
	id, _, _ := strings.Cut(rest, ">")
	assert.NoError(t, uuid.Validate(id))
	assert.True(t, strings.HasSuffix(words, Query(id, url)+"\n"))
	arguments, _, _ := strings.Cut(words, "<?xml")
	assert.NotContains(t, arguments, mitztest.PatientAlwaysPermit, "the number is no argument")
}
