// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// soon is when a node that started works, and has done what there is to do.
const soon = time.Minute

func failing(err error) func(*atMitz) {
	return func(m *atMitz) { m.fails = func(consent.URA) error { return err } }
}

func status(status int, retryAfter time.Duration) error {
	return &mitzclient.Error{Code: mitzclient.HTTPStatus, Status: status, RetryAfter: retryAfter, RequestID: "request-1", Attempts: 1}
}

func TestWhatIsKeptIsRegisteredAndFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mitz.unprocessed = 2
		node := w.node()
		w.keep(node, "a", "b", "a")
		assert.Equal(t, map[State]int{Waiting: 2}, w.states())
		assert.Zero(t, w.mitz.messages(), "a token does not wait for Mitz")
		node.Start()
		in(soon)
		assert.Equal(t, map[State]int{Accepted: 2}, w.states(), "accepted is not yet in force")
		require.Equal(t, 2, w.mitz.messages())
		w.mitz.set(func(m *atMitz) { m.unprocessed = 0 })
		in(maxFollow)
		assert.Equal(t, map[State]int{InForce: 2}, w.states())
		asked := w.mitz.asked
		in(24 * time.Hour)
		assert.Equal(t, 2, w.mitz.messages(), "each once")
		assert.Equal(t, asked, w.mitz.asked, "what is in force is not followed any more")

		sent, kept := w.mitz.received[0], registration(t, "a")
		assert.True(t, sent.Patient.Equal(kept.Patient))
		assert.Equal(t, kept.DataHolder, sent.DataHolder)
		assert.Equal(t, kept.Consent.Categories, sent.Categories)
		assert.Equal(t, kept.Consent.Professional, sent.Professional)
		assert.True(t, kept.Consent.RecordedAt.Equal(sent.RecordedAt))
		assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, sent.ID)
		assert.NotEqual(t, sent.ID, w.mitz.received[1].ID)
		assertNoNumber(t, w.logged())
	})
}

func TestWithoutAnEndpointNothingIsRegistered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		node := w.node()
		node.config.Mitz, node.worker.config.Mitz = nil, nil
		w.keep(node, "a")
		node.Start()
		in(24 * time.Hour)
		assert.Equal(t, map[State]int{Kept: 1}, w.states())
		node.Stop()
		w.node().Start()
		in(24 * time.Hour)
		assert.Equal(t, map[State]int{Kept: 1}, w.states(), "a consent of long ago is not registered when there is an endpoint one day")
	})
}

func TestAnOutageOfMitzIsNoStorm(t *testing.T) {
	for name, err := range map[string]error{
		"it cannot be reached":      &mitzclient.Error{Code: mitzclient.Unreachable},
		"it answers with nothing":   &mitzclient.Error{Code: mitzclient.Timeout},
		"it answers with 503":       status(http.StatusServiceUnavailable, 0),
		"it knows nobody any more":  status(http.StatusUnauthorized, 0),
		"it answers with something": &mitzclient.Error{Code: mitzclient.MalformedAnswer},
		"a proxy answers with 400":  &mitzclient.Error{Code: mitzclient.HTTPStatus, Status: http.StatusBadRequest, Detail: notFHIR},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.mitz.set(failing(err))
				node := w.node()
				w.keep(node, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
				node.Start()
				in(time.Hour)
				assert.Equal(t, map[State]int{Waiting: 10}, w.states())
				assert.Less(t, w.mitz.messages(), 30, "one message a pause")
				w.mitz.set(failing(nil))
				w.mitz.set(func(m *atMitz) { m.fails = nil })
				in(maxAgain + maxMitzPause)
				assert.Equal(t, map[State]int{InForce: 10}, w.states(), "it goes on by itself")
				assert.Contains(t, w.logged(), "Mitz answers again")
				assertNoNumber(t, w.logged())
			})
		})
	}
}

func TestMitzAsksToBeLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mitz.set(failing(status(http.StatusTooManyRequests, 10*time.Minute)))
		node := w.node()
		w.keep(node, "a", "b")
		node.Start()
		in(9 * time.Minute)
		assert.Equal(t, 1, w.mitz.messages())
	})
}

func TestARefusalStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mitz.set(func(m *atMitz) {
			m.fails = func(dataHolder consent.URA) error {
				if dataHolder == "00000660" {
					return status(http.StatusUnprocessableEntity, 0)
				}
				return nil
			}
		})
		node := w.node()
		refused := registration(t, "refused")
		refused.DataHolder.URA = "00000660"
		require.NoError(t, node.Keep(t.Context(), refused))
		w.keep(node, "a", "b")
		node.Start()
		in(soon)
		assert.Equal(t, map[State]int{Refused: 1, InForce: 2}, w.states())
		before := w.mitz.messages()
		in(minRefused / 2)
		assert.Equal(t, before, w.mitz.messages())
		w.mitz.set(func(m *atMitz) { m.fails = nil })
		in(minRefused)
		assert.Equal(t, map[State]int{InForce: 3}, w.states())
		assertNoNumber(t, w.logged())
	})
}

func TestADatabaseThatFailsIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		node := w.node()
		w.keep(node, "a")
		w.store.fail(true)
		require.ErrorIs(t, node.Keep(t.Context(), registration(t, "b")), errSQL, "no token then")
		node.Start()
		in(time.Hour)
		require.Error(t, node.Failing())
		assert.Zero(t, w.mitz.messages())
		w.store.fail(false)
		in(soon)
		require.NoError(t, node.Failing())
		assert.Equal(t, map[State]int{InForce: 1}, w.states())
	})
}

func TestOneNodeOfAClusterRegisters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mitz.set(func(m *atMitz) { m.hangs = true })
		first, second := w.node(), w.node()
		w.keep(second, "a")
		first.Start()
		in(time.Second)
		second.Start()
		in(soon)
		assert.True(t, first.IsWorking() && !second.IsWorking())
		assert.Equal(t, 1, w.mitz.messages())
		first.Stop() // with a message on its way
		w.mitz.set(func(m *atMitz) { m.hangs = false })
		in(soon)
		assert.True(t, second.IsWorking() && !first.IsWorking())
		assert.Equal(t, map[State]int{InForce: 1}, w.states())
		require.Equal(t, 2, w.mitz.messages())
		assert.Equal(t, w.mitz.received[0].ID, w.mitz.received[1].ID, "Mitz recognises it")
	})
}

// withdraws are the ways in which a node is told that a patient withdrew.
func withdraws(t *testing.T, w *world, way string) {
	t.Helper()
	r := registration(t, "a")
	about := withdrawal.About{Patient: r.Patient, DataHolder: r.DataHolder.URA}
	switch way {
	case "all":
		require.NoError(t, w.marks().Withdraw(about))
	case "its category for its kind":
		require.NoError(t, w.marks().Narrow(about.Patient, about.DataHolder, map[consent.Category]withdrawal.Told{
			"GGC002": {Permitted: []consent.ProviderCategory{"RPZAC104"}},
		}))
	case "its category for another kind":
		require.NoError(t, w.marks().Narrow(about.Patient, about.DataHolder, map[consent.Category]withdrawal.Told{
			"GGC002": {Permitted: []consent.ProviderCategory{"RPZAC103"}},
		}))
	case "by a secret path alone":
		secret, err := w.keys.Path(about.Patient, about.DataHolder, "id")
		require.NoError(t, err)
		path, ok := w.keys.ReadPath(secret)
		require.True(t, ok)
		require.NoError(t, w.marks().WithdrawBy(path))
	default:
		require.Fail(t, way)
	}
}

