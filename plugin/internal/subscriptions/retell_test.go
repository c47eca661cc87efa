// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// TestMitzIsToldWhatChanged starts a node anew with another configuration, for more patients than
// there are on a page.
func TestMitzIsToldWhatChanged(t *testing.T) {
	const many = 150
	for name, change := range map[string]func(*world){
		"the notify URL":     func(w *world) { w.NotifyURL = "https://other.example/mitz/notify" },
		"the gateway system": func(w *world) { w.GatewaySystem = "2.999.11" },
		"the source system":  func(w *world) { w.SourceSystem = "2.999.11" },
		"the payload":        func(w *world) { w.Payload = "application/fhir+json" },
		"the key":            func(w *world) { w.Keys = w.Keys.Rotated() },
		"the facility type":  func(w *world) { w.list(consent.DataHolder{URA: east.URA, FacilityType: "V5"}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				service := w.start()
				w.add(service, 0, many)
				in(soon)
				before := w.mitz.known()
				require.Len(t, before, many)
				service.Stop()
				change(w)
				w.start()
				in(soon)
				require.Len(t, w.mitz.known(), many)
				for _, id := range w.mitz.known() {
					assert.NotContains(t, before, id)
				}
				assert.Len(t, w.mitz.received(), 3*many, "each is told of again, and the former ended")
				in(3 * time.Hour)
				assert.Len(t, w.mitz.received(), 3*many, "once")
				w.settle()
			})
		})
	}
}

func TestMitzMayKnowWhatChangedByTheSameID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mitz.byPatient = true
		service := w.start()
		w.add(service, 0, 3)
		in(soon)
		service.Stop()
		w.NotifyURL = "https://other.example/mitz/notify"
		w.start()
		in(soon)
		assert.Len(t, w.mitz.received(), 6, "nothing is ended")
		assert.Len(t, w.mitz.known(), 3)
		w.settle()
	})
}

func TestAFormerSubscriptionThatCannotBeEndedYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		w.add(service, 0, 30)
		in(soon)
		service.Stop()
		w.NotifyURL = "https://other.example/mitz/notify"
		w.mitz.behave(func(m sent) error {
			if m.ends != "" {
				return status(500)
			}
			return nil
		})
		service = w.start()
		service.Want(wish(t, 30))
		in(time.Hour)
		assert.Equal(t, 30, w.store.in(Waiting))
		assert.Equal(t, 1, w.store.in(Subscribed), "the others go on")
		assert.Len(t, w.mitz.known(), 61)
		assert.Less(t, len(w.mitz.received()), 31+31+60)
		w.mitz.behave(nil)
		in(time.Hour)
		assert.Len(t, w.mitz.known(), 31)
		w.settle()
	})
}

func TestAfterAKeyIsRotatedTheFormerOneIsOfNoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		added := w.add(service, 0, 3)
		in(soon)
		service.Stop()
		w.Keys = w.Keys.Rotated()
		w.start()
		in(soon)
		keys, err := w.store.keys(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{w.Keys.ID()}, keys)

		w.Keys = withoutFormer(t, w.Keys)
		again, err := w.start().Add(t.Context(), wish(t, 0))
		require.NoError(t, err)
		assert.Equal(t, added[0].ID, again[0].ID, "it is known under the new key")
		for _, message := range w.mitz.received()[3:] {
			if message.ends == "" {
				_, known := w.Keys.ReadPath(message.subscribe.NotifyURL[strings.LastIndex(message.subscribe.NotifyURL, "/")+1:])
				assert.True(t, known)
				assert.Equal(t, "1980-01-31", message.subscribe.BirthDate)
			}
		}
		in(soon)
		w.settle()
	})
}

