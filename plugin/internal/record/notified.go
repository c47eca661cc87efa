// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/notify"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// auditNotification is the event in the node's audit log of a notification by a secret path.
const auditNotification = "MitzNotification"

var _ notify.Recorder = (*Recorder)(nil)

// Notified tells of a notification, and that tokens ended for it. Those about one patient are
// told one by one up to a limit: whoever knows a secret path can send by it as often as he likes.
// What came by no such path is about nobody, and is in the log alone.
func (r *Recorder) Notified(ctx context.Context, n notify.Received) {
	r.metrics.notifications.WithLabelValues(string(n.Outcome)).Inc()
	counted := r.notified
	switch {
	case n.Place == "":
		counted = r.strayed
	case n.Outcome == notify.Accepted:
		counted = r.accepted
	}
	if !counted.Single(tally.Key{Who: n.Place, Code: string(n.Outcome), At: n.Subject}) {
		if n.Ends && n.Failure == nil {
			r.metrics.tokensRevoked.WithLabelValues(string(withdrawal.CauseNotification)).Inc()
		}
		return
	}
	r.notification(ctx, n)
	if n.Ends {
		r.Revoked(ctx, withdrawal.Revocation{
			Cause: withdrawal.CauseNotification, Subject: n.Subject, DataHolder: consent.DataHolder{URA: n.DataHolder},
			Patient: n.Patient, Failure: n.Failure,
		})
	}
}

// notification tells of one notification by itself.
func (r *Recorder) notification(ctx context.Context, n notify.Received) {
	fields := logrus.Fields{"subject": n.Subject, "data_holder": string(n.DataHolder), "outcome": string(n.Outcome)}
	message, level := notificationWords(n.Outcome)
	line := log().WithFields(fields)
	if n.Refusal != nil {
		line = line.WithError(n.Refusal)
	}
	line.Log(level, message)
	if n.Place == "" {
		return
	}
	auditEntry(ctx, auditNotification, message, fields)
	r.tellNotification(nen7513.Entry{Time: r.now(), Subject: n.Subject, DataHolder: n.DataHolder, Patient: n.Patient}, n.Outcome)
}

// notifiedTogether tells of notifications that were counted, in a line and an entry. Which patient
// it was about is not told: it is what the first of them were about.
func (r *Recorder) notifiedTogether(sum tally.Sum) {
	outcome := notify.Outcome(sum.Code)
	message, level := notificationWords(outcome)
	fields := logrus.Fields{
		"subject": sum.At, "outcome": sum.Code, "count": sum.Count, "since": sum.Since.UTC().Format(time.RFC3339),
	}
	log().WithFields(fields).Log(level, message)
	if outcome == notify.UnknownPath {
		return
	}
	auditEntry(context.Background(), auditNotification, message, fields)
	r.tellNotification(nen7513.Entry{Time: sum.Until, Since: sum.Since, Count: sum.Count, Subject: sum.At}, outcome)
}

// tellNotification writes an entry that needs no action, outcome or code yet. Access ends also
// where that cannot be written, which the health check tells.
func (r *Recorder) tellNotification(entry nen7513.Entry, outcome notify.Outcome) {
	if r.file == nil {
		return
	}
	entry.Action, entry.Outcome, entry.Code = nen7513.Notification, notificationSeverity(outcome), string(outcome)
	r.keep(entry)
}

// notificationWords says what happened. Anybody can send by a path that is none of ours, so that
// is no reason to worry.
func notificationWords(outcome notify.Outcome) (message string, level logrus.Level) {
	switch outcome {
	case notify.Accepted:
		return "Mitz notified that consent changed", logrus.InfoLevel
	case notify.UnknownPath:
		return "A notification came by a path of no subscription", logrus.InfoLevel
	default:
		return "A notification of Mitz could not be taken as it is", logrus.WarnLevel
	}
}

// notificationSeverity: what is wrong with a notification is its sender's mistake.
func notificationSeverity(outcome notify.Outcome) nen7513.Outcome {
	switch outcome {
	case notify.Accepted:
		return nen7513.Success
	case notify.Busy, notify.NotRunning, notify.Failed, notify.Panicked:
		return nen7513.SeriousFailure
	default:
		return nen7513.MinorFailure
	}
}
