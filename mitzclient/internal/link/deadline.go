// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"math"
	"time"
)

// leastTime is what a message needs at the least. With less left none is begun: Mitz would
// act on it (a query is recorded and shown to the patient), and its answer would come too late.
const leastTime = 100 * time.Millisecond

// deadline gives a whole call one end, everything included: waiting for its
// turn, connecting, a retry, reading. An earlier end of the caller's stays.
type deadline struct {
	next    exchanger
	timeout time.Duration
}

var _ exchanger = (*deadline)(nil)

// Exchange ends within the timeout.
func (d *deadline) Exchange(ctx context.Context, c Call) *Failure {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	return d.next.Exchange(ctx, c)
}

// Left returns how long ctx lasts.
func Left(ctx context.Context) time.Duration {
	if end, limited := ctx.Deadline(); limited {
		return time.Until(end)
	}
	return math.MaxInt64
}
