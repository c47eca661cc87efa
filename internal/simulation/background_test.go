// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// someBulk is one in which all nodes come at once, and Mitz cannot do that.
func someBulk(seed uint64) BulkSetup {
	return BulkSetup{
		Nodes: 100, Each: 30, Within: time.Second, AtOnce: 8, Most: 3 * time.Hour, Seed: seed,
		Budget: Budget{Timeout: 10 * time.Second, AtOnce: 16, Again: Harmless},
		Mitz:   MitzSetup{AtOnce: 4, Service: 200 * time.Millisecond, Travel: 20 * time.Millisecond},
	}
}

func TestEveryWishIsSubscribedOnce(t *testing.T) {
	for name, change := range waysOfMitz {
		t.Run(name, func(t *testing.T) {
			setup := someBulk(1)
			change(&setup.Mitz)
			b := newBulk(setup)
			b.clock.Run()
			bulk := b.sum()
			assert.Equal(t, 3000, bulk.Wished)
			assert.Equal(t, bulk.Wished, bulk.Subscribed)
			assert.Equal(t, bulk.Subscribed, bulk.Mitz.Answered)
			assert.Equal(t, bulk.Messages, bulk.Mitz.Ended(), "each message ends once")
			assert.Positive(t, bulk.Pauses)
			assert.True(t, 0 < bulk.Half && bulk.Half <= bulk.Nearly && bulk.Nearly <= bulk.All)
			for _, w := range b.workers {
				require.Zero(t, w.running+len(w.waiting)+len(w.page)+w.pace.all.running+w.pace.own.running+w.link.turns.running)
			}
		})
	}
}

func TestWhatIsNotSubscribedInTheTimeStillWaits(t *testing.T) {
	setup := someBulk(1)
	setup.Most = 2 * time.Minute
	b := newBulk(setup)
	b.clock.Run()
	bulk := b.sum()
	waiting := 0
	for _, w := range b.workers {
		waiting += len(w.waiting)
	}
	assert.Positive(t, waiting)
	assert.Equal(t, bulk.Wished, bulk.Subscribed+waiting)
	assert.Negative(t, bulk.All)
}

// someDay is one on which more comes at once than the nodes have places for.
func someDay(seed uint64) WithdrawalsSetup {
	receiver := Defaults(4)
	receiver.Takes, receiver.Ends = 50*time.Millisecond, 5*time.Millisecond
	return WithdrawalsSetup{
		People: 3000, Each: 2.5, Nodes: []NodeClass{{"large", 2, 0.7, 0}, {"small", 50, 0.3, 0}}, Receiver: receiver, Seed: seed,
		Hours: [24]float64{9: 1, 10: 2}, Sender: Sender{AtOnce: 4000, Travel: 20 * time.Millisecond, Batch: true},
	}
}

func TestEveryNotificationEndsOnce(t *testing.T) {
	for name, change := range map[string]func(*WithdrawalsSetup){
		"sent once":          func(*WithdrawalsSetup) {},
		"sent again":         func(d *WithdrawalsSetup) { d.Sender.Again, d.Sender.Most = time.Minute, 3 },
		"as people withdraw": func(d *WithdrawalsSetup) { d.Sender.Batch = false },
		"a few at once":      func(d *WithdrawalsSetup) { d.Sender.AtOnce = 10 },
	} {
		t.Run(name, func(t *testing.T) {
			setup := someDay(1)
			change(&setup)
			d := newDay(setup)
			d.clock.Run()
			day := d.sum()
			assert.InDelta(t, 7500, day.Notifications, 200)
			assert.Equal(t, day.Notifications, day.Taken+day.Ended+day.Lost)
			assert.Equal(t, day.Posts, day.Taken+day.Refused)
			assert.Len(t, d.took, day.Notifications-day.Lost, "tokens end once for each that is not lost")
			assert.LessOrEqual(t, day.LongestAtNode, setup.Receiver.Working.Queue)
			crowded := setup.Sender.Batch && setup.Sender.AtOnce > 10
			assert.Equal(t, crowded, day.Refused > 0)
			assert.Equal(t, crowded && setup.Sender.Again == 0, day.Posts == day.Notifications && day.Lost > 0)
			for _, each := range d.nodes {
				require.Zero(t, each.working.running+each.working.waiting+each.reading.running+each.reading.waiting+each.ending)
			}
			assert.Zero(t, d.sending+len(d.queue))
		})
	}
}

func TestWithdrawalsComeInTheirHours(t *testing.T) {
	d := newDay(someDay(1))
	hours := map[int]int{}
	for range 3000 {
		hours[int(d.timeOfDay()/time.Hour)]++
	}
	assert.Len(t, hours, 2)
	assert.InDelta(t, 1000, hours[9], 100)
	assert.InDelta(t, 2000, hours[10], 100)
}
