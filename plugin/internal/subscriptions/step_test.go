// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// soon is when all is done that is not tried again much later.
const soon = 2 * time.Minute

// anyRow is each row.
func anyRow(row) bool { return true }

// comesInto is each row that is to come into a state.
func comesInto(state State) func(row) bool { return func(r row) bool { return r.State == state } }

// TestEndedWhileItIsSubscribed ends a subscription at each moment of subscribing.
func TestEndedWhileItIsSubscribed(t *testing.T) {
	type moment func(w *world, do func(id string))
	moments := map[string]moment{
		"before it is claimed": func(w *world, do func(string)) { w.store.interrupt("replace", anyRow, func(r row) { do(r.ID) }) },
		"while Mitz is told": func(w *world, do func(string)) {
			w.mitz.meanwhile(func(sent) { do(w.store.all()[0].ID) })
		},
		"before the answer is written": func(w *world, do func(string)) {
			w.store.interrupt("replace", comesInto(Subscribed), func(r row) { do(r.ID) })
		},
	}
	for name, at := range moments {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				service := w.start()
				in(time.Second)
				ended := 0
				at(w, func(id string) {
					ended++
					require.NoError(t, service.End(context.Background(), "east", id))
				})
				w.add(service, 0, 1)
				in(soon)
				assert.Equal(t, 1, ended)
				assert.Empty(t, w.mitz.known())
				assert.Empty(t, w.store.all())
			})
		})
		t.Run(name+", and wished for again", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				service := w.start()
				in(time.Second)
				at(w, func(id string) {
					require.NoError(t, service.End(context.Background(), "east", id))
					service.Want(wish(t, 0))
					synctest.Wait()
				})
				w.add(service, 0, 1)
				in(soon)
				assert.Len(t, w.mitz.known(), 1)
				w.settle()
			})
		})
	}
}

// TestWishedForWhileItEnds wishes again at each moment of ending.
func TestWishedForWhileItEnds(t *testing.T) {
	for name, at := range map[string]func(w *world, do func()){
		"before it is claimed":         func(w *world, do func()) { w.store.interrupt("replace", comesInto(Ending), func(row) { do() }) },
		"while Mitz is told":           func(w *world, do func()) { w.mitz.meanwhile(func(sent) { do() }) },
		"before the answer is written": func(w *world, do func()) { w.store.interrupt("remove", anyRow, func(row) { do() }) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				service := w.start()
				id := w.add(service, 0, 1)[0].ID
				in(soon)
				require.NoError(t, service.End(t.Context(), "east", id))
				wished := 0
				at(w, func() {
					wished++
					_, err := service.Add(context.Background(), wish(t, 0))
					assert.NoError(t, err)
				})
				in(soon)
				assert.Equal(t, 1, wished)
				assert.Len(t, w.mitz.known(), 1)
				w.settle()
			})
		})
	}
}

func TestASubscriptionIsEnded(t *testing.T) {
	for name, tc := range map[string]struct {
		mitz func(*world)
		sent int // messages in all
	}{
		"that Mitz knows":            {func(*world) {}, 2},
		"that Mitz does not know":    {func(w *world) { w.mitz.forget() }, 2},
		"when Mitz is down at first": {func(w *world) { w.mitz.behave(firstly(w, 2, status(503))) }, 4},
		"when Mitz refuses at first": {func(w *world) { w.mitz.behave(firstly(w, 1, status(400))) }, 3},
		"and the answer gets lost":   {func(w *world) { w.mitz.lose(w.firstOnly()) }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				service := w.start()
				id := w.add(service, 0, 1)[0].ID
				in(soon)
				tc.mitz(w)
				require.NoError(t, service.End(t.Context(), "east", id))
				in(2 * time.Hour)
				assert.Empty(t, w.store.all())
				assert.Empty(t, w.mitz.known())
				assert.Len(t, w.mitz.received(), tc.sent)
				assert.ErrorIs(t, service.End(t.Context(), "east", id), ErrUnknown)
			})
		})
	}
}

// TestWhatAProxyAnswersEndsNothing: a 404 of another than Mitz is no word that nothing is there.
func TestWhatAProxyAnswersEndsNothing(t *testing.T) {
	for _, code := range []int{400, 404, 410, 422} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				service := w.start()
				known := w.add(service, 0, 20)
				in(soon)
				w.mitz.lose(func(sent) bool { return true })
				lost := w.add(service, 20, 25) // Mitz knows these by ids that are not known here
				in(time.Second)
				w.mitz.lose(nil)
				w.mitz.behave(always(proxied(code)))
				for _, each := range append(known[:10], lost...) {
					require.NoError(t, service.End(t.Context(), "east", each.ID))
				}
				in(20 * time.Hour)
				assert.Len(t, w.mitz.known(), 25)
				assert.Equal(t, 15, w.store.in(Ending))
				w.mitz.behave(nil)
				in(2 * time.Hour)
				assert.Len(t, w.mitz.known(), 10)
				w.settle()
			})
		})
	}
}

