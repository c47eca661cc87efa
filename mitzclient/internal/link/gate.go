// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
)

// gate refuses at the door what would be refused inside, so that it need not wait
// for its turn first. It counts nothing, and inside it is asked again.
type gate struct {
	next      exchanger
	pause     *pause
	breaker   *breaker
	frequency *frequency
}

var _ exchanger = (*gate)(nil)

// Exchange fails with [RateLimited], [CircuitOpen] or [TooManyQueries].
func (g *gate) Exchange(ctx context.Context, c Call) *Failure {
	if failure := g.pause.refusal(c.By); failure != nil {
		return failure
	}
	if failure := g.breaker.refusal(c.By); failure != nil {
		return failure
	}
	if failure := g.frequency.refusal(c); failure != nil {
		return failure
	}
	return g.next.Exchange(ctx, c)
}
