// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package simulation

import (
	"math/rand/v2"
	"time"
)

// NodeClass is a kind of data holders' nodes.
type NodeClass struct {
	Name  string
	Nodes int
	Share float64 // of all questions, for all nodes of the class together
	// Circle is how many organisations ask one node.
	Circle int
}

// People say what somebody does whose request could not be answered.
type People struct {
	Again float64       // how likely it is that they ask again
	After time.Duration // after how long, at the mean
	Most  int           // requests in all
}

// HourSetup is a peak hour, or a part of it.
type HourSetup struct {
	Nodes  []NodeClass
	Rate   float64       // first requests a second, of all
	Lasts  time.Duration // for how long they come
	Budget Budget
	Mitz   MitzSetup
	People People
	Seed   uint64
}

// Hour is what became of it. A need is what somebody wants to see, and takes one request or more.
type Hour struct {
	Needs, Served, GivenUp int
	Requests               int
	By                     map[Code]int // how they ended
	Messages               int
	Mitz                   MitzCounts
	LongestAtNode          int           // that waited at once at one node
	Opened                 int           // circuits of all nodes, how often
	MostMessages           float64       // a second, in the worst slice
	ServedWhileSlow        float64       // of the needs that began while Mitz was slow
	InTimeWhileSlow        float64       // of them, those whose first request was answered
	Recovery               time.Duration // from the end of slowness until requests are answered again; negative: not while they came
}

// Requests are looked at in slices, and Mitz is back when so many in the slices of a minute are
// answered.
const (
	slice      = 10 * time.Second
	sliceCount = 6
	backAgain  = 0.99
)

// hour is one that is going on.
type hour struct {
	HourSetup
	Hour
	clock    *Clock
	random   *rand.Rand
	mitz     *Mitz
	links    []*Link
	classes  []int // by node
	ends     []float64
	first    []int // the first node of each class
	slices   []tally
	messages []int // by slice
	slow     struct{ needs, served, atOnce int }
}

// tally counts the requests that began in a slice.
type tally struct{ begun, answered int }

// need is what somebody wants to see.
type need struct {
	node, by int
	about    int64
	requests int
	isSlow   bool
}

// RunHour plays an hour.
func RunHour(setup HourSetup) Hour {
	h := newHour(setup)
	h.clock.Run()
	return h.sum()
}

// newHour makes one in which nothing has happened yet.
func newHour(setup HourSetup) *hour {
	clock, random := &Clock{}, newRandom(setup.Seed)
	h := &hour{
		HourSetup: setup, clock: clock, random: random, mitz: NewMitz(clock, random, setup.Mitz),
		slices: make([]tally, setup.Lasts/slice+1), messages: make([]int, setup.Lasts/slice+1),
	}
	h.By = map[Code]int{}
	total := 0.0
	for i, class := range setup.Nodes {
		total += class.Share
		h.ends = append(h.ends, total)
		h.first = append(h.first, len(h.links))
		for range class.Nodes {
			h.links = append(h.links, NewLink(clock, random, setup.Budget))
			h.classes = append(h.classes, i)
		}
	}
	clock.After(h.pause(), h.arrive)
	return h
}

func (h *hour) pause() time.Duration {
	return time.Duration(h.random.ExpFloat64() / h.Rate * float64(time.Second))
}

// arrive begins a need, and has the next one begin.
func (h *hour) arrive() {
	if h.clock.now >= h.Lasts {
		return
	}
	h.clock.After(h.pause(), h.arrive)
	class, at := 0, h.random.Float64()*h.ends[len(h.ends)-1]
	for at >= h.ends[class] {
		class++
	}
	n := &need{
		node: h.first[class] + h.random.IntN(h.HourSetup.Nodes[class].Nodes), by: 1 + h.random.IntN(h.HourSetup.Nodes[class].Circle),
		about: 1 + h.random.Int64N(1<<40), isSlow: h.HourSetup.Mitz.Slow.has(h.clock.now),
	}
	h.Needs++
	if n.isSlow {
		h.slow.needs++
	}
	h.ask(n)
}

// ask sends a request for a need.
func (h *hour) ask(n *need) {
	began := h.clock.now
	h.Requests++
	n.requests++
	h.count(began).begun++
	link := h.links[n.node]
	link.Do(Call{
		By: n.by, About: n.about,
		Send: func(answer func(Reply)) func() {
			h.Messages++
			if at := int(h.clock.now / slice); at < len(h.messages) {
				h.messages[at]++
			}
			return h.mitz.Send(answer)
		},
		Done: func(result Result) {
			h.By[result.Code]++
			h.done(n, began, result.Code == Answered)
		},
	})
	h.LongestAtNode = max(h.LongestAtNode, link.Waiting())
}

func (h *hour) done(n *need, began time.Duration, answered bool) {
	switch {
	case answered:
		h.Served++
		h.count(began).answered++
		if n.isSlow {
			h.slow.served++
		}
		if n.isSlow && n.requests == 1 {
			h.slow.atOnce++
		}
	case n.requests < h.People.Most && h.random.Float64() < h.People.Again:
		h.clock.After(time.Duration(h.random.ExpFloat64()*float64(h.People.After)), func() { h.ask(n) })
	default:
		h.GivenUp++
	}
}

// count returns the slice of a request; those after the last need are in no slice.
func (h *hour) count(began time.Duration) *tally {
	if at := int(began / slice); at < len(h.slices) {
		return &h.slices[at]
	}
	return &tally{}
}

func (h *hour) sum() Hour {
	h.Hour.Mitz = h.mitz.MitzCounts
	for _, each := range h.links {
		h.Opened += each.breaker.opened
	}
	for _, messages := range h.messages {
		h.MostMessages = max(h.MostMessages, float64(messages)/slice.Seconds())
	}
	if h.slow.needs > 0 {
		h.ServedWhileSlow = float64(h.slow.served) / float64(h.slow.needs)
		h.InTimeWhileSlow = float64(h.slow.atOnce) / float64(h.slow.needs)
	}
	h.Recovery = h.recovery()
	return h.Hour
}

// recovery returns when Mitz was back, after it was slow.
func (h *hour) recovery() time.Duration {
	end := h.HourSetup.Mitz.Slow.Until
	for at := int(end / slice); at+sliceCount < len(h.slices); at++ {
		var of tally
		for _, each := range h.slices[at : at+sliceCount] {
			of.begun += each.begun
			of.answered += each.answered
		}
		if float64(of.answered) >= backAgain*float64(of.begun) {
			return time.Duration(at)*slice - end
		}
	}
	return -1
}
