// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// Mitz is told of registrations. The errors are a mitzclient.Error.
type Mitz interface {
	// RegisterConsent has Mitz accept a consent. The same again changes nothing.
	RegisterConsent(ctx context.Context, consent mitzclient.ConsentRegistration) error
	// UnprocessedConsents returns how many consents that Mitz accepted from a data holder are
	// not in force yet.
	UnprocessedConsents(ctx context.Context, dataHolder consent.URA) (int, error)
}

var _ Mitz = (*mitzclient.Link)(nil)

// Withdrawals tell when consent was withdrawn.
type Withdrawals interface {
	// Last returns when something that a question is about was withdrawn last; zero: never, as far
	// as that is kept. On an error nobody can tell.
	Last(ctx context.Context, question consent.Question) (time.Time, error)
}

// Config is what a [Service] is made of. All of it is needed but what says otherwise.
type Config struct {
	Store store // a [Table]
	Keys  *withdrawal.Keys
	// Withdrawals tell when consent was withdrawn.
	Withdrawals Withdrawals
	Mitz        Mitz          // a mitzclient.Link; nil: what is kept from now on is not registered
	Log         *logrus.Entry // is told no patient
}

// Service keeps registrations, and has one node of a cluster register them at Mitz. Its methods
// may be called from any goroutine.
type Service struct {
	config Config
	worker *worker
	counts *background.Counted[Counts]

	running sync.Mutex
	end     context.CancelFunc // nil: not started
	ended   chan struct{}
}

// New makes a service that is not started. It fails when a part is missing.
func New(config Config) (*Service, error) {
	if config.Store == nil || config.Keys == nil || config.Withdrawals == nil || config.Log == nil {
		return nil, errors.New("a part of the evidence is missing")
	}
	return &Service{config: config, worker: newWorker(config), counts: background.NewCounted(config.Store.count)}, nil
}

// keepTimeout is how long the SQL database has to keep a registration: a token waits for it.
const keepTimeout = 5 * time.Second

// Keep returns when a registration is in the SQL database, and then it stays there: whatever
// happens, this is what a token rests on. The same again changes nothing. The error holds
// nothing of it.
func (s *Service) Keep(ctx context.Context, registration Registration) error {
	state := Kept
	if s.config.Mitz != nil {
		state = Waiting
	}
	fresh, err := rowOf(s.config.Keys, registration, state, time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	if err := s.config.Store.add(ctx, fresh); err != nil {
		return err
	}
	s.worker.look.Ring()
	return nil
}

// KeptSince returns since when a registration of a subject is kept, by its credential as it was
// presented; zero: it is not.
func (s *Service) KeptSince(ctx context.Context, subject string, dataHolder consent.URA, credential string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	return s.config.Store.keptSince(ctx, rowID(subject, dataHolder, credential))
}

// Start begins to register at Mitz, where no other node does. It does nothing when it was
// started.
func (s *Service) Start() {
	s.running.Lock()
	defer s.running.Unlock()
	if s.end != nil {
		return
	}
	var ctx context.Context
	ctx, s.end = context.WithCancel(context.Background())
	s.ended = make(chan struct{})
	go func(ended chan<- struct{}) {
		defer close(ended)
		s.worker.run(ctx)
	}(s.ended)
}

// stopGrace is how long a stop waits at the most: a database may hang.
const stopGrace = 5 * time.Second

// Stop ends what Start began. A message on its way to Mitz is given up, and is sent again by the
// node that works next. It does nothing when it was not started.
func (s *Service) Stop() {
	s.running.Lock()
	defer s.running.Unlock()
	if s.end == nil {
		return
	}
	s.end()
	s.end = nil
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-s.ended:
	case <-timer.C:
		s.config.Log.Error("What is done about registrations did not end in time: the node stops without it")
	}
}

// Failing returns why what is done in the background fails at the SQL database now, nil when it
// does not.
func (s *Service) Failing() error {
	if failing := s.worker.failing.Load(); failing != nil {
		return *failing
	}
	return nil
}

// IsWorking reports whether it is this node of its cluster that registers at Mitz.
func (s *Service) IsWorking() bool { return s.worker.works.Load() }

// Counts returns the counts, as they were at most a few seconds ago.
func (s *Service) Counts() (Counts, error) { return s.counts.Get() }
