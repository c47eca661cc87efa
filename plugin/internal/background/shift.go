// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package background

import (
	"context"
	"crypto/rand"
	"time"
)

const (
	// BeatEvery is how often a node that works says so, and one that does not looks.
	BeatEvery = 10 * time.Second
	// deadAfter is how long another node said nothing before this one takes over.
	deadAfter = 30 * time.Second
	// unheardFor is how long a node works on that could not say so: no other has taken over yet.
	unheardFor = 20 * time.Second
	// beatTimeout is how long the SQL database has for it.
	beatTimeout = 5 * time.Second
)

// released is the beat of a node that stopped: another need not wait.
const released = "released"

// Beats are where nodes say that they work, and see whether another does.
type Beats interface {
	// Beat reads who does the work, as a value which changes as long as somebody does; empty:
	// nobody ever did.
	Beat(ctx context.Context) (string, error)
	// TakeOver replaces the beat that was seen by another. It reports whether it was still there.
	TakeOver(ctx context.Context, seen, mine string) (bool, error)
}

// Shift says whether it is this node that works. A node that does writes another beat again and
// again. One that does not takes over when it saw the same beat for a while. Each goes by its own
// clock alone.
//
// For a moment two may work, such as when one could not say that it lives: what they do must do
// no harm then. Its methods are called by one goroutine.
type Shift struct {
	Beats Beats

	mine     string // the beat that this node wrote last; empty: another one works
	unsure   string // the one that it may have written after that
	beaten   time.Time
	seen     string // of another node
	lastSeen time.Time
}

// IsMine reports whether this node works.
func (s *Shift) IsMine() bool { return s.mine != "" }

// Look beats, or looks whether another node does. The error is the SQL database's.
func (s *Shift) Look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	now := time.Now()
	beat, err := s.Beats.Beat(ctx)
	if err == nil && s.mayTake(beat, now) {
		err = s.take(ctx, beat, now)
	}
	if err != nil && now.Sub(s.beaten) >= unheardFor {
		s.mine = ""
	}
	return err
}

// mayTake reports whether this node is to put its beat in the place of the one that is there.
func (s *Shift) mayTake(beat string, now time.Time) bool {
	if beat == "" || beat == released || s.IsMine() && beat == s.mine || s.unsure != "" && beat == s.unsure {
		return true
	}
	s.mine, s.unsure = "", ""
	if beat != s.seen {
		s.seen, s.lastSeen = beat, now
	}
	return now.Sub(s.lastSeen) >= deadAfter
}

func (s *Shift) take(ctx context.Context, beat string, now time.Time) error {
	s.unsure = rand.Text()
	took, err := s.Beats.TakeOver(ctx, beat, s.unsure)
	switch {
	case err != nil:
		return err
	case took:
		s.mine, s.beaten = s.unsure, now
	default:
		s.mine = ""
	}
	s.unsure = ""
	return nil
}

// releaseTimeout is how long a stop has for it.
const releaseTimeout = 2 * time.Second

// Release lets another node take over at once.
func (s *Shift) Release() {
	if !s.IsMine() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	_, _ = s.Beats.TakeOver(ctx, s.mine, released) // else it waits until this one is dead
	s.mine = ""
}
