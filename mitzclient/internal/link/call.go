// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import "context"

// Call is one request to Mitz on its way through an [Operation].
type Call struct {
	// By is the party that causes it, such as the URA of the organisation on whose behalf a
	// query is asked. An operation is fair by it.
	By string
	// About is whom the message is about, for [Budget.PerMinute]; nil: nobody in particular.
	About Subject
	// Send sends the message once and returns how that failed, or nil. It ends when ctx
	// does. It is called a second time when the call is repeated; each message has a request
	// id of its own.
	Send func(ctx context.Context) *Failure
	// Repeating is called when the message failed in passing and is to be sent once more. It
	// may be nil.
	Repeating func(failed *Failure)
}

// Subject is somebody whom messages are about, such as a patient. An operation keeps nothing
// of a subject but what Keyed returns: a hash under a key, of the subject and of a text
// beside it.
type Subject interface {
	Keyed(key [32]byte, beside string) [32]byte
}

// exchanger does one call. Decorators around one make an [Operation].
type exchanger interface {
	// Exchange returns why the call failed, or nil. It may be called from many goroutines,
	// and ends when ctx does.
	Exchange(ctx context.Context, c Call) *Failure
}

// sender is the innermost exchanger.
type sender struct{}

var _ exchanger = sender{}

// Exchange sends the call's message.
func (sender) Exchange(ctx context.Context, c Call) *Failure { return c.Send(ctx) }
