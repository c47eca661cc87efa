// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/recent"
)

// Bounds of how often a path may bring what is about somebody else. Mitz has no reason to do so.
// Who got hold of a path could find out by trying whom it is about: one number in some hundred
// million. At this pace that takes decades.
const (
	maxGuesses    = 10
	guessesWindow = time.Minute
	maxGuessed    = 4096 // paths that are remembered
)

// guesses count notifications that were not about the patient and the data holder of their path.
type guesses struct {
	mu     sync.Mutex
	byPath *recent.Recent[string, guessed]
}

type guessed struct {
	began time.Time
	count int
}

func newGuesses() *guesses {
	return &guesses{byPath: recent.New[string, guessed](guessesWindow, maxGuessed)}
}

// count counts one by the path of a place.
func (g *guesses) count(now time.Time, place string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of := g.byPath.Of(now, place)
	if now.Sub(of.began) >= guessesWindow {
		*of = guessed{began: now}
	}
	of.count++
}

// areMany reports whether there were so many by the path of a place that no more is read.
func (g *guesses) areMany(now time.Time, place string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	of := g.byPath.Get(now, place)
	return of != nil && of.count >= maxGuesses && now.Sub(of.began) < guessesWindow
}
