// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"errors"
	"net/http"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
)

// Why Mitz is not told, besides the codes of mitzclient.
const (
	FailureKeyUnknown = "key_unknown" // the evidence is encrypted with a key that is not in the file any more
	failureUnknown    = "unknown"     // an error that is none of mitzclient's
)

const (
	// A registration is sent again after so long, and later after each failure.
	minAgain, maxAgain = 10 * time.Second, time.Hour
	// One that Mitz does not take is sent again after so long, likewise.
	minRefused, maxRefused = time.Hour, 24 * time.Hour
	// Whether it is in force is asked again after so long, likewise.
	minFollow, maxFollow = 15 * time.Second, time.Hour
	// Mitz is left alone for so long when it fails, likewise.
	minMitzPause, maxMitzPause = 10 * time.Second, 5 * time.Minute
	// maxAsked is for how long it is left alone at the most because it asked.
	maxAsked   = time.Hour
	maxFailure = 64 // bytes
	// notFHIR is the detail of an answer that a proxy may have given.
	notFHIR = "not_fhir"
)

// failure is why Mitz was not told.
type failure struct {
	code      string
	requestID string
	asked     time.Duration // for how long Mitz asked to be left alone; 0: it did not
	refused   bool          // Mitz answered that it does not take this one; else it may take none now
}

// failureOf reads an error of [Mitz].
func failureOf(err error) failure {
	cause, ok := errors.AsType[*mitzclient.Error](err)
	if !ok {
		return failure{code: failureUnknown}
	}
	code := string(cause.Code)
	if cause.Detail != "" {
		code += "/" + cause.Detail
	}
	f := failure{code: code[:min(len(code), maxFailure)], requestID: cause.RequestID, asked: cause.RetryAfter}
	switch cause.Code {
	case mitzclient.InvalidRegistration:
		f.refused = true
	case mitzclient.HTTPStatus:
		switch cause.Status {
		case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
			f.refused = cause.Detail != notFHIR
		}
	default: // Mitz may take it later
	}
	return f
}

// pause is when Mitz is left alone. It is used by one goroutine.
type pause struct {
	until  time.Time
	inARow int
}

func (p *pause) left() time.Duration { return max(0, time.Until(p.until)) }

// begin begins a pause, twice as long as the last one, or as long as Mitz asked for. It reports
// whether there was a good answer before.
func (p *pause) begin(asked time.Duration) bool {
	p.inARow++
	lasts := background.Jitter(background.Doubled(minMitzPause, maxMitzPause, p.inARow))
	if asked > 0 {
		lasts = max(lasts, background.JitterAfter(min(asked, maxAsked)))
	}
	p.until = time.Now().Add(lasts)
	return p.inARow == 1
}

// end takes note of a good answer, and reports whether there was none before.
func (p *pause) end() bool {
	paused := p.inARow > 0
	*p = pause{}
	return paused
}
