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
	message, code, level := "Live tokens ended", string(revocation.Cause), logrus.InfoLevel
	if revocation.Failure != nil {
		message, code, level = "Live tokens could not be ended", string(RevocationFailed), logrus.ErrorLevel
	}
	fields := logrus.Fields{"subject": revocation.Subject, "cause": string(revocation.Cause), "outcome": code}
	line := log().WithFields(fields)
	if revocation.Failure != nil {
		line = line.WithError(revocation.Failure)
	} else {
		r.metrics.tokensRevoked.WithLabelValues(string(revocation.Cause)).Inc()
	}
	line.Log(level, message)
	auditEntry(ctx, auditRevoked, message, fields)
	if r.file == nil {
		return
	}
	outcome := nen7513.Success
	if revocation.Failure != nil {
		outcome = nen7513.SeriousFailure
	}
	// Access ends also where that cannot be written, which the health check tells.
	_ = r.file.Tell(nen7513.Entry{
		Time: r.now(), Action: nen7513.TokensRevoked, Outcome: outcome, Code: code,
		Subject: revocation.Subject, DataHolder: revocation.DataHolder.URA, Patient: revocation.Patient,
	})
}
