// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Consulter asks Mitz one question. A call may be made from many goroutines; it
// ends when ctx does. An error is an [*Error].
type Consulter interface {
	Consult(ctx context.Context, q consent.Question) (Answer, error)
}

// Answer is what Mitz decided about a question.
type Answer struct {
	// RequestID is the uuid under which Mitz knows the query: it was sent as
	// X-Request-Id and as wsa:MessageID. It is set beside an error too, and empty
	// only when nothing was sent.
	RequestID string
	// Attempts is how many queries were begun: 2 after a retry, else 1, and 0
	// beside an error that kept the query from being sent.
	Attempts int
	// Decisions has exactly the categories of the question. A decision may be
	// Indeterminate or NotApplicable; only Permit permits.
	Decisions consent.Decisions
}
