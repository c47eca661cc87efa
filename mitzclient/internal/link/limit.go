// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"errors"

	"github.com/nuts-mitz/nuts-mitz/internal/turns"
)

// queueFactor is how many calls may wait for each that is in progress. With the
// default of 64 at once, 1024 wait: at 100 ms each they are through in 1.6 s, well
// within the default timeout of 3 s. More of them would wait in vain.
const queueFactor = 16

// limit lets so many calls through at once. The others wait while their context lasts;
// too many waiting are refused at once. One party has at most half of the turns and half
// of the places in the queue, which is served party by party: whatever one of them
// sends, another finds a turn free, or is next.
type limit struct {
	next  exchanger
	turns *turns.Turns[string]
}

var _ exchanger = (*limit)(nil)

func newLimit(next exchanger, atOnce, queue int) *limit {
	return &limit{next: next, turns: turns.New[string](turns.Limits{
		Turns: atOnce, Share: (atOnce + 1) / 2, Queue: queue, QueueShare: (queue + 1) / 2,
	})}
}

// Exchange waits for its turn. It fails with [Overloaded] when it may not (detail "requester"
// when its party has too many waiting), and with [Timeout] or [Canceled] when it waited
// in vain (detail "queue"); nothing was sent then.
func (l *limit) Exchange(ctx context.Context, c Call) *Failure {
	turn, failure := l.await(ctx, c.By)
	if failure != nil {
		return failure
	}
	defer turn.GiveBack()
	return l.next.Exchange(ctx, c)
}

func (l *limit) await(ctx context.Context, who string) (*turns.Turn[string], *Failure) {
	turn, err := l.turns.Take(ctx, who)
	switch {
	case errors.Is(err, turns.ShareFull):
		return nil, heldBack(Overloaded)
	case errors.Is(err, turns.QueueFull):
		return nil, &Failure{Code: Overloaded}
	case err != nil:
		return nil, Ended(ctx, "queue")
	case Left(ctx) < leastTime:
		turn.GiveBack()
		return nil, Ended(ctx, "queue")
	}
	return turn, nil
}
