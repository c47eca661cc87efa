// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

// progressTimeout is how long counting may take before a line about progress is left out.
const progressTimeout = 2 * time.Second

const (
	// progressEvery is how often is told how far it is, while more wait than manyWait.
	progressEvery = time.Minute
	manyWait      = 100
	// toldTogether is the time of which failures are told together, by their codes.
	toldTogether = 10 * time.Minute
)

// progress tells how far it is while many wait.
type progress struct {
	log   *logrus.Entry
	store store

	subscribed atomic.Int64 // since it was told last
	told       time.Time
	many       bool // many waited then
}

func (p *progress) begin() { p.told, p.many = time.Now(), false }

func (p *progress) done() { p.subscribed.Add(1) }

// tell tells it when it is time to, and something was done. Page is how many rows were due.
func (p *progress) tell(ctx context.Context, page int) {
	if page < manyWait && !p.many || time.Since(p.told) < progressEvery || p.subscribed.Load() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, progressTimeout)
	defer cancel()
	counts, err := p.store.count(ctx, "")
	if err != nil {
		return // the next use of the database tells
	}
	done, wait := p.subscribed.Swap(0), counts.By[Waiting]+counts.By[Ending]
	p.log.WithFields(logrus.Fields{"done": done, "waiting": wait}).Info(fmt.Sprintf("Subscribing: %d done, %d wait", done, wait))
	p.told, p.many = time.Now(), wait > manyWait
}

// good takes note that Mitz did what it was told about a row.
func (w *worker) good(r row, leave leave) {
	if leave(answered, 0).resumed && w.isSingle(codeResumed) {
		w.config.Log.WithField("subject", r.Subject).Info("Mitz answers again: subscribing goes on")
	}
}

// isSingle reports whether what happened is told by itself.
func (w *worker) isSingle(code string) bool {
	return w.failures.Single(tally.Key{Who: code, Code: code})
}

// codeResumed stands beside the codes of failures.
const codeResumed = "resumed"

// tell tells of a failure: each that begins a pause, and those that are about a row. All are
// counted, so that many of them are few lines.
func (w *worker) tell(r row, failure failure, changed effect) {
	if failure.verdict != refused && !changed.paused || !w.isSingle(failure.code) {
		return
	}
	line := w.config.Log.WithFields(logrus.Fields{"subject": r.Subject, "subscription": r.ID, "outcome": failure.code})
	if failure.requestID != "" {
		line = line.WithField("request_id", failure.requestID)
	}
	if failure.verdict == refused {
		line.Warn("Mitz does not take a subscription: it is sent again later")
	} else {
		line.Warn("Mitz cannot be told of subscriptions: subscribing pauses, and goes on by itself")
	}
}

// tellTogether tells of what was counted, in a line.
func (w *worker) tellTogether(sum tally.Sum) {
	line := w.config.Log.WithFields(logrus.Fields{"outcome": sum.Code, "count": sum.Count, "since": sum.Since.UTC().Format(time.RFC3339)})
	if sum.Code == codeResumed {
		line.Info("Mitz answered again, more often than is told one by one")
		return
	}
	line.Warn("Mitz could not be told of subscriptions, more often than is told one by one")
}
