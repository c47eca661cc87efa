// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// BenchmarkWithdrawalAmongTokens measures what a withdrawal costs, and the look at the token that
// it ended, while so many others are live in the node's own session database in memory. A bench of
// whole nodes cannot have as many: each takes some 15 ms of a core to be asked for, and lives 15
// minutes.
func BenchmarkWithdrawalAmongTokens(b *testing.B) {
	for _, others := range []int{0, 1000, 100_000} {
		b.Run(strconv.Itoa(others), func(b *testing.B) { benchmarkWithdrawal(b, others) })
	}
}

func benchmarkWithdrawal(b *testing.B, others int) {
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(b, err)
	inner := storage.NewInMemorySessionDatabase()
	engines := Engines{Storage: sessionsOnly{sessions: inner}}
	marks := withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), engines.MarkStore())
	tokens := guardedStorage{Engine: engines.Storage, keys: &once.Keys{}, marks: marks}.GetSessionDatabase().GetStore(time.Minute, tokenStoreKey)
	question := consent.Question{Patient: patient, DataHolder: consent.DataHolder{URA: "00000659"}, Categories: []consent.Category{"GGC002"}}
	put := func(key string) {
		stamp, err := marks.Stamp(question)
		require.NoError(b, err)
		token := &pendingToken{token: iam.AccessToken{Scope: "birth-care"}, place: place{key: key, store: inner.GetStore(time.Hour, tokenStoreKey)}}
		require.NoError(b, token.StoreWith("birth-care", map[string]any{"mitz_consent": true}, guard.Beside{Stamp: stamp}))
	}
	for i := range others {
		put(strconv.Itoa(i))
	}
	var took []time.Duration
	for b.Loop() {
		put("withdrawn")
		began := time.Now()
		require.NoError(b, marks.Narrow(patient, "00000659", map[consent.Category]withdrawal.Told{"GGC002": {}}))
		var token iam.AccessToken
		if err := tokens.Get("withdrawn", &token); !errors.Is(err, storage.ErrNotFound) {
			b.Fatal("the token is live")
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
