// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// auditRevoked is the event in the node's audit log of live tokens that ended.
const auditRevoked = "MitzTokensRevoked"

var _ withdrawal.Recorder = (*Recorder)(nil)

// Revoked tells that live tokens ended, or that they could not be ended.
func (r *Recorder) Revoked(ctx context.Context, revocation withdrawal.Revocation) {
	code := string(revocation.Cause)
	if revocation.Failure != nil {
		code = string(RevocationFailed)
	}
	r.revoked(ctx, revocation.Cause, revocation.Failure, logrus.Fields{"subject": revocation.Subject, "outcome": code}, nen7513.Entry{
		Subject: revocation.Subject, DataHolder: revocation.DataHolder.URA, Patient: revocation.Patient,
	})
}

// revoked tells it everywhere. The entry needs no time, action, outcome or code yet.
func (r *Recorder) revoked(ctx context.Context, cause withdrawal.Cause, failure error, fields logrus.Fields, entry nen7513.Entry) {
	message, level := "Live tokens ended", logrus.InfoLevel
	entry.Outcome, entry.Code = nen7513.Success, string(cause)
	fields["cause"] = string(cause)
	line := log().WithFields(fields)
	if failure != nil {
		message, level = "Live tokens could not be ended", logrus.ErrorLevel
		entry.Outcome, entry.Code = nen7513.SeriousFailure, string(RevocationFailed)
		line = line.WithError(failure)
	} else {
		r.metrics.tokensRevoked.WithLabelValues(string(cause)).Inc()
	}
	line.Log(level, message)
	auditEntry(ctx, auditRevoked, message, fields)
	if r.file == nil {
		return
	}
	entry.Time, entry.Action = r.now(), nen7513.TokensRevoked
	// Access ends also where that cannot be written, which the health check tells.
	r.keep(entry)
}