// TestANotFoundThatIsNotFHIRIsBelievedInTheEnd, should Mitz answer so: else its rows stay for ever.
func TestANotFoundThatIsNotFHIRIsBelievedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		id := w.add(service, 0, 1)[0].ID
		in(soon)
		w.mitz.forget()
		w.mitz.behave(always(proxied(404)))
		require.NoError(t, service.End(t.Context(), "east", id))
		in(23 * time.Hour)
		kept, err := service.Get(t.Context(), "east", id)
		require.NoError(t, err)
		assert.Equal(t, "http_status/not_fhir", kept.Failure)
		in(3 * time.Hour)
		assert.Empty(t, w.store.all())
	})
}

// firstly fails so many of the messages that follow.
func firstly(w *world, count int, err error) func(sent) error {
	return func(sent) error {
		w.mitz.mu.Lock()
		defer w.mitz.mu.Unlock()
		if count--; count >= 0 {
			return err
		}
		return nil
	}
}

// firstOnly is true once.
func (w *world) firstOnly() func(sent) bool {
	first := true
	return func(sent) bool {
		was := first
		first = false
		return was
	}
}

// TestALostAnswerLeavesNothingBehind: Mitz may know a subscription by an id that nobody here
// was told.
func TestALostAnswerLeavesNothingBehind(t *testing.T) {
	t.Run("it is sent again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			service := w.start()
			w.mitz.lose(w.firstOnly())
			w.add(service, 0, 1)
			in(soon)
			assert.Len(t, w.mitz.received(), 2)
			w.settle()
		})
	})
	t.Run("it is ended before it is sent again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			service := w.start()
			w.mitz.lose(w.firstOnly())
			id := w.add(service, 0, 1)[0].ID
			in(time.Second)
			require.Len(t, w.mitz.known(), 1)
			require.NoError(t, service.End(t.Context(), "east", id))
			in(soon)
			assert.Empty(t, w.mitz.known())
			assert.Empty(t, w.store.all())
		})
	})
	t.Run("it was refused, so there is nothing to end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			service := w.start()
			w.mitz.behave(always(status(422)))
			id := w.add(service, 0, 1)[0].ID
			in(time.Second)
			require.NoError(t, service.End(t.Context(), "east", id))
			in(soon)
			assert.Empty(t, w.store.all())
			assert.Len(t, w.mitz.received(), 1)
		})
	})
	t.Run("its row is gone meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			service := w.start()
			in(time.Second)
			w.mitz.meanwhile(func(sent) {
				gone := w.store.all()[0]
				_, err := w.store.remove(context.Background(), gone)
				assert.NoError(t, err)
			})
			w.add(service, 0, 1)
			in(soon)
			assert.Empty(t, w.mitz.known())
			assert.Empty(t, w.store.all())
		})
	})
}

// TestALostAnswerAndAnotherConfiguration: what Mitz was told is told again as it was, so that it is
// known by which id Mitz knows it, and can be ended.
func TestALostAnswerAndAnotherConfiguration(t *testing.T) {
	const retold, ended = "it is told anew", "it is ended"
	for name, change := range map[string]func(*world){
		"the notify URL":      func(w *world) { w.NotifyURL = "https://other.example/mitz/notify" },
		"the gateway system":  func(w *world) { w.GatewaySystem = "2.999.11" },
		"the key":             func(w *world) { w.Keys = w.Keys.Rotated() },
		"the facility type":   func(w *world) { w.list(consent.DataHolder{URA: east.URA, FacilityType: "V5"}) },
		"two things, in turn": func(w *world) { w.GatewaySystem = "2.999.11"; w.Keys = w.Keys.Rotated() },
	} {
		for _, then := range []string{retold, ended} {
			t.Run(name+", and "+then, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					service := w.start()
					w.mitz.lose(func(sent) bool { return true })
					added := w.add(service, 0, 3)
					in(time.Hour) // one goes first, after each pause
					require.Len(t, w.mitz.known(), 3)
					service.Stop()
					change(w)
					w.mitz.lose(nil)
					service = w.start()
					if then == ended {
						for _, each := range added {
							require.NoError(t, service.End(t.Context(), "east", each.ID))
						}
					}
					in(time.Hour)
					want := 3
					if then == ended {
						want = 0
					}
					assert.Len(t, w.mitz.known(), want)
					for _, each := range w.store.all() {
						assert.True(t, service.config.isToldNow(each))
					}
					w.settle()
				})
			})
		}
	}
	t.Run("Mitz does not take any more what it was told", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			service := w.start()
			w.mitz.lose(func(sent) bool { return true })
			w.add(service, 0, 1)
			in(time.Second)
			service.Stop()
			former := w.GatewaySystem
			w.GatewaySystem = "2.999.11"
			w.mitz.lose(nil)
			w.mitz.behave(func(m sent) error {
				if m.subscribe.GatewaySystem == former {
					return status(422)
				}
				return nil
			})
			w.start()
			in(soon)
			assert.Equal(t, 1, w.store.in(Subscribed), "the patient is subscribed")
		})
	})
	t.Run("the key that it was told with is gone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			service := w.start()
			w.mitz.lose(func(sent) bool { return true })
			id := w.add(service, 0, 1)[0].ID
			in(time.Second)
			service.Stop()
			// Another node kept the row under the new key meanwhile.
			w.Keys = w.Keys.Rotated()
			lost, err := w.store.find(t.Context(), "east", id)
			require.NoError(t, err)
			lost, err = w.Config.underKeyInUse(lost, patient(t, 0), "1980-01-31", datesOf("1980-01-31"))
			require.NoError(t, err)
			change(t, w.store, lost, func(*row) {})
			w.Keys = withoutFormer(t, w.Keys)
			w.mitz.lose(nil)
			w.start()
			in(soon)
			assert.Equal(t, 1, w.store.in(Subscribed))
			assert.Contains(t, w.log.String(), "Mitz may know a subscription by an id that is not known here")
		})
	})
}

