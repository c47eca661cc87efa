// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
)

// The events in the node's audit log of what the data holder's systems do with subscriptions.
// The NEN 7513 file has none of them: nobody sees, or is refused, a record by it.
const (
	auditSubscribed        = "MitzSubscribed"
	auditSubscriptionEnded = "MitzSubscriptionEnded"
)

var _ subscriptions.Recorder = (*Recorder)(nil)

// SubscriptionsChanged tells that subscriptions were wished for or ended, or that they could not
// be: how many, in one line whatever their number, and of no patient.
func (r *Recorder) SubscriptionsChanged(ctx context.Context, change subscriptions.Change) {
	event, message, code := auditSubscribed, "Subscriptions are wished for", "wished"
	if change.Ended {
		event, message, code = auditSubscriptionEnded, "A subscription ends", "ended"
	}
	fields := logrus.Fields{"subject": change.Subject, "count": change.Count, "outcome": code}
	line, level := log().WithFields(fields), logrus.InfoLevel
	if change.Failure != nil {
		message, level = "Subscriptions could not be changed", logrus.ErrorLevel
		fields["outcome"] = string(SubscriptionsFailed)
		line = log().WithFields(fields).WithError(change.Failure)
	}
	line.Log(level, message)
	auditEntry(ctx, event, message, fields)
}

// SubscriptionsUnread tells that subscriptions could not be read.
func (r *Recorder) SubscriptionsUnread(failure error) {
	log().WithField("outcome", string(SubscriptionsFailed)).WithError(failure).Error("Subscriptions could not be read")
}
