// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

const (
	// pageSize is how many rows are in the works at the most.
	pageSize = 100
	// lookEvery is how often a node that works looks for rows that are due, when nothing wakes
	// it before.
	lookEvery = 5 * time.Second
	// storeTimeout is how long the SQL database has for what is done in the background.
	storeTimeout = 10 * time.Second
	// After a failure of the SQL database it is left alone, for longer after each.
	minSQLPause, maxSQLPause = time.Second, 30 * time.Second
	// toldTogether is the time of which failures are told together, by their codes.
	toldTogether = 10 * time.Minute
)

// worker registers at Mitz what the rows say, while this node is the one that does. It sends one
// message after another: registrations are as many as tokens that rest on them, and each is the
// work of a professional.
type worker struct {
	config   Config
	shift    background.Shift
	pause    pause
	failures *tally.Tally
	look     background.Bell // there is work
	works    atomic.Bool
	failing  atomic.Pointer[error] // of the SQL database
}

func newWorker(config Config) *worker {
	w := &worker{config: config, shift: background.Shift{Beats: config.Store}, look: background.NewBell()}
	w.failures = tally.New(tally.Limits{OfOne: 2, OfAll: 10, Window: toldTogether}, w.tellTogether)
	return w
}

// run has this node work whenever no other one does, until ctx ends.
func (w *worker) run(ctx context.Context) {
	defer w.failures.Flush()
	var end func() // this node's work; nil: another one works
	for ctx.Err() == nil {
		err := w.guarded(func() error { return w.shift.Look(ctx) })
		if ctx.Err() == nil && (err != nil || end == nil) {
			w.took(err)
		}
		if isMine := w.shift.IsMine(); isMine && end == nil {
			end = w.begin(ctx)
		} else if !isMine && end != nil {
			end()
			end = nil
		}
		background.Sleep(ctx, background.BeatEvery, nil)
	}
	if end != nil {
		end()
	}
	w.shift.Release()
}

// begin begins to work. The function that it returns ends that.
func (w *worker) begin(ctx context.Context) (end func()) {
	w.works.Store(true)
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() { w.work(ctx) })
	return func() {
		cancel()
		working.Wait()
		w.works.Store(false)
	}
}

// work does what is due, page by page, until ctx ends.
func (w *worker) work(ctx context.Context) {
	w.pause = pause{}
	failed, resealed := 0, false
	for ctx.Err() == nil {
		var rest time.Duration
		err := w.guarded(func() (err error) {
			if !resealed {
				if err := w.reseal(ctx); err != nil {
					return err
				}
				resealed = true
			}
			rest, err = w.pass(ctx)
			return err
		})
		if ctx.Err() != nil {
			return
		}
		w.took(err)
		if err != nil {
			failed++
			background.Sleep(ctx, background.Jitter(background.Doubled(minSQLPause, maxSQLPause, failed)), nil)
			continue
		}
		failed = 0
		if rest > 0 {
			background.Sleep(ctx, rest, w.look)
		}
	}
}

// took takes note of how a use of the SQL database went.
func (w *worker) took(err error) {
	before := w.failing.Load()
	switch {
	case err == nil && before != nil:
		w.failing.Store(nil)
		w.config.Log.Info("The SQL database works again: registering goes on")
	case err != nil:
		w.failing.Store(&err)
		if before == nil {
			w.config.Log.WithError(err).Error("The SQL database fails: registering waits")
		}
	}
}

// pass does the next thing about each row of a page, and returns how long there is nothing to
// do. The error is the SQL database's.
func (w *worker) pass(ctx context.Context) (rest time.Duration, err error) {
	if w.config.Mitz == nil {
		return lookEvery, nil
	}
	if rest := w.pause.left(); rest > 0 {
		return rest, nil
	}
	rows, err := w.due(ctx, Waiting, Refused)
	if err != nil {
		return 0, err
	}
	for _, each := range rows {
		err := w.guarded(func() error { return w.register(ctx, each) })
		if errors.Is(err, errPanicked) {
			continue // it is due later
		}
		if err != nil || ctx.Err() != nil || w.pause.left() > 0 {
			return 0, err
		}
	}
	if len(rows) == pageSize {
		return 0, nil
	}
	return lookEvery, w.follow(ctx)
}

func (w *worker) due(ctx context.Context, states ...State) ([]row, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return w.config.Store.due(ctx, states, time.Now(), pageSize)
}

// replace writes a changed row, also when this node stops meanwhile, and returns it as it is kept
// then. It reports whether nobody else had changed it.
func (w *worker) replace(ctx context.Context, changed row) (row, bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	did, err := w.config.Store.replace(ctx, changed)
	if did {
		changed.Version++
	}
	return changed, did, err
}

// reseal seals what is under a former key with the one in use, so that a former key is needed no
// more. What cannot be opened stays as it is: the start told.
func (w *worker) reseal(ctx context.Context) error {
	for after := ""; ctx.Err() == nil; {
		looking, cancel := context.WithTimeout(ctx, storeTimeout)
		rows, err := w.config.Store.sealedOtherwise(looking, w.config.Keys.ID(), after, pageSize)
		cancel()
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, each := range rows {
			after = each.ID
			patient, content, err := w.config.Keys.Open(each.Sealed)
			if err != nil || each.seal(w.config.Keys, patient, content) != nil {
				continue
			}
			if _, _, err := w.replace(ctx, each); err != nil { // who changed it meanwhile is followed at the next start
				return err
			}
		}
	}
	return nil
}

// errPanicked stands for a panic, whose cause may hold anything.
var errPanicked = errors.New("panic")

// guarded does something in the background, where a panic would end the node. It tells where
// that came from: a stack holds no values but addresses.
func (w *worker) guarded(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			w.config.Log.WithField("stack", string(debug.Stack())).Error("Panic while registering")
			err = errPanicked
		}
	}()
	return do()
}

// tellTogether tells of what was counted, in a line.
func (w *worker) tellTogether(sum tally.Sum) {
	w.config.Log.WithFields(logrus.Fields{"outcome": sum.Code, "count": sum.Count, "since": sum.Since.UTC().Format(time.RFC3339)}).
		Warn("Mitz does not take registrations, more often than is told one by one")
}
