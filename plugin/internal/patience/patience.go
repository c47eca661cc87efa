// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package patience waits for the SQL database of a token request no longer than such a request
// can, and after that lets a database rest that does not answer: else every request would wait
// for it. It must never wait longer than it says, nor take a database that refuses at once for
// one that does not answer.
package patience

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// Longest is how long a database may take. It answers in some milliseconds.
	Longest = 500 * time.Millisecond
	// Rest is how long nobody waits for one that took longer.
	Rest = 5 * time.Second
)

var (
	// ErrResting tells that the database was not asked.
	ErrResting = errors.New("the SQL database did not answer lately")
	// ErrTooLong tells that it did not answer in time.
	ErrTooLong = errors.New("the SQL database did not answer in time")
)

// Patience is with one thing that a database does. The zero value is ready, and its methods may
// be called from any goroutine.
type Patience struct {
	mutex sync.Mutex
	rests time.Time // until when the database is not asked; zero: it answers
}

// Try does something that ends with its context, unless the database rests. Of those who come
// after a rest one tries, until it is answered.
func (p *Patience) Try(ctx context.Context, do func(ctx context.Context) error) error {
	if !p.begins() {
		return ErrResting
	}
	limited, cancel := context.WithTimeout(ctx, Longest)
	defer cancel()
	err := do(limited)
	switch {
	case err == nil || limited.Err() == nil:
		p.restUntil(time.Time{})
		return err
	case ctx.Err() != nil: // nobody waits any more, and nobody knows
		return err
	default:
		p.restUntil(time.Now().Add(Rest))
		return errors.Join(ErrTooLong, err)
	}
}

func (p *Patience) begins() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := time.Now()
	if now.Before(p.rests) {
		return false
	}
	if !p.rests.IsZero() {
		p.rests = now.Add(Rest)
	}
	return true
}

func (p *Patience) restUntil(end time.Time) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.rests = end
}
