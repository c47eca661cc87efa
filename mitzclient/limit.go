// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/turns"
)

// queueFactor is how many consults may wait for each that is in progress. With the
// default of 64 at once, 1024 wait: at 100 ms a query they are through in 1.6 s, well
// within the default timeout of 3 s. More of them would wait in vain.
const queueFactor = 16

// limit lets so many consults through at once. The others wait while their context lasts;
// too many waiting are refused at once. One requester has at most half of the turns and half
// of the places in the queue, which is served requester by requester: whatever one of them
// sends, another finds a turn free, or is next.
type limit struct {
	next  Consulter
	turns *turns.Turns[consent.URA]
}

var _ Consulter = (*limit)(nil)

func newLimit(next Consulter, atOnce, queue int) *limit {
	return &limit{next: next, turns: turns.New[consent.URA](turns.Limits{
		Turns: atOnce, Share: (atOnce + 1) / 2, Queue: queue, QueueShare: (queue + 1) / 2,
	})}
}

// Consult waits for its turn. It fails with [Overloaded] when it may not (detail "requester"
// when its requester has too many waiting), and with [Timeout] or [Canceled] when it waited
// in vain (detail "queue"); nothing was sent then.
func (l *limit) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	turn, failure := l.await(ctx, requesterOf(q))
	if failure != nil {
		return Answer{}, failure
	}
	defer turn.GiveBack()
	return l.next.Consult(ctx, q)
}

func (l *limit) await(ctx context.Context, who consent.URA) (*turns.Turn[consent.URA], *Error) {
	turn, err := l.turns.Take(ctx, who)
	switch {
	case errors.Is(err, turns.ShareFull):
		return nil, heldBackError(Overloaded)
	case errors.Is(err, turns.QueueFull):
		return nil, &Error{Code: Overloaded}
	case err != nil:
		return nil, contextError(ctx, "queue")
	case left(ctx) < leastTime:
		turn.GiveBack()
		return nil, contextError(ctx, "queue")
	}
	return turn, nil
}
