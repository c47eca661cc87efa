// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

const moduleName = "mitz"

func log() *logrus.Entry {
	return logrus.StandardLogger().WithField(core.LogFieldModule, moduleName)
}

// The events in the node's audit log.
const (
	auditConsult      = "MitzConsult"      // Mitz was asked
	auditTokenIssued  = "MitzTokenIssued"  // a token for a guarded scope was issued
	auditTokenRefused = "MitzTokenRefused" // a token for a guarded scope was refused
)

// auditEntry writes to the node's audit log who asked for what and how it ended. The
// patient is not in it: the request id leads to the query, which Mitz keeps. It is
// written also when the requester has gone meanwhile.
func auditEntry(ctx context.Context, event, message string, fields logrus.Fields) {
	if audit.InfoFromContext(ctx) == nil {
		// Outside a request: audit.Log would panic.
		ctx = audit.Context(ctx, "system", moduleName, "Guard")
	}
	audit.Log(ctx, log().WithFields(fields), event).Info(message)
}

// Recorder tells what happens with requests for guarded tokens. Its methods may be called
// from any goroutine.
type Recorder struct {
	file    *nen7513.Log // nil: none is kept
	now     func() time.Time
	metrics metrics
	// Refusals that led to no query are counted, so that a requester who is refused all the
	// time does not fill disk and log. A refusal after a query is always told by itself: the
	// patient sees the query.
	withoutQuestion *tally.Tally // anybody can cause these at will
	withQuestion    *tally.Tally // these take credentials that are trusted
	panics          *tally.Tally // of which the stack is told
	unchecked       *tally.Tally // tokens that could not be looked at again, without a query
	accepted        *tally.Tally // notifications of Mitz: those about one patient alone are counted
	notified        *tally.Tally // other notifications by a secret path, which few know
	accessRefused   *tally.Tally // requests to record servers with a token of a decision that is known
	accessStrange   *tally.Tally // and without: anybody can cause these
	strayed         *tally.Tally // those by another path: anybody can cause these
	undecided       *tally.Tally // what the decision point did not permit, without a question
	decided         *tally.Tally // the same, with one
}

// New returns a recorder without a NEN 7513 file. The limits of what is told one by one are
// those of docs/operations.md.
func New(now func() time.Time) *Recorder {
	r := &Recorder{now: now, metrics: newMetrics()}
	r.withoutQuestion = tally.New(tally.Limits{OfOne: 6, OfAll: 60}, r.refusedTogether)
	r.withQuestion = tally.New(tally.Limits{OfOne: 60, OfAll: 600}, r.refusedTogether)
	r.undecided = tally.New(tally.Limits{OfOne: 6, OfAll: 60}, r.unpermittedTogether)
	r.decided = tally.New(tally.Limits{OfOne: 60, OfAll: 600}, r.unpermittedTogether)
	r.panics = tally.New(tally.Limits{OfOne: 6, OfAll: 6}, func(sum tally.Sum) {
		log().WithField("count", sum.Count).Error(sum.Code + ", more often than is told one by one")
	})
	r.unchecked = tally.New(tally.Limits{OfOne: 6, OfAll: 60}, uncheckedTogether)
	r.accepted = tally.New(tally.Limits{OfOne: 30, OfAll: math.MaxInt}, r.notifiedTogether)
	r.notified = tally.New(tally.Limits{OfOne: 30, OfAll: 6000}, r.notifiedTogether)
	r.strayed = tally.New(tally.Limits{OfOne: 6, OfAll: 6}, r.notifiedTogether)
	r.accessRefused = tally.New(tally.Limits{OfOne: 6, OfAll: 60}, accessRefusedTogether)
	r.accessStrange = tally.New(tally.Limits{OfOne: 6, OfAll: 6}, accessRefusedTogether)
	return r
}

// WriteTo has entries written to a NEN 7513 file too. Call it before the first request.
func (r *Recorder) WriteTo(file *nen7513.Log) { r.file = file }

// Collectors returns the metrics that the recorder counts.
func (r *Recorder) Collectors() []prometheus.Collector { return r.metrics.collectors() }

// Flush tells what is counted so far. Call it before the NEN 7513 file is closed.
func (r *Recorder) Flush() {
	for _, each := range []*tally.Tally{r.withoutQuestion, r.withQuestion, r.undecided, r.decided, r.panics, r.unchecked, r.accepted, r.notified, r.strayed, r.accessRefused, r.accessStrange} {
		each.Flush()
	}
}

// longestBehind is how long is waited for a file that is behind.
const longestBehind = 5 * time.Second

// keep writes an entry of something that happened, however many come at once. What is lost all
// the same, since the file cannot be written, the health check tells.
func (r *Recorder) keep(entry nen7513.Entry) {
	ctx, cancel := context.WithTimeout(context.Background(), longestBehind)
	defer cancel()
	_ = r.file.Keep(ctx, entry)
}

// Panic counts a panic and tells where it came from, and not its cause: that may hold
// anything. A stack holds no values but addresses. Call it while the panic is recovered.
func (r *Recorder) Panic(message string) {
	r.metrics.panics.Inc()
	if r.panics.Single(tally.Key{Code: message}) {
		log().WithField("stack", string(debug.Stack())).Error(message)
	}
}

// refusedTogether tells of refusals that were counted, in a line and an entry.
func (r *Recorder) refusedTogether(sum tally.Sum) {
	const message = "No tokens issued"
	fields := logrus.Fields{
		"subject": sum.At, "requester": redact.Text(sum.Who), "outcome": sum.Code,
		"count": sum.Count, "since": sum.Since.UTC().Format(time.RFC3339),
	}
	log().WithFields(fields).Log(levelOf(sum.Code), message)
	auditEntry(context.Background(), auditTokenRefused, message, fields)
	if r.file == nil {
		return
	}
	// Where it is lost the file cannot be written, which the health check tells.
	_ = r.file.Tell(nen7513.Entry{
		Time: sum.Until, Since: sum.Since, Count: sum.Count, Action: nen7513.TokenRefused,
		Outcome: severity(sum.Code), Code: sum.Code, Subject: sum.At, Presenters: strings.Fields(sum.Who),
	})
}

// levelOf makes trouble of ours or of Mitz visible where only warnings are logged.
func levelOf(outcome string) logrus.Level {
	if severity(outcome) == nen7513.SeriousFailure {
		return logrus.WarnLevel
	}
	return logrus.InfoLevel
}

// Request is who asks for which token where.
type Request struct {
	Subject    string   // the data holder's Nuts subject; empty when it is none that is listed
	Presenters []string // the DIDs that signed the presentations
	Scope      string   // the scope that guards the token, as configured; empty when it is not known
	// Basis is what the answer of a decision point rests on; empty: it is a request for a token.
	Basis policy.Basis
}

// maxPresenter is how much of a presenter's DID is kept, in bytes: a did:jwk holds what
// its owner likes, and would fill the logs. One with an RSA key of 8192 bits fits.
const maxPresenter = 4 << 10

// Begin begins the record of one request.
func (r *Recorder) Begin(request Request) *Decision {
	d := &Decision{recorder: r, subject: request.Subject, scope: request.Scope, ending: r.ending(request.Basis)}
	for _, presenter := range request.Presenters {
		if presenter = presenter[:min(len(presenter), maxPresenter)]; !slices.Contains(d.presenters, presenter) {
			d.presenters = append(d.presenters, presenter)
		}
	}
	return d
}
