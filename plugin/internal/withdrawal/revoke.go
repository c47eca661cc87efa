// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"context"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Cause is why tokens end.
type Cause string

// The causes. Each is a label of nuts_mitz_tokens_revoked_total.
const (
	CauseRecordSystem Cause = "record_system" // the data holder's record system asked for it
	CauseRecheck      Cause = "recheck"       // a token was looked at again, and there is no consent any more
	CauseNotification Cause = "notification"  // Mitz told that consent changed, or sent what cannot be read
)

// Causes returns all of them.
func Causes() []Cause { return []Cause{CauseRecordSystem, CauseRecheck, CauseNotification} }

// Revocation is what is told about tokens that end.
type Revocation struct {
	Cause      Cause
	Subject    string             // the data holder's Nuts subject
	DataHolder consent.DataHolder // that subject's
	Patient    consent.BSN        // zero: it was about one token
	Failure    error              // why they may live on; nil: they ended
}

// Recorder is told of every revocation, after it.
type Recorder interface {
	Revoked(ctx context.Context, revocation Revocation)
}
