// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import "context"

// Change is what the data holder's own systems did with its subscriptions.
type Change struct {
	Subject string // the data holder's Nuts subject
	Ended   bool   // they were ended; false: they were wished for
	Count   int    // how many there are of them
	Failure error  // why nothing changed; nil: it did
}

// Recorder is told of every change, after it, and of the database's failures to read.
type Recorder interface {
	SubscriptionsChanged(ctx context.Context, change Change)
	SubscriptionsUnread(failure error)
}
