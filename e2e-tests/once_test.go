// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// The paths of a data holder's endpoints.
const (
	tokenEast    = "/oauth2/hospital-east/token"
	tokenWest    = "/oauth2/hospital-west/token"
	responseEast = "/oauth2/hospital-east/response"
)

// atOnce posts a form twelve times at once, divided over the nodes, and returns the answers
// that are no error.
func atOnce(t *testing.T, nodes []*harness.Node, path string, form url.Values) (good []harness.Answer) {
	t.Helper()
	const times = 12
	answers := make([]harness.Answer, times)
	var group sync.WaitGroup
	for i := range times {
		group.Go(func() {
			answer, err := nodes[i%len(nodes)].PostForm(t.Context(), path, form)
			assert.NoError(t, err)
			answers[i] = answer
		})
	}
	group.Wait()
	for _, answer := range answers {
		if answer.Status == http.StatusOK {
			good = append(good, answer)
			continue
		}
		refusal := answer.OAuthError().Code
		if answer.Status == http.StatusFound { // sent back to the requester's application
			back, err := url.Parse(answer.Header.Get("Location"))
			require.NoError(t, err)
			refusal = back.Query().Get("error")
		}
		assert.Contains(t, []string{"invalid_grant", "invalid_request"}, refusal, "%s", answer.Body)
	}
	return good
}

// heldForm starts the authorization code grant, and returns the form that was posted to a
// path with this end: the requester's node gets no answer to it.
func heldForm(t *testing.T, w *harness.World, end string) url.Values {
	t.Helper()
	held := w.DataHolder.Hold(end)
	_, _ = w.RequestUserToken(t.Context(), birthCare) // fails, or tells of an error
	forms := held()
	require.Len(t, forms, 1)
	return forms[0]
}

// TestUsedOnce sends what may be used once twelve times at once. It gives one token, and
// one query is shown to the patient.
func TestUsedOnce(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) (*harness.World, []*harness.Node){
		"one node with its sessions in memory":      startInMemory,
		"one node with its sessions elsewhere":      startAlone,
		"two nodes that share Redis and PostgreSQL": startCluster,
	} {
		t.Run(name, func(t *testing.T) {
			w, nodes := start(t)
			require.NoError(t, w.StoreForUserGrant(t.Context(), patient))
			permit(t, w, patient, "00000659", "GGC002")
			for i, answerTo := range map[string]func(t *testing.T) []harness.Answer{
				"an authorization code": func(t *testing.T) []harness.Answer {
					return atOnce(t, nodes, tokenEast, heldForm(t, w, "/token"))
				},
				"a presentation": func(t *testing.T) []harness.Answer {
					return atOnce(t, nodes, tokenEast, tokenForm(t, w, harness.VPToken, birthCare))
				},
				"an assertion": func(t *testing.T) []harness.Answer {
					return atOnce(t, nodes, tokenEast, tokenForm(t, w, harness.JWTBearer, birthCare))
				},
			} {
				t.Run(i, func(t *testing.T) {
					w.Mitz.ResetLog()
					tokens := answerTo(t)
					require.Len(t, tokens, 1)
					assert.NotEmpty(t, tokens[0].Token())
					assert.Len(t, w.Mitz.Queries(), 1)
				})
			}
			t.Run("an authorization code at another subject is used up, for nothing", func(t *testing.T) {
				form := heldForm(t, w, "/token")
				for _, path := range []string{tokenWest, tokenEast} {
					answer, err := nodes[0].PostForm(t.Context(), path, form)
					require.NoError(t, err)
					assert.Equal(t, "invalid_grant", answer.OAuthError().Code, path)
				}
			})
			if len(nodes) > 1 {
				return
			}
			t.Run("in one process a presentation gives one unguarded token too", func(t *testing.T) {
				assert.Len(t, atOnce(t, nodes, tokenEast, tokenForm(t, w, harness.VPToken, plain)), 1)
			})
			t.Run("and a wallet's response one authorization code", func(t *testing.T) {
				assert.Len(t, atOnce(t, nodes, responseEast, heldForm(t, w, "/response")), 1)
			})
		})
	}
}

func tokenForm(t *testing.T, w *harness.World, grant harness.Grant, scope string) url.Values {
	t.Helper()
	a := newAttempt(t, w, grant)
	a.request.Scope, a.request.Credentials = scope, a.set.All()
	form, err := a.wallet.TokenForm(t.Context(), a.request)
	require.NoError(t, err)
	return form
}

func startAlone(t *testing.T) (*harness.World, []*harness.Node) {
	w := harness.StartWorld(t, plainWorld())
	return w, []*harness.Node{w.DataHolder}
}

func startInMemory(t *testing.T) (*harness.World, []*harness.Node) {
	config := plainWorld()
	configure := config.ConfigureDataHolder
	config.ConfigureDataHolder = func(ctx context.Context, w *harness.World, node *harness.NodeConfig) error {
		for key := range w.Sessions.Settings() {
			delete(node.Settings, key)
		}
		return configure(ctx, w, node)
	}
	w := harness.StartWorld(t, config)
	return w, []*harness.Node{w.DataHolder}
}
