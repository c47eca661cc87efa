// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"math"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// leastTime is what a query needs at the least. With less left none is begun: it
// would be recorded and shown to the patient, and its answer would come too late.
const leastTime = 100 * time.Millisecond

// deadline gives a whole consult one end, everything included: waiting for its
// turn, connecting, a retry, reading. An earlier end of the caller's stays.
type deadline struct {
	next    Consulter
	timeout time.Duration
}

var _ Consulter = (*deadline)(nil)

// Consult ends within the timeout.
func (d *deadline) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	return d.next.Consult(ctx, q)
}

// left is how long ctx lasts.
func left(ctx context.Context) time.Duration {
	if end, limited := ctx.Deadline(); limited {
		return time.Until(end)
	}
	return math.MaxInt64
}
