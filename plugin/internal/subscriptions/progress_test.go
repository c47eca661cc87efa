// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// told finds the lines of a log that tell how far it is.
var told = regexp.MustCompile(`Subscribing: (\d+) done, (\d+) wait`)

// TestWhileManyWaitItIsToldHowFarItIs, once a minute, until none is left.
func TestWhileManyWaitItIsToldHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mitz.takes = 2 * time.Second
		service := w.start()
		in(time.Second)
		w.add(service, 0, 1000)
		in(10 * time.Minute)
		require.Len(t, w.mitz.known(), 1000)
		lines := told.FindAllStringSubmatch(w.log.String(), -1)
		assert.GreaterOrEqual(t, len(lines), 3, "250 s, of which a page takes 25")
		assert.LessOrEqual(t, len(lines), 5)
		done := 0
		for _, line := range lines {
			var some, wait int
			_, err := fmt.Sscan(line[1]+" "+line[2], &some, &wait)
			require.NoError(t, err)
			assert.Positive(t, some)
			done += some
			assert.InDelta(t, 1000, done+wait, DefaultAtOnce, "what is done and what waits is all")
		}
		w.settle()
	})
}

func TestFewThatWaitAreNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		for n := range 50 {
			w.add(service, n, n+1)
			in(time.Minute)
		}
		assert.Len(t, w.mitz.known(), 50)
		assert.NotRegexp(t, told, w.log.String())
		w.settle()
	})
}

// TestARowOnWhichTheWorkerPanics waits, and stands in the way of no other. Nothing of the panic
// is in the log but where it came from.
func TestARowOnWhichTheWorkerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		in(time.Second)
		poisoned := patient(t, 3)
		w.mitz.behave(func(message sent) error {
			if message.subscribe.Patient.Equal(poisoned) {
				panic("the patient is " + poisoned.Expose())
			}
			return nil
		})
		w.add(service, 0, 10)
		in(soon)
		assert.Len(t, w.mitz.known(), 9)
		require.Equal(t, 1, w.store.in(Waiting))
		for _, each := range w.store.all() {
			if each.State == Waiting {
				assert.Equal(t, failurePanicked, each.Failure)
				assert.True(t, each.Due.After(time.Now().Add(lookAgain/2)))
			}
		}
		assert.Equal(t, 1, strings.Count(w.log.String(), "Panic while subscribing"))
		assert.Contains(t, w.log.String(), "step.go")
		assert.NoError(t, service.Failing(), "the database is all right")
		w.tellsNoPatient()

		w.mitz.behave(nil)
		in(2 * lookAgain)
		assert.Len(t, w.mitz.known(), 10)
		w.settle()
	})
}

// TestAPanicOfTheWorkerItself, here of the database's driver, does not end the node, nor the work.
func TestAPanicOfTheWorkerItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		in(time.Second)
		w.store.interrupt("replace", anyRow, func(row) { panic("driver") })
		w.add(service, 0, 10)
		in(2 * lookAgain)
		assert.Len(t, w.mitz.known(), 10)
		assert.Contains(t, w.log.String(), "Panic while subscribing")
		w.settle()
	})
}