// TestAKeyIsReplacedInTwoRounds, node by node, as docs/withdrawal.md says: at no moment does Mitz
// post to a path that one of the nodes does not know.
func TestAKeyIsReplacedInTwoRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		added, err := w.Keys.Added()
		require.NoError(t, err)
		used, err := added.LastInUse()
		require.NoError(t, err)
		nodes := []*Service{w.start(), w.start(), w.start()}
		w.add(nodes[0], 0, 30)
		patients := 30
		everyNodeReads := func() {
			for range 10 {
				in(soon / 10)
				for _, each := range w.mitz.received() {
					if each.ends != "" {
						continue
					}
					secret := each.subscribe.NotifyURL[strings.LastIndex(each.subscribe.NotifyURL, "/")+1:]
					for _, node := range nodes {
						_, reads := node.config.Keys.ReadPath(secret)
						require.True(t, reads)
					}
				}
			}
		}
		everyNodeReads()
		for _, keys := range []*withdrawal.Keys{added, used} {
			w.Keys = keys
			for i := range nodes {
				nodes[i].Stop()
				nodes[i] = w.start()
				w.add(nodes[i], 0, patients+1)
				patients++
				everyNodeReads()
			}
		}
		w.Keys = withoutFormer(t, used)
		in(2 * time.Hour)
		kept, err := w.store.keys(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{w.Keys.ID()}, kept, "the former key can go")
		assert.Len(t, w.store.all(), patients, "nobody has two")
		w.settle()
	})
}

// withoutFormer returns the key in use alone.
func withoutFormer(t *testing.T, keys *withdrawal.Keys) *withdrawal.Keys {
	t.Helper()
	file := filepath.Join(t.TempDir(), "patients.key")
	first, _, _ := strings.Cut(string(keys.Lines()), "\n")
	require.NoError(t, os.WriteFile(file, []byte(first), 0o600))
	alone, err := withdrawal.LoadKeys(file)
	require.NoError(t, err)
	return alone
}

// TestTwoNodesHadOtherKeys: while a key is rotated in one round, one patient can get two rows. They
// become one.
func TestTwoNodesHadOtherKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		before := w.Keys
		w.Keys = before.Rotated()
		first := w.made()
		w.add(first, 0, 1)
		w.Keys = before
		second := w.made()
		w.add(second, 0, 1)
		require.Len(t, w.store.all(), 2)
		w.Keys = first.config.Keys
		w.start()
		in(time.Hour)
		assert.Len(t, w.mitz.known(), 1)
		assert.Len(t, w.store.all(), 1)
		keys, err := w.store.keys(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{w.Keys.ID()}, keys, "no row needs the former key")
		w.settle()
	})
}

// TestTwoRowsBecomeOne, however far each is: the patient stays subscribed, and no more than that.
func TestTwoRowsBecomeOne(t *testing.T) {
	for name, byPatient := range map[string]bool{"Mitz knows both": false, "Mitz takes them for the same": true} {
		for _, told := range [][]int{{}, {0}, {1}, {0, 1}, {1, 0}} {
			t.Run(fmt.Sprint(name, ", told of ", told), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.mitz.byPatient = byPatient
					before := w.Keys
					after := before.Rotated()
					for _, each := range told {
						w.Keys = []*withdrawal.Keys{before, after}[each]
						node := w.start()
						w.add(node, 0, 1)
						in(soon)
						node.Stop()
					}
					w.mitz.behave(always(status(503)))
					for _, keys := range []*withdrawal.Keys{before, after} {
						w.Keys = keys
						node := w.made()
						_, err := node.config.Store.add(t.Context(), []row{rowFor(t, keys)}, [][]string{{rowFor(t, keys).Place}})
						require.NoError(t, err)
					}
					require.Len(t, w.store.all(), 2)
					w.mitz.behave(nil)
					w.Keys = after
					service := w.start()
					in(2 * time.Hour)
					assert.Len(t, w.store.all(), 1)
					assert.Len(t, w.mitz.known(), 1)
					w.settle()
					require.NoError(t, service.End(t.Context(), "east", w.add(service, 0, 1)[0].ID))
					in(soon)
					assert.Empty(t, w.mitz.known())
				})
			})
		}
	}
}

// TestTheBirthDateOfTwoRows is kept, whichever has it.
func TestTheBirthDateOfTwoRows(t *testing.T) {
	for dated := range 2 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			before := w.Keys
			after := before.Rotated()
			for i, keys := range []*withdrawal.Keys{after, before} {
				w.Keys = keys
				node := w.start()
				wished := undated(t, 0)
				if i == dated {
					wished = wish(t, 0)
				}
				_, err := node.Add(t.Context(), wished)
				require.NoError(t, err)
				in(soon)
				node.Stop()
			}
			require.Len(t, w.mitz.known(), 2)
			w.Keys = after
			w.start()
			in(soon)
			require.Len(t, w.mitz.known(), 1)
			w.mitz.mu.Lock()
			assert.Equal(t, "1980-01-31", w.mitz.live[w.store.all()[0].MitzID].BirthDate)
			w.mitz.mu.Unlock()
			w.settle()
		})
	}
}

