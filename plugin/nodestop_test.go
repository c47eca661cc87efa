// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin_test

import (
	"bytes"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// stopWhileMitzIsSlow stops the node in the middle of consults, which come to their end, and
// leaves nothing behind.
func (n *testNode) stopWhileMitzIsSlow(t *testing.T, mitz *mitztest.Simulator) {
	t.Helper()
	const running = 4
	mitz.Misbehave(mitztest.Slow(time.Second))
	asked := len(mitz.Queries())
	var waiting sync.WaitGroup
	tokens := make([]string, running)
	for i, patient := range patientNumbers(running) {
		waiting.Go(func() { tokens[i], _ = n.requestToken(t, patient) })
	}
	require.NoError(t, mitz.WaitForQueries(t.Context(), asked+running))
	n.stop(t)
	waiting.Wait()
	for i, token := range tokens {
		assert.Equal(t, i%2 == 0, token != "", "the answers to running consults reach the requesters")
	}
	require.Eventually(t, func() bool { return len(ownGoroutines()) == 0 }, time.Minute, 10*time.Millisecond,
		"goroutines outlive the node")
}

// ownGoroutines returns the goroutines that run our code or were started by it. The
// simulator's and the test's own are excepted; the node's are the node's business.
func ownGoroutines() (own []string) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 2); err != nil {
		return []string{err.Error()}
	}
	for _, stack := range strings.Split(profile.String(), "\n\n") {
		tests := strings.Contains(stack, "plugin_test.") || strings.Contains(stack, "/mitztest.")
		if strings.Contains(stack, "nuts-mitz/nuts-mitz/") && !tests {
			own = append(own, stack)
		}
	}
	return own
}

// syncBuffer is a log that several goroutines write to.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
