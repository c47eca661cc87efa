// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Signer signs summaries with a key that whoever can write the file does not have.
type Signer interface {
	// Sign returns a JWS in compact form (RFC 7515) whose header "jwk" has the public key. It is
	// called from a goroutine of its own, one at a time.
	Sign(ctx context.Context, payload []byte) (jws string, err error)
}

const (
	// signEvery is how many entries one signature is for at the most, while signing works.
	signEvery = 1000
	// signAfter is how long an entry waits for a signature.
	signAfter = time.Hour
	// signAgainAfter is how long after a failure a signature is asked for again.
	signAgainAfter = time.Minute
	// signPatience is how long a signature may take.
	signPatience = 30 * time.Second
	// lastPatience is how long the end of the log waits for its last signature.
	lastPatience = 3 * time.Second
)

// Summary is what a signature vouches for: the entry at this place, and all before it.
type Summary struct {
	Chain  string    `json:"chain"`
	Number uint64    `json:"number"`
	Hash   string    `json:"hash"`
	Time   time.Time `json:"time"`
}

// summary is what the writer knows of signatures.
type summary struct {
	unsigned int       // entries for which there is none, those that hold one not counted
	since    time.Time // of the oldest of them
	covered  int       // of the unsigned, those for which one is being made
	asked    time.Time // since when one is being made; zero: none is
	retry    time.Time // not before then
	result   chan signature
	ready    *pending // to be written
}

// errNoSignature is why nothing is signed when the signer does not even end in time.
var errNoSignature = errors.New("the signature takes too long")

// signature is what came of an attempt.
type signature struct {
	place Place
	jws   string
	err   error
}

// count counts an entry that was written.
func (s *summary) count(p *pending) {
	if p.signs {
		return
	}
	if s.unsigned == 0 {
		s.since = time.Now()
	}
	s.unsigned++
}

// waits reports whether there is something to sign that is not being signed.
func (s *summary) waits() bool { return s.unsigned > 0 && s.asked.IsZero() }

// due returns when the next signature is to be asked for.
func (s *summary) due() time.Time {
	due := s.since.Add(signAfter)
	if s.unsigned >= signEvery {
		due = s.since
	}
	if due.Before(s.retry) {
		return s.retry
	}
	return due
}

// take returns the entry with a signature that is to be written, if there is one.
func (s *summary) take() *pending {
	ready := s.ready
	s.ready = nil
	return ready
}

// signIfDue has the chain signed when it is time. It does not wait for that: the entry with
// the signature follows when it is there.
func (l *Log) signIfDue() {
	s := &l.writer.summary
	if l.signer != nil && s.waits() && !time.Now().Before(s.due()) {
		l.sign(signPatience)
	}
}

func (l *Log) sign(patience time.Duration) {
	s, place := &l.writer.summary, l.writer.place
	s.asked, s.covered, s.result = time.Now(), s.unsigned, make(chan signature, 1)
	go func(result chan<- signature) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		overdue := time.AfterFunc(patience, func() { l.signing.CompareAndSwap(nil, &errNoSignature) })
		defer overdue.Stop()
		jws, err := sign(ctx, l.signer, Summary{place.Chain, place.Number, place.Hash, time.Now().UTC()})
		result <- signature{place, jws, err}
	}(s.result)
}

func sign(ctx context.Context, signer Signer, summary Summary) (jws string, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("panic while signing")
		}
	}()
	payload, err := json.Marshal(summary)
	if err != nil {
		return "", err
	}
	if jws, err = signer.Sign(ctx, payload); err != nil {
		return "", err
	}
	signed, _, err := checkSignature(jws)
	if err == nil && (signed.Chain != summary.Chain || signed.Number != summary.Number || signed.Hash != summary.Hash) {
		err = errPayload
	}
	return jws, err // nothing is written that cannot be verified
}

// signed takes in what came of an attempt.
func (l *Log) signed(result signature) {
	s := &l.writer.summary
	asked := s.asked
	s.asked, s.result = time.Time{}, nil
	event, err := json.Marshal(Entry{
		Time: time.Now(), Action: Signed, Outcome: Success, Code: "signed", signature: result.jws,
	}.event())
	if err == nil && len(event)+maxSeal > maxLine {
		err = errLong
	}
	failed := l.signing.Load() != nil
	if err := errors.Join(result.err, err); err != nil {
		s.retry = time.Now().Add(signAgainAfter)
		l.signing.Store(&err)
		if !failed {
			l.hooks.SigningChanged(err)
		}
		return
	}
	s.unsigned -= s.covered
	s.since = asked
	s.ready = &pending{event: event, signs: true, vouches: result.place, done: make(chan error, 1)}
	l.poke()
	if l.signing.Swap(nil) != nil {
		l.hooks.SigningChanged(nil)
	}
}

// signTheLast has what is not signed yet signed at the end of the log. It does not wait
// long: an end without a signature is one that says less, and nothing is lost.
func (l *Log) signTheLast() {
	s := &l.writer.summary
	deadline := time.After(lastPatience)
	for l.signer != nil && l.writer.failing.IsZero() && s.unsigned > 0 {
		if s.asked.IsZero() {
			l.sign(lastPatience)
		}
		select {
		case result := <-s.result:
			l.signed(result)
			if result.err != nil {
				return
			}
			l.round()
		case <-deadline:
			return
		}
	}
	if s.ready != nil {
		l.round()
	}
}

// SigningFailure returns why the last summary was not signed, or nil. It becomes nil by
// itself when one can be signed again.
func (l *Log) SigningFailure() error {
	if failure := l.signing.Load(); failure != nil {
		return *failure
	}
	return nil
}