// rowFor is the row of a patient under a key.
func rowFor(t *testing.T, keys *withdrawal.Keys) row {
	t.Helper()
	places, err := placesOf(keys, patient(t, 0), "east", east.URA)
	require.NoError(t, err)
	made, err := rowOf(keys, wish(t, 0), places[0], time.Now())
	require.NoError(t, err)
	return made
}

// TestAllRowsOfAPatientEndTogether: who ends one of two means the patient.
func TestAllRowsOfAPatientEndTogether(t *testing.T) {
	for ended := range 2 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			before := w.Keys
			after := before.Rotated()
			var ids []string
			for _, keys := range []*withdrawal.Keys{after, before} {
				w.Keys = keys
				node := w.start()
				ids = append(ids, w.add(node, 0, 1)[0].ID)
				in(soon)
				node.Stop()
			}
			require.Len(t, w.mitz.known(), 2)
			w.Keys = after
			service := w.made() // it does not work, so they do not become one
			require.NoError(t, service.End(t.Context(), "east", ids[ended]))
			assert.Equal(t, 2, w.store.in(Ending))
			service.Start()
			in(soon)
			assert.Empty(t, w.mitz.known())
			assert.Empty(t, w.store.all())
		})
	}
}

func TestAKeyThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		added := w.add(service, 0, 1)
		in(soon)
		w.mitz.behave(always(status(503)))
		added = append(added, w.add(service, 1, 2)...)
		in(time.Second)
		service.Stop()
		w.mitz.behave(nil)
		sent := len(w.mitz.received())
		w.Keys = withdrawal.NewKeys()
		service = w.start()
		in(3 * time.Hour)
		assert.Len(t, w.mitz.received(), sent, "nothing can be sent")
		for _, each := range added {
			kept, err := service.Get(t.Context(), "east", each.ID)
			require.NoError(t, err)
			assert.Equal(t, Waiting, kept.State)
			assert.Equal(t, FailureKeyUnknown, kept.Failure)
		}
		require.NoError(t, service.End(t.Context(), "east", added[0].ID))
		in(soon)
		_, err := service.Get(t.Context(), "east", added[0].ID)
		assert.ErrorIs(t, err, ErrUnknown, "it can be ended: Mitz knows it by its id")
	})
}

func TestADataHolderThatIsOnTheListNoMore(t *testing.T) {
	for name, list := range map[string]func(*world){
		"it is gone":            func(w *world) { w.list(consent.DataHolder{}) },
		"it is another one now": func(w *world) { w.list(west) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				service := w.start()
				known := w.add(service, 0, 1)[0].ID
				in(soon)
				list(w)
				service.Want(wish(t, 1))
				in(3 * time.Hour)
				assert.Len(t, w.mitz.received(), 1)
				rows := w.store.all()
				waits := slices.IndexFunc(rows, func(r row) bool { return r.State == Waiting })
				require.GreaterOrEqual(t, waits, 0)
				assert.Equal(t, FailureNotListed, rows[waits].Failure)
				assert.Zero(t, rows[waits].Attempts)
				require.NoError(t, service.End(t.Context(), "east", known))
				in(soon)
				assert.Empty(t, w.mitz.known(), "what Mitz knows can be ended")
				w.list(east)
				in(2 * time.Hour)
				assert.Len(t, w.mitz.known(), 1)
				w.settle()
			})
		})
	}
}

// TestWhoIsOnTheListNoMoreIsEndedThoughItsIdIsUnknown: Mitz's answer got lost, so that Mitz has to
// be told once more to know what to end.
func TestWhoIsOnTheListNoMoreIsEndedThoughItsIdIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		in(time.Second)
		w.mitz.lose(func(sent) bool { return true })
		lost := w.add(service, 0, 1)[0].ID
		in(time.Second)
		require.Len(t, w.mitz.known(), 1)
		w.list(consent.DataHolder{})
		w.mitz.lose(nil)
		require.NoError(t, service.End(t.Context(), "east", lost))
		in(3 * time.Hour)
		assert.Empty(t, w.mitz.known())
		assert.Empty(t, w.store.all())
		w.settle()
	})
}
