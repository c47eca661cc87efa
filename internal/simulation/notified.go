// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Receiver says what a node can do with notifications, as package notify has it.
type Receiver struct {
	Working Limits
	Wait    time.Duration // for a turn
	Reading int           // notifications that are taken apart at once
	Takes   time.Duration // to take one apart
	Ends    time.Duration // to end tokens
	Ending  int           // that find no place, and end all tokens of their path at once
}

// Defaults returns what package notify has for a node with so many cores, but for how long things
// take.
func Defaults(cores int) Receiver {
	return Receiver{
		Working: Limits{Turns: 32, Share: 2, Queue: 1024, QueueShare: 8}, Wait: 5 * time.Second, Reading: max(1, cores/2), Ending: 64,
	}
}

// Sender says how Mitz sends notifications. None of it is public.
type Sender struct {
	AtOnce int // in all
	Travel time.Duration
	Again  time.Duration // after which one is sent again that was refused; 0: never
	Most   int           // times in all
	Batch  bool          // all of the day at one moment, in place of when somebody withdraws
}

// WithdrawalsSetup is a day on which many people withdraw.
type WithdrawalsSetup struct {
	People   int
	Each     float64     // data holders that are subscribed to one, at the mean
	Hours    [24]float64 // how likely each hour is
	Nodes    []NodeClass // Share: of the subscriptions
	Receiver Receiver
	Sender   Sender
	Seed     uint64
}

// Withdrawals is what became of it. Each notification ends as Taken, Ended or Lost.
type Withdrawals struct {
	Notifications int
	Posts         int // those that were sent again included
	Taken         int // answered with 201: what is not permitted any more has ended
	Ended         int // never taken, and all tokens of its path ended when it found no place
	Lost          int // the tokens live until they expire
	Refused       int // posts that were answered with 503
	LongestAtMitz int
	LongestAtNode int // that waited for their turn at one node
	MostAtNode    int // that one node got
	// Half, Nearly and Last are how long it took from the withdrawal until tokens had ended: of half,
	// of 99%, and at the most.
	Half, Nearly, Last time.Duration
}

// day is one that is going on.
type day struct {
	WithdrawalsSetup
	Withdrawals
	clock   *Clock
	random  *rand.Rand
	nodes   []*endpoint
	ends    []float64
	first   []int
	queue   []*notification // at Mitz
	sending int
	took    []time.Duration
}

// endpoint is a node's.
type endpoint struct {
	working *Turns
	reading *Turns
	ending  int
	got     int
}

// notification is one.
type notification struct {
	since time.Duration
	to    *endpoint
	path  int
	posts int
	ended bool
}

// RunWithdrawals plays a day.
func RunWithdrawals(setup WithdrawalsSetup) Withdrawals {
	d := newDay(setup)
	d.clock.Run()
	return d.sum()
}

// newDay makes one in which nothing has happened yet.
func newDay(setup WithdrawalsSetup) *day {
	clock, random := &Clock{}, newRandom(setup.Seed)
	d := &day{WithdrawalsSetup: setup, clock: clock, random: random}
	total := 0.0
	for _, class := range setup.Nodes {
		total += class.Share
		d.ends = append(d.ends, total)
		d.first = append(d.first, len(d.nodes))
		for range class.Nodes {
			d.nodes = append(d.nodes, &endpoint{
				working: newTurns(clock, setup.Receiver.Working),
				reading: newTurns(clock, Limits{Turns: setup.Receiver.Reading, Share: setup.Receiver.Reading, Queue: 1 << 30, QueueShare: 1 << 30}),
			})
		}
	}
	for range setup.People {
		at := time.Duration(0)
		if !setup.Sender.Batch {
			at = d.timeOfDay()
		}
		clock.After(at, d.withdraw)
	}
	return d
}

