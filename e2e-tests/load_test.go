// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// load is a number of clients, each of which asks for one guarded token after the other.
type load struct {
	ctx     context.Context // ends when a request fails; its cause says how
	clients []*attempt

	running sync.WaitGroup
	enough  atomic.Bool
	mu      sync.Mutex
	rested  []string // ids of the queries on which the tokens rest
}

// startLoad starts clients that ask until a request fails or the load is ended.
func startLoad(t *testing.T, w *harness.World, clients int) *load {
	t.Helper()
	ctx, fail := context.WithCancelCause(t.Context())
	l := &load{ctx: ctx}
	t.Cleanup(func() { l.end(); fail(nil) })
	for range clients {
		a := newAttempt(t, w, harness.JWTBearer)
		a.request.Credentials = a.set.All()
		l.clients = append(l.clients, a)
		l.running.Go(func() {
			for !l.enough.Load() && ctx.Err() == nil {
				if err := l.ask(a); err != nil {
					fail(err)
				}
			}
		})
	}
	return l
}

// ask gets a token and looks on which query it rests.
func (l *load) ask(a *attempt) error {
	answer, err := a.wallet.RequestToken(a.t.Context(), a.request)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("a token request failed with status %d: %s", answer.Status, answer.OAuthError())
	}
	introspection, err := a.world.DataHolder.Introspect(a.t.Context(), answer.Token())
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rested = append(l.rested, introspection.Text("consent_request_id"))
	return nil
}

// end lets each client finish its last request, and returns the ids of the queries on
// which the tokens rest.
func (l *load) end() []string {
	l.enough.Store(true)
	l.running.Wait()
	return l.rested
}
