// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// How it ends when a live token is looked at again.
const (
	recheckConfirmed = "confirmed" // there is consent still
	recheckRevoked   = "revoked"   // there is none, and the token has ended
	recheckRefused   = "refused"   // nobody can tell, and the token was not active this time
	recheckKept      = "kept"      // nobody can tell, and the token was active all the same
)

func recheckResults() []string {
	return []string{recheckConfirmed, recheckRevoked, recheckRefused, recheckKept}
}

// RestsOn says what a token rests on that is looked at again: a query, or a credential.
func (d *Decision) RestsOn(ground policy.GroundName, id string) {
	if ground.AsksMitz() {
		d.origin = id
		return
	}
	d.ground, d.brought = ground, []string{id}
}

// Settle waits until the answer is written that a live token rests on from now on. On an error
// it may not.
func (d *Decision) Settle(ctx context.Context) error {
	if d.unwritten != nil {
		return d.unwritten
	}
	return d.flush(context.WithoutCancel(ctx))
}

// Confirmed tells that there is consent still for a live token.
func (d *Decision) Confirmed() {
	d.recorder.metrics.rechecks.WithLabelValues(recheckConfirmed).Inc()
	log().WithFields(d.fields(outcomePermit)).Info("Consent looked at again: the token lives on")
}

// Ended tells that a live token ended, since cause says that there is no consent any more, or
// with a failure that it could not be ended.
func (d *Decision) Ended(ctx context.Context, cause, failure error) {
	if failure == nil {
		d.recorder.metrics.rechecks.WithLabelValues(recheckRevoked).Inc()
	} else {
		d.recorder.metrics.rechecks.WithLabelValues(recheckRefused).Inc()
	}
	entry := d.entry(nen7513.TokensRevoked, d.requestIDs, "")
	d.recorder.revoked(ctx, withdrawal.CauseRecheck, failure, d.fields(Reason(cause)), entry)
	_ = d.flush(ctx) // the health check tells
}

// Unchecked tells that nobody can tell whether there is consent still for a live token, and
// whether the token was active all the same. Where no query left it is counted, so that a
// record server that asks all the time does not fill the log.
func (d *Decision) Unchecked(cause error, kept bool) {
	result := recheckRefused
	if kept {
		result = recheckKept
	}
	d.recorder.metrics.rechecks.WithLabelValues(result).Inc()
	outcome := Reason(cause)
	key := tally.Key{Who: strings.Join(d.presenters, " "), Code: outcome, At: d.subject}
	if len(d.requestIDs) > 0 || d.recorder.unchecked.Single(key) {
		log().WithFields(d.fields(outcome)).WithField("kept", kept).WithError(cause).Warn("Consent could not be looked at again")
	}
}

// uncheckedTogether tells of tokens that were counted, in a line.
func uncheckedTogether(sum tally.Sum) {
	log().WithFields(logrus.Fields{
		"subject": sum.At, "requester": redact.Text(sum.Who), "outcome": sum.Code,
		"count": sum.Count, "since": sum.Since.UTC().Format(time.RFC3339),
	}).Warn("Consent could not be looked at again, more often than is told one by one")
}
