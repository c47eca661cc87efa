// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// undated is a wish of a token, which tells no birth date.
func undated(t *testing.T, n int) Wish {
	undated := wish(t, n)
	undated.BirthDate = ""
	return undated
}

// TestABirthDateThatBecomesKnown, at each moment of a subscription that a token wished.
func TestABirthDateThatBecomesKnown(t *testing.T) {
	type moment func(w *world, token func(), post func())
	moments := map[string]moment{
		"before Mitz is told": func(w *world, token, post func()) {
			w.mitz.behave(always(status(503)))
			token()
			in(time.Second)
			post()
			w.mitz.behave(nil)
		},
		"while Mitz is told": func(w *world, token, post func()) {
			w.mitz.meanwhile(func(sent) { post() })
			token()
		},
		"when the answer got lost": func(w *world, token, post func()) {
			w.mitz.lose(w.firstOnly())
			token()
			in(time.Second)
			post()
		},
		"when Mitz was told": func(_ *world, token, post func()) {
			token()
			in(soon)
			post()
		},
		"and Mitz does not take it at first": func(w *world, token, post func()) {
			token()
			in(soon)
			w.mitz.behave(firstly(w, 1, status(422)))
			post()
		},
		"and the answer to that gets lost": func(w *world, token, post func()) {
			token()
			in(soon)
			w.mitz.lose(w.firstOnly())
			post()
		},
	}
	for name, at := range moments {
		for _, byPatient := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", by patient ", byPatient), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.mitz.byPatient = byPatient
					service := w.start()
					in(time.Second)
					at(w, func() { service.Want(undated(t, 0)); synctest.Wait() }, func() {
						added, err := service.Add(context.Background(), wish(t, 0))
						if assert.NoError(t, err) {
							assert.Equal(t, Waiting, added[0].State)
						}
					})
					in(2 * time.Hour)
					if !byPatient {
						require.Len(t, w.mitz.known(), 1)
						w.mitz.mu.Lock()
						for _, each := range w.mitz.live {
							assert.Equal(t, "1980-01-31", each.BirthDate)
						}
						w.mitz.mu.Unlock()
					}
					told := w.mitz.received()
					assert.Equal(t, "1980-01-31", lastSubscribe(told).subscribe.BirthDate)
					service.Want(undated(t, 0))
					w.add(service, 0, 1)
					in(2 * time.Hour)
					assert.Len(t, w.mitz.received(), len(told), "that is known")
					w.settle()
				})
			})
		}
	}
}

func lastSubscribe(messages []sent) (last sent) {
	for _, each := range messages {
		if each.ends == "" {
			last = each
		}
	}
	return last
}

func TestABirthDateIsCorrected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		added := w.add(service, 0, 250)
		in(soon)
		var corrected []Wish
		for n := range 250 {
			each := wish(t, n)
			each.BirthDate = "1981"
			corrected = append(corrected, each)
		}
		again, err := service.Add(t.Context(), corrected...)
		require.NoError(t, err)
		in(soon)
		for i := range added {
			assert.Equal(t, added[i].ID, again[i].ID)
		}
		w.mitz.mu.Lock()
		for _, each := range w.mitz.live {
			assert.Equal(t, "1981", each.BirthDate)
		}
		w.mitz.mu.Unlock()
		w.settle()
	})
}