func TestARefusedSubscriptionWaits(t *testing.T) {
	for name, failure := range map[string]*mitzclient.Error{
		"http_status/bad_request":   status(400),
		"http_status/unprocessable": status(422),
		"invalid_subscription":      {Code: mitzclient.InvalidSubscription},
		"http_status/not_found":     status(404),
		"http_status/not_fhir":      proxied(404),
		"malformed_answer/location": {Code: mitzclient.MalformedAnswer, Detail: "location", Attempts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				service := w.start()
				w.mitz.behave(always(failure))
				id := w.add(service, 0, 1)[0].ID
				in(8 * time.Hour)
				kept, err := service.Get(t.Context(), "east", id)
				require.NoError(t, err)
				assert.Equal(t, Waiting, kept.State)
				assert.Equal(t, name, kept.Failure)
				assert.Equal(t, len(w.mitz.received()), kept.Attempts)
				assert.Less(t, kept.Attempts, 20)
				assert.Greater(t, kept.Attempts, 7)

				w.mitz.behave(nil)
				in(maxAgain + time.Minute)
				kept, err = service.Get(t.Context(), "east", id)
				require.NoError(t, err)
				assert.Equal(t, Subscribed, kept.State)
				assert.Zero(t, kept.Attempts)
				assert.Empty(t, kept.Failure)
				w.settle()
			})
		})
	}
}

// TestWhateverHappens has two nodes work, often both at once, while subscriptions are wished for
// and ended, answers get lost, Mitz and the SQL database fail, and nodes stop and start. In the end
// Mitz knows what is known here, and nothing else.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t)
			w.Store = everybodyWorks{w.store}
			w.mitz.takes = time.Second
			var calm atomic.Bool
			var dice sync.Mutex
			throw := func(sides int) int {
				dice.Lock()
				defer dice.Unlock()
				return random.IntN(sides)
			}
			perhaps := func(percent int) bool { return throw(100) < percent && !calm.Load() }
			w.mitz.lose(func(sent) bool { return perhaps(15) })
			w.mitz.behave(func(sent) error {
				switch {
				case perhaps(5):
					return status(500)
				case perhaps(3):
					return status(429)
				case perhaps(3):
					return status(422)
				}
				return nil
			})
			w.store.before = func(string, row) {
				w.store.fail("replace", nil)
				if perhaps(5) {
					w.store.fail("replace", errSQL)
				}
			}
			nodes := []*Service{w.start(), w.start()}
			for range 300 {
				node := nodes[throw(len(nodes))]
				switch throw(8) {
				case 0, 1:
					_, _ = node.Add(t.Context(), wish(t, throw(5)))
				case 2:
					node.Want(wish(t, throw(5)))
				case 3, 4:
					if rows := w.store.all(); len(rows) > 0 {
						_ = node.End(t.Context(), "east", rows[throw(len(rows))].ID)
					}
				case 5:
					if throw(10) == 0 {
						node.Stop()
						node.Start()
					}
				default:
					time.Sleep(time.Duration(throw(8000)) * time.Millisecond)
				}
			}
			calm.Store(true)
			nodes[1].Stop() // two work for moments only
			w.store.fail("replace", nil)
			in(4 * time.Hour)
			w.settle()
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// everybodyWorks is a store that lets all nodes work at once.
type everybodyWorks struct{ *inMemory }

func (everybodyWorks) beat(context.Context) (string, error)                   { return "", nil }
func (everybodyWorks) takeOver(context.Context, string, string) (bool, error) { return true, nil }
