// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// gate refuses at the door what would be refused inside, so that it need not wait
// for its turn first. It counts nothing, and inside it is asked again.
type gate struct {
	next      Consulter
	pause     *pause
	breaker   *breaker
	frequency *frequency
}

var _ Consulter = (*gate)(nil)

// Consult fails with [RateLimited], [CircuitOpen] or [TooManyQueries].
func (g *gate) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	who := requesterOf(q)
	if failure := g.pause.refusal(who); failure != nil {
		return Answer{}, failure
	}
	if failure := g.breaker.refusal(who); failure != nil {
		return Answer{}, failure
	}
	if failure := g.frequency.refusal(q); failure != nil {
		return Answer{}, failure
	}
	return g.next.Consult(ctx, q)
}
