// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

const (
	// defaultPause is for an answer 429 that names no time.
	defaultPause = time.Second
	// maxPause bounds what an answer can ask for: no single header may stop the
	// exchange of care data for a day.
	maxPause = 5 * time.Minute
)

// pause leaves Mitz alone when it answered with status 429 (RFC 6585, section 4),
// for as long as it asked: consults are refused at once, none is kept waiting. The
// consult that met the 429 fails with it and is not repeated: a second in which
// Mitz can be asked again rarely fits in what is left of a token request, and holding
// consults back for it would send them all at the same moment.
type pause struct {
	next   Consulter
	paused func(time.Duration) // may be nil
	until  atomic.Pointer[time.Time]
}

var _ Consulter = (*pause)(nil)

// Consult fails with [RateLimited] while the pause lasts; nothing was sent then.
func (p *pause) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	if failure := p.refusal(); failure != nil {
		return Answer{}, failure
	}
	answer, err := p.next.Consult(ctx, q)
	if failure, failed := errors.AsType[*Error](err); failed && failure.Status == http.StatusTooManyRequests {
		p.extend(failure.RetryAfter)
	}
	return answer, err
}

// refusal is nil when a consult would be let through now.
func (p *pause) refusal() *Error {
	until := p.until.Load()
	if until == nil {
		return nil
	}
	if rest := time.Until(*until); rest > 0 {
		return &Error{Code: RateLimited, RetryAfter: rest}
	}
	return nil
}

// extend never makes a pause end earlier.
func (p *pause) extend(asked time.Duration) {
	if asked == 0 {
		asked = defaultPause
	}
	asked = min(asked, maxPause)
	until := time.Now().Add(asked)
	for {
		before := p.until.Load()
		if before != nil && !until.After(*before) {
			return
		}
		if p.until.CompareAndSwap(before, &until) {
			break
		}
	}
	if p.paused != nil {
		p.paused(asked)
	}
}
