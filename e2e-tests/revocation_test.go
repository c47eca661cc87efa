// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// guardedToken requests a token that Mitz permits.
func guardedToken(t *testing.T, w *harness.World) string {
	t.Helper()
	answer, err := w.RequestToken(t.Context(), patient, birthCare)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	return answer.Token()
}

// isActive asks a node about a token.
func isActive(t *testing.T, node *harness.Node, token string) bool {
	t.Helper()
	introspection, err := node.Introspect(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, introspection.Status, "%s", introspection.Body)
	return introspection.Active
}

func revoke(t *testing.T, node *harness.Node, subject string, body map[string]string) int {
	t.Helper()
	answer, err := node.EndTokens(t.Context(), subject, body)
	require.NoError(t, err)
	return answer.Status
}

// TestTheRecordSystemEndsTokens has the data holder's own system end live tokens, on one node
// and on two that share their sessions.
func TestTheRecordSystemEndsTokens(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) (*harness.World, []*harness.Node){
		"one node with its sessions in memory":                startInMemory,
		"two nodes that share Redis and PostgreSQL":           startCluster,
		"two nodes that share Redis with TLS, and PostgreSQL": startSecuredCluster,
	} {
		t.Run(name, func(t *testing.T) {
			w, nodes := start(t)
			permit(t, w, patient, "00000659", "GGC002")
			permit(t, w, otherPatient, "00000659", "GGC002")
			first, last := nodes[0], nodes[len(nodes)-1]
			onEveryNode := func(expected bool, token string) {
				t.Helper()
				for _, node := range nodes {
					assert.Equal(t, expected, isActive(t, node, token))
				}
			}
			older := guardedToken(t, w)
			answer, err := w.RequestToken(t.Context(), otherPatient, birthCare)
			require.NoError(t, err)
			others := answer.Token()
			onEveryNode(true, older)

			require.Equal(t, http.StatusNoContent, revoke(t, last, "hospital-west", map[string]string{"patient": patient}))
			onEveryNode(true, older) // at another data holder
			require.Equal(t, http.StatusNoContent, revoke(t, last, "hospital-east", map[string]string{"patient": patient}))
			onEveryNode(false, older)
			onEveryNode(true, others)

			newer := guardedToken(t, w)
			onEveryNode(true, newer) // consent that is there counts at once
			onEveryNode(false, older)

			require.Equal(t, http.StatusNotFound, revoke(t, last, "hospital-west", map[string]string{"token": newer}))
			onEveryNode(true, newer)
			require.Equal(t, http.StatusNoContent, revoke(t, first, "hospital-east", map[string]string{"token": newer}))
			onEveryNode(false, newer)
			require.Equal(t, http.StatusNotFound, revoke(t, first, "hospital-elsewhere", map[string]string{"patient": patient}))
			require.Equal(t, http.StatusBadRequest, revoke(t, first, "hospital-east", map[string]string{"patient": "123"}))
		})
	}
}

// TestNothingOfAStampIsIntrospected compares the answers about a token, extended too.
func TestNothingOfAStampIsIntrospected(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000659", "GGC002")
	answer, err := w.RequestToken(t.Context(), patient, birthCare)
	require.NoError(t, err)
	introspection := assertPermitted(t, w, answer)
	assert.NotContains(t, string(introspection.Body), "stamp")
	assert.NotContains(t, string(introspection.Body), "mark")
}

// TestAKeyFileThatIsNoneStopsTheStart: every node of a cluster would otherwise know the
// patients by another name.
func TestAKeyFileThatIsNoneStopsTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "patients.key")
	for name, content := range map[string]string{"a password": "geheim", "zeros": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			message, output := fails(t, "mitz: {withdrawal: {keyfile: "+strconv.Quote(file)+"}}", nil)
			assert.Contains(t, message, "mitz.withdrawal.keyfile")
			assert.Contains(t, message, "mitz key")
			assert.NotContains(t, output, content)
		})
	}
}
