// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"cmp"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
)

const (
	// storeTimeout is how long the SQL database has for what is done in the background.
	storeTimeout = 10 * time.Second
	// After a failure of the SQL database it is left alone, for longer after each.
	minSQLPause, maxSQLPause = time.Second, 30 * time.Second
)

// use is what the SQL database is used for in the background.
type use int

const (
	toKeepWishes use = iota
	toBeat
	toTellMitz
	uses // how many there are
)

// sqlTrouble knows whether the SQL database fails, and tells when that begins and ends.
type sqlTrouble struct {
	log *logrus.Entry

	mu     sync.Mutex
	causes [uses]error
	inARow [uses]int
	since  time.Time
}

// after takes note of how a use of the database went, and returns how long to leave it alone.
func (t *sqlTrouble) after(u use, err error) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.cause()
	t.causes[u] = err
	t.inARow[u]++
	if err == nil {
		t.inARow[u] = 0
	}
	switch {
	case before == nil && err != nil:
		t.since = time.Now()
		t.log.WithError(err).Error("The SQL database fails: subscribing waits, and tokens are issued as ever")
	case before != nil && t.cause() == nil:
		t.log.WithField("since", t.since.UTC().Format(time.RFC3339)).Info("The SQL database works again: subscribing goes on")
	}
	if err == nil {
		return 0
	}
	return background.Jitter(background.Doubled(minSQLPause, maxSQLPause, t.inARow[u]))
}

// cause returns the error of one of the uses that failed last time, nil when none did.
func (t *sqlTrouble) cause() error { return cmp.Or(t.causes[:]...) }

// now returns why the database fails, nil when it does not.
func (t *sqlTrouble) now() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cause()
}

// errPanicked stands for a panic, whose cause may hold anything.
var errPanicked = errors.New("panic")

// guarded does something in the background, where a panic would end the node. It tells where
// that came from: a stack holds no values but addresses.
func guarded(log *logrus.Entry, do func() error) (err error) {
	defer func() {
		if recover() != nil {
			log.WithField("stack", string(debug.Stack())).Error("Panic while subscribing")
			err = errPanicked
		}
	}()
	return do()
}
