// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// logRoot keeps the logs of all nodes until [TestMain] has searched them.
var logRoot string

func TestMain(m *testing.M) {
	if os.Getenv(bareVariable) != "" { // the bare client that the smoke test starts
		if err := beBareClient(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(failure)
		}
		os.Exit(success)
	}
	os.Exit(harness.RunAndScan(func(dir string) int {
		logRoot = dir
		return m.Run()
	}, append(testNumbers(tinyPlan().subscribers), mitztest.PatientAlwaysPermit, mitztest.PatientAlwaysDeny, withdrawn), os.Stderr))
}

// tinyPlan only shows that everything works.
func tinyPlan() plan {
	return plan{
		warmUp: 20 * time.Millisecond, rounds: 2, roundTime: 200 * time.Millisecond, rate: 25, slowRate: 25,
		besideRounds: 1, besideTime: 200 * time.Millisecond,
		unverified: 4, floodRounds: 1, soak: 300 * time.Millisecond,
		tokensInMemory: 3, tokensInRedis: 10, withdrawals: 2, introspections: 2, tokensIssued: 2,
		subscribers: 20, notifying: 10, changes: 2, decisionRate: 50,
	}
}

func TestEveryTableHasItsNumbers(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	binaries, err := harness.Build(t.Context(), os.Stderr)
	require.NoError(t, err)
	p := tinyPlan()
	var out bytes.Buffer

	measured, err := measure(t.Context(), binaries, logRoot, p, &out, os.Stderr)
	t.Log(out.String())

	require.NoError(t, err)
	assert.NoError(t, measured.complaint())
	t.Run("the token endpoint", func(t *testing.T) {
		require.Len(t, measured.compared, rowBare+1)
		for _, each := range measured.compared {
			require.Len(t, each.rounds, p.rounds, each.name)
			assert.Equal(t, 10, each.requests(), each.name)
			assert.Zero(t, each.wrong(), each.name)
			assert.Equal(t, each.asksMitz, each.queries() > 0, each.name)
			assert.Positive(t, each.all(50, latencyOf), each.name)
			assert.Positive(t, each.throughput().median, each.name)
			for _, turn := range each.rounds {
				assert.Positive(t, turn.memAfter, each.name)
			}
		}
		assert.Positive(t, measured.compared[rowGuarded].cost(), "processor time")
		assert.Greater(t, measured.compared[rowSlow].all(0, latencyOf), 100.0, "Mitz takes 100 ms")
	})
	t.Run("a requester that misbehaves", func(t *testing.T) {
		require.Len(t, measured.beside, len(waysToMisbehave()))
		for i, each := range measured.beside {
			assert.Len(t, each.honest, 2, each.name)
			assert.Equal(t, i > 0, len(each.odd) > 0, each.name)
			assert.Zero(t, each.wrong(), each.name)
			assert.Greater(t, each.latency(0), milliseconds(besideDelay), each.name)
		}
	})
	t.Run("withdrawals", func(t *testing.T) {
		require.Len(t, measured.withdrawal.ends, 2)
		for _, each := range measured.withdrawal.ends {
			assert.Len(t, each.took, p.withdrawals, each.name)
			assert.Zero(t, each.wrong, each.name)
			assert.Positive(t, percentile(each.took, 50), each.name)
		}
		for _, each := range measured.withdrawal.introspects {
			assert.Len(t, each.took, p.introspections, each.name)
		}
		for _, each := range measured.withdrawal.issues {
			assert.Len(t, each.took, p.tokensIssued, each.name)
		}
		assert.Equal(t, p.subscribers, measured.withdrawal.subscribed.patients)
		assert.Zero(t, measured.withdrawal.subscribed.missing)
		assert.Positive(t, measured.withdrawal.subscribed.before)
		assert.Equal(t, p.notifying*p.changes, measured.withdrawal.notified.count)
		assert.Zero(t, measured.withdrawal.notified.wrong)
	})
	t.Run("consent that is brought along", func(t *testing.T) {
		require.Len(t, measured.brought, 6)
		for _, each := range measured.brought {
			assert.Len(t, each.took, p.tokensIssued, each.name)
		}
	})
	t.Run("gateways of record servers", func(t *testing.T) {
		require.Len(t, measured.access, 4)
		for _, each := range measured.access {
			assert.Len(t, each.took, p.introspections, each.name)
		}
	})
	t.Run("the decision point", func(t *testing.T) {
		require.Len(t, measured.decision, rowFlatHop+1)
		for _, each := range measured.decision {
			require.Len(t, each.rounds, p.rounds, each.name)
			assert.Zero(t, each.wrong(), each.name)
			assert.Positive(t, each.queries(), each.name)
			assert.Positive(t, each.over(round.answeredPerSecond).median, each.name)
		}
	})
	t.Run("what is printed", func(t *testing.T) {
		text := out.String()
		for _, heading := range []string{"1. ", "2. ", "3. ", "4. ", "8. ", "9. ", "10. ", "11. ", "What consent costs", "Patients subscribed"} {
			assert.Contains(t, text, heading)
		}
		assert.Contains(t, text, "reached")
		assert.Contains(t, text, "at rest", "the soak ended")
		assert.NotContains(t, text, "unknown")
		assert.NotContains(t, text, "NaN")
		assert.NotContains(t, text, mitztest.PatientAlwaysPermit)
		assert.NotContains(t, text, mitztest.PatientAlwaysDeny)
		assert.NotContains(t, text, withdrawn)
	})
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestTheCommandLine(t *testing.T) {
	for _, tt := range []struct {
		arguments []string
		status    int
	}{
		{[]string{"--help"}, success},
		{[]string{"--slow"}, misuse},
		{[]string{"fast"}, misuse},
		{[]string{"--soak", "-1m"}, misuse},
		{[]string{"--tokens", "-1"}, misuse},
	} {
		t.Run(strings.Join(tt.arguments, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, tt.status, run(t.Context(), tt.arguments, &stdout, &stderr))
			assert.Contains(t, stdout.String()+stderr.String(), "Usage: make bench")
		})
	}
}
