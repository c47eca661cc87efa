// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

const (
	// pageSize is how many rows are in the works at the most.
	pageSize = 100
	// lookEvery is how often a node that works looks for rows that are due, when nothing wakes
	// it before.
	lookEvery = 5 * time.Second
	// retellEvery is how often it looks for rows of which Mitz is to be told something else.
	retellEvery = time.Hour
)

// worker tells Mitz what the rows say, while this node is the one that does.
type worker struct {
	config   Config
	pace     *pace
	shift    background.Shift
	sql      *sqlTrouble
	failures *tally.Tally
	progress progress
	sayings  sayings
	look     background.Bell // there is work
	works    atomic.Bool

	// retelling are the subjects whose rows are still to be looked at in this round, and the
	// next round begins at nextRound.
	retelling []string
	nextRound time.Time
}

func newWorker(config Config, sql *sqlTrouble) *worker {
	w := &worker{
		config: config, pace: newPace(config.AtOnce), look: background.NewBell(),
		shift: background.Shift{Beats: beats{config.Store}}, sql: sql,
		progress: progress{log: config.Log, store: config.Store}, sayings: sayings{store: config.Store},
	}
	w.failures = tally.New(tally.Limits{OfOne: 2, OfAll: 10, Window: toldTogether}, w.tellTogether)
	return w
}

// run has this node work whenever no other one does, until ctx ends.
func (w *worker) run(ctx context.Context) {
	defer w.failures.Flush()
	var end func() // this node's work; nil: another one works
	for ctx.Err() == nil {
		err := guarded(w.config.Log, func() error { return w.shift.Look(ctx) })
		if ctx.Err() == nil {
			w.sql.after(toBeat, err)
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
	w.config.Log.Info("This node tells Mitz of subscriptions from now on")
	w.works.Store(true)
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() { w.work(ctx) })
	return func() {
		cancel()
		working.Wait()
		w.works.Store(false)
		w.sql.after(toTellMitz, nil) // that is another node's now
		w.config.Log.Info("This node tells Mitz of no subscriptions any more")
	}
}

// work tells Mitz what is due, page by page, until ctx ends.
func (w *worker) work(ctx context.Context) {
	w.retelling, w.nextRound = nil, time.Time{}
	w.progress.begin()
	for ctx.Err() == nil {
		var rest time.Duration
		err := guarded(w.config.Log, func() (err error) {
			rest, err = w.pass(ctx)
			return err
		})
		if ctx.Err() != nil {
			return
		}
		if pause := w.sql.after(toTellMitz, err); pause > 0 {
			background.Sleep(ctx, pause, nil)
			continue
		}
		if rest > 0 {
			background.Sleep(ctx, rest, w.look)
		}
	}
}

// pass does the next thing about each row of a page, and returns how long there is nothing to
// do. The error is the SQL database's.
func (w *worker) pass(ctx context.Context) (rest time.Duration, err error) {
	if rest := w.pace.pausing(); rest > 0 {
		return rest, nil
	}
	paused := w.pace.paused()
	rows, err := w.page(ctx, paused)
	if err != nil {
		return 0, err
	}
	w.progress.tell(ctx, len(rows))
	if len(rows) > 0 {
		return 0, w.stepAll(ctx, rows)
	}
	if some, err := w.retell(ctx, paused); some || err != nil {
		return 0, err
	}
	rest = lookEvery
	for _, until := range paused {
		rest = min(rest, max(time.Until(until), time.Millisecond))
	}
	return rest, nil
}

// page returns rows that are due, those first that failed least: where a message of some fails
// whatever Mitz does, they do not stand in the way of the others.
func (w *worker) page(ctx context.Context, paused map[string]time.Time) ([]row, error) {
	var subjects []string
	for sender := range paused {
		if sender != endings {
			subjects = append(subjects, sender)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	now := time.Now()
	rows, err := w.config.Store.due(ctx, Waiting, now, pageSize, subjects)
	if err != nil {
		return nil, err
	}
	if _, pauses := paused[endings]; !pauses {
		ends, err := w.config.Store.due(ctx, Ending, now, pageSize, nil)
		if err != nil {
			return nil, err
		}
		rows = append(rows, ends...)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.Attempts, b.Attempts) })
	return rows, nil
}

// stepAll does the next thing about each row, as many at once as the pace has it. After an
// error it begins with no more of them.
func (w *worker) stepAll(ctx context.Context, rows []row) error {
	var errs firstError
	var steps sync.WaitGroup
	for _, r := range rows {
		leave, ok := w.pace.enter(ctx, r.sender())
		if errs.get() != nil || ctx.Err() != nil {
			if ok {
				leave(nothing, 0)
			}
			break
		}
		if !ok {
			errs.set(w.leaveFor(ctx, r))
			continue
		}
		steps.Go(func() {
			defer leave(nothing, 0)
			errs.set(w.stepGuarded(ctx, r, leave))
		})
	}
	steps.Wait()
	return errs.get()
}

// leaveFor leaves a row whose sender pauses. The next page has none of them, but those whose
// message is not of the sender that a page goes by.
func (w *worker) leaveFor(ctx context.Context, r row) error {
	sender := r.sender()
	if (sender == endings) == (r.State == Ending) || w.pace.pausing() > 0 {
		return nil
	}
	return w.putOff(ctx, r, "", w.pace.until(sender).Add(background.Jitter(othersFirst)))
}

// stepGuarded puts off a row with which this software cannot deal.
func (w *worker) stepGuarded(ctx context.Context, r row, leave leave) error {
	err := guarded(w.config.Log, func() error { return w.step(ctx, r, leave) })
	if err != errPanicked { //nolint:errorlint // it is returned as it is
		return err
	}
	return guarded(w.config.Log, func() error {
		return w.amendUnlessGone(ctx, r, func(r *row) bool {
			r.Failure, r.Due = failurePanicked, time.Now().Add(background.Jitter(lookAgain))
			return true
		})
	})
}

// retell has Mitz told again of some rows of which it was told something else. It reports
// whether there were any. Each round looks at all subjects once, but at those that pause.
func (w *worker) retell(ctx context.Context, paused map[string]time.Time) (some bool, err error) {
	if len(w.retelling) == 0 {
		if time.Now().Before(w.nextRound) {
			return false, nil
		}
		w.retelling, w.nextRound = w.config.Subjects(), time.Now().Add(retellEvery)
	}
	for ; len(w.retelling) > 0 && ctx.Err() == nil; w.retelling = w.retelling[1:] {
		if _, pauses := paused[w.retelling[0]]; pauses {
			continue
		}
		if some, err := w.retellSome(ctx, w.retelling[0]); some || err != nil {
			return some, err
		}
	}
	return false, nil
}

func (w *worker) retellSome(ctx context.Context, subject string) (some bool, err error) {
	dataHolder, known := w.config.DataHolder(subject)
	if !known {
		return false, nil
	}
	looking, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	rows, err := w.config.Store.outdated(looking, subject, dataHolder.URA, w.config.saying(dataHolder).hash(), pageSize)
	if err != nil {
		return false, err
	}
	now := time.Now()
	for _, each := range rows {
		if _, _, err := w.replace(ctx, each.in(Waiting, now)); err != nil {
			return true, err
		}
	}
	return len(rows) > 0, nil
}

// firstError keeps the first of some errors.
type firstError struct {
	mu  sync.Mutex
	err error
}

func (f *firstError) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = cmp.Or(f.err, err)
}

func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// noPlace returns a place that is no patient's.
func noPlace() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // which never fails
	return hex.EncodeToString(random)
}