func TestMitzIsNotToldOfWhatWasWithdrawn(t *testing.T) {
	for way, ends := range map[string]bool{
		"all": true, "its category for its kind": true, "by a secret path alone": true, "its category for another kind": false,
	} {
		for _, told := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, told at once: %t", way, told), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					node := w.node()
					elsewhere := registration(t, "b")
					elsewhere.DataHolder.URA = "00000660"
					w.keep(node, "a")
					require.NoError(t, node.Keep(t.Context(), elsewhere))
					withdrawn := registration(t, "a")
					in(time.Minute)
					withdraws(t, w, way)
					expected := map[State]int{Waiting: 2}
					if told {
						require.NoError(t, node.Withdrawn(t.Context(), withdrawn.Patient, withdrawn.DataHolder.URA))
						if ends {
							expected = map[State]int{Withdrawn: 1, Waiting: 1}
						}
					}
					assert.Equal(t, expected, w.states())
					node.Start()
					in(24 * time.Hour)
					if !ends {
						assert.Equal(t, map[State]int{InForce: 2}, w.states())
						return
					}
					assert.Equal(t, map[State]int{Withdrawn: 1, InForce: 1}, w.states())
					require.Equal(t, 1, w.mitz.messages())
					assert.Equal(t, elsewhere.DataHolder, w.mitz.received[0].DataHolder)
				})
			})
		}
	}
}

// TestConsentGivenAnewIsRegistered: what was recorded after a withdrawal is not ended by it, and what
// was kept before is, whatever date it has.
func TestConsentGivenAnewIsRegistered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		node := w.node()
		ahead := registration(t, "ahead")
		ahead.Consent.RecordedAt = time.Now().Add(time.Minute)
		require.NoError(t, node.Keep(t.Context(), ahead))
		in(time.Second)
		withdraws(t, w, "all")
		in(time.Second)
		newer := registration(t, "newer")
		newer.Consent.RecordedAt = time.Now()
		require.NoError(t, node.Keep(t.Context(), newer))
		require.NoError(t, node.Withdrawn(t.Context(), newer.Patient, newer.DataHolder.URA))
		node.Start()
		in(24 * time.Hour)
		assert.Equal(t, map[State]int{Withdrawn: 1, InForce: 1}, w.states())
	})
}

// unknown are withdrawals of which nobody can tell.
type unknown struct{}

func (unknown) Last(context.Context, consent.Question) (time.Time, error) { return time.Time{}, errSQL }

func TestNothingIsRegisteredWhileNobodyCanTellWhetherItWasWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		node := w.node()
		node.worker.config.Withdrawals = unknown{}
		w.keep(node, "a")
		node.Start()
		in(24 * time.Hour)
		assert.Equal(t, map[State]int{Waiting: 1}, w.states())
		assert.Zero(t, w.mitz.messages())
		assert.Error(t, node.Failing())
	})
}

func TestEvidenceIsSealedAgainWithTheKeyInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		former := w.keys
		w.keep(w.node(), "a", "b")
		w.keys = former.Rotated()
		node := w.node()
		node.Start()
		in(soon)
		node.Stop()
		for _, each := range w.store.all() {
			assert.Equal(t, w.keys.ID(), each.Key)
			opened, err := each.open(w.keys)
			require.NoError(t, err)
			assert.Len(t, opened.Credentials, 2)
			_, err = each.open(former)
			require.ErrorIs(t, err, errLost)
		}
		assert.Equal(t, map[State]int{InForce: 2}, w.states())
	})
}

func TestWhatCannotBeReadAnyMoreIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.keep(w.node(), "lost")
		w.keys = withdrawal.NewKeys()
		node := w.node()
		w.keep(node, "a")
		node.Start()
		in(24 * time.Hour)
		assert.Equal(t, map[State]int{Refused: 1, InForce: 1}, w.states())
	})
}

// TestAMistakeOfOursStopsNoOther: a registration that this software cannot deal with.
func TestAMistakeOfOursStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mitz.set(func(m *atMitz) {
			m.fails = func(dataHolder consent.URA) error {
				if dataHolder == "00000660" {
					panic(testBSN)
				}
				return nil
			}
		})
		node := w.node()
		broken := registration(t, "broken")
		broken.DataHolder.URA = "00000660"
		require.NoError(t, node.Keep(t.Context(), broken))
		w.keep(node, "a", "b")
		node.Start()
		in(soon)
		assert.Equal(t, map[State]int{Waiting: 1, InForce: 2}, w.states())
		assertNoNumber(t, w.logged())
	})
}
