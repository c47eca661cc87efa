// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package auditcommand

import (
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
)

// change is what happened to access about a patient while nobody asked for it.
type change string

const (
	changeTold   change = "told"   // Mitz told that consent changed
	changeEnded  change = "ended"  // the data holder ended it
	changeFailed change = "failed" // it was to end, and could not be ended
)

// changed is one of them, at a time.
type changed struct {
	at   time.Time
	what change
}

// changes returns what happened without a request. Where Mitz told, the tokens that ended for it
// have an entry too, which says no more.
func changes(entries []nen7513.Entry) (all []changed) {
	for _, entry := range entries {
		byNotification := entry.Action == nen7513.Notification
		switch {
		case entry.Question != nil || !byNotification && entry.Action != nen7513.TokensRevoked:
		case byNotification && entry.Outcome == nen7513.Success:
			all = append(all, changed{entry.Time, changeTold})
		case entry.Action == nen7513.TokensRevoked && entry.Outcome != nen7513.Success:
			all = append(all, changed{entry.Time, changeFailed})
		case entry.Action == nen7513.TokensRevoked && entry.Code != codeNotification:
			all = append(all, changed{entry.Time, changeEnded})
		}
	}
	return all
}

// codeNotification is the code of tokens that ended since Mitz told so.
const codeNotification = "notification"