func (d *day) sum() Withdrawals {
	for _, each := range d.nodes {
		d.LongestAtNode, d.MostAtNode = max(d.LongestAtNode, each.working.longest), max(d.MostAtNode, each.got)
	}
	slices.Sort(d.took)
	if n := len(d.took); n > 0 {
		d.Half, d.Nearly, d.Last = d.took[n/2], d.took[n*99/100], d.took[n-1]
	}
	return d.Withdrawals
}

func (d *day) timeOfDay() time.Duration {
	total := 0.0
	for _, each := range d.Hours {
		total += each
	}
	at, hour := d.random.Float64()*total, 0
	for at >= d.Hours[hour] && hour < len(d.Hours)-1 {
		at -= d.Hours[hour]
		hour++
	}
	return time.Duration((float64(hour) + d.random.Float64()) * float64(time.Hour))
}

// withdraw has Mitz notify the data holders that are subscribed.
func (d *day) withdraw() {
	number := int(d.Each)
	if d.random.Float64() < d.Each-float64(number) {
		number++
	}
	for range number {
		class, at := 0, d.random.Float64()*d.ends[len(d.ends)-1]
		for at >= d.ends[class] {
			class++
		}
		to := d.nodes[d.first[class]+d.random.IntN(d.WithdrawalsSetup.Nodes[class].Nodes)]
		to.got++
		d.Notifications++
		d.enqueue(&notification{since: d.clock.now, to: to, path: d.Notifications})
	}
}

func (d *day) enqueue(n *notification) {
	d.queue = append(d.queue, n)
	d.LongestAtMitz = max(d.LongestAtMitz, len(d.queue))
	d.send()
}

// send sends as many as Mitz does at once.
func (d *day) send() {
	for d.sending < d.Sender.AtOnce && len(d.queue) > 0 {
		next := d.queue[0]
		d.queue = d.queue[1:]
		d.sending++
		next.posts++
		d.Posts++
		d.clock.After(d.Sender.Travel/2, func() { d.receive(next) })
	}
}

// answer ends a post.
func (d *day) answer(n *notification, taken bool) {
	d.clock.After(d.Sender.Travel/2, func() {
		d.sending--
		switch {
		case taken:
			d.Taken++
		case d.Sender.Again > 0 && n.posts < d.Sender.Most:
			d.Refused++
			d.clock.After(d.Sender.Again, func() { d.enqueue(n) })
		case n.ended:
			d.Refused++
			d.Ended++
		default:
			d.Refused++
			d.Lost++
		}
		d.send()
	})
}

// receive is what a node does with a post: it waits for a turn, is taken apart, and ends tokens.
func (d *day) receive(n *notification) {
	var patience *Timer
	var got *turn
	work := func() {
		patience.Stop()
		var read *turn
		take := func() {
			d.clock.After(d.Receiver.Takes, func() {
				n.to.reading.giveBack(read)
				d.clock.After(d.Receiver.Ends, func() {
					n.to.working.giveBack(got)
					d.endTokens(n)
					d.answer(n, true)
				})
			})
		}
		if read, _ = n.to.reading.take(0, take); read.held {
			take()
		}
	}
	got, refused := n.to.working.take(n.path, work)
	switch {
	case refused != "":
		d.refuse(n)
	case got.held:
		work()
	default:
		patience = d.clock.After(d.Receiver.Wait, func() {
			n.to.working.leave(got)
			d.refuse(n)
		})
	}
}

// refuse answers that too many came at once, and ends all tokens of the path where that can be done.
func (d *day) refuse(n *notification) {
	if n.to.ending >= d.Receiver.Ending {
		d.answer(n, false)
		return
	}
	n.to.ending++
	d.clock.After(d.Receiver.Ends, func() {
		n.to.ending--
		d.endTokens(n)
		d.answer(n, false)
	})
}

// endTokens counts how long it took, once.
func (d *day) endTokens(n *notification) {
	if !n.ended {
		n.ended = true
		d.took = append(d.took, d.clock.now-n.since)
	}
}
