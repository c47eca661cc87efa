// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/simulation"
)

// TestTheModelOfThePaceDoesWhatThePaceDoes takes the pace, and the model of it that
// docs/nationwide.md rests on, through the same messages of one sender. How long exactly a pause
// lasts is random in both, so that each step is after all of it.
func TestTheModelOfThePaceDoesWhatThePaceDoes(t *testing.T) {
	said := map[verdict]simulation.Said{
		answered: simulation.SaidYes, failed: simulation.SaidFailed, failedAll: simulation.SaidFailedAll, throttled: simulation.SaidThrottled,
	}
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			original, clock := newPace(DefaultAtOnce), &simulation.Clock{}
			model := simulation.NewPace(clock, random, DefaultAtOnce)
			for range 300 {
				time.Sleep(2 * maxAsked)
				var leaves []func(verdict, time.Duration)
				for range 1 + random.IntN(3) {
					if original.own["one"] != nil && !original.own["one"].hasRoom() || !original.all.hasRoom() {
						break
					}
					leaveOriginal, ok := original.enter(t.Context(), "one")
					require.True(t, ok)
					leaveModel := model.Begin()
					leaves = append(leaves, func(v verdict, asked time.Duration) {
						leaveOriginal(v, asked)
						leaveModel(said[v], asked)
					})
				}
				for _, leave := range leaves {
					v, asked := answered, time.Duration(0)
					if random.IntN(4) == 0 {
						v = []verdict{failed, failedAll, throttled}[random.IntN(3)]
						asked = time.Duration(random.IntN(3)) * time.Minute
					}
					leave(v, asked)
					requireSamePace(t, original, model)
				}
			}
		})
	}
}

func requireSamePace(t *testing.T, original *pace, model *simulation.Pace) {
	t.Helper()
	own := original.own["one"]
	if own == nil { // it is calm
		own = &lane{window: original.most}
	}
	all, sender := model.Delay()
	require.Equal(t, original.all.delay, all)
	require.Equal(t, own.delay, sender)
	require.Equal(t, min(original.all.window, own.window), model.Window())
}
