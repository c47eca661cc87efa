// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"errors"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
)

func TestAChangeOfSubscriptionsIsOneLineAndOneEntry(t *testing.T) {
	refused := errors.New("refused")
	for _, tc := range []struct {
		name    string
		change  subscriptions.Change
		event   string
		outcome string
		level   logrus.Level
		error   any
	}{
		{"subscribed", subscriptions.Change{Subject: "hospital-east", Count: 1000}, "MitzSubscribed", "wished", logrus.InfoLevel, nil},
		{"ended", subscriptions.Change{Subject: "hospital-east", Ended: true, Count: 1}, "MitzSubscriptionEnded", "ended", logrus.InfoLevel, nil},
		{"not subscribed", subscriptions.Change{Subject: "hospital-east", Count: 3, Failure: refused}, "MitzSubscribed", "subscriptions_failed", logrus.ErrorLevel, refused},
		{"not ended", subscriptions.Change{Subject: "hospital-east", Ended: true, Count: 1, Failure: refused}, "MitzSubscriptionEnded", "subscriptions_failed", logrus.ErrorLevel, refused},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lines, entries := audit.CaptureLogs(t, logrus.StandardLogger()).Hook, audit.CaptureAuditLogs(t).Hook
			New(time.Now).SubscriptionsChanged(t.Context(), tc.change)
			require.Len(t, lines.AllEntries(), 1)
			require.Len(t, entries.AllEntries(), 1)
			line, entry := lines.LastEntry(), entries.LastEntry()
			assert.Equal(t, tc.level, line.Level)
			assert.Equal(t, tc.error, line.Data[logrus.ErrorKey])
			assert.Equal(t, tc.event, entry.Data["event"])
			assert.NotContains(t, entry.Data, logrus.ErrorKey)
			for _, told := range []*logrus.Entry{line, entry} {
				assert.Equal(t, "hospital-east", told.Data["subject"])
				assert.Equal(t, tc.change.Count, told.Data["count"])
				assert.Equal(t, tc.outcome, told.Data["outcome"])
			}
		})
	}
}

func TestSubscriptionsThatCannotBeReadAreTold(t *testing.T) {
	lines, entries := audit.CaptureLogs(t, logrus.StandardLogger()).Hook, audit.CaptureAuditLogs(t).Hook
	New(time.Now).SubscriptionsUnread(errors.New("refused"))
	require.Len(t, lines.AllEntries(), 1)
	assert.Equal(t, logrus.ErrorLevel, lines.LastEntry().Level)
	assert.Equal(t, "subscriptions_failed", lines.LastEntry().Data["outcome"])
	assert.Empty(t, entries.AllEntries())
}
