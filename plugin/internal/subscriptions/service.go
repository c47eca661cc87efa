// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// DefaultAtOnce is how many messages about subscriptions are with Mitz at once: half of what a
// mitzclient.Link has turns for, which is what it gives to one data holder.
const DefaultAtOnce = 8

// Config is what a [Service] is made of. All of it is needed but what says otherwise.
type Config struct {
	Store store // a [Table]
	Keys  *withdrawal.Keys
	Mitz  Mitz // a mitzclient.Link
	// DataHolder returns whom a Nuts subject stands for by the list in use, and Subjects the
	// subjects on it. What is about another one is kept, and Mitz is not told.
	DataHolder func(subject string) (consent.DataHolder, bool)
	Subjects   func() []string
	// NotifyURL is where Mitz reaches the nodes: a slash and a secret path are put behind it.
	NotifyURL string
	// The systems of the data holders, and the form of notifications: see
	// mitzclient.Subscription.
	GatewaySystem, SourceSystem string
	Payload                     string        // may be empty
	AtOnce                      int           // messages to Mitz; 0 is DefaultAtOnce
	Log                         *logrus.Entry // is told no patient and no secret path
}

// validate fills the defaults and reports what is missing.
func (c Config) validate() (Config, error) {
	if c.Store == nil || c.Keys == nil || c.Mitz == nil || c.DataHolder == nil || c.Subjects == nil || c.Log == nil {
		return c, errors.New("a part of the subscriptions is missing")
	}
	c.NotifyURL = strings.TrimRight(c.NotifyURL, "/")
	if c.NotifyURL == "" {
		return c, errors.New("subscriptions need a notify URL")
	}
	if c.AtOnce < 0 {
		return c, errors.New("fewer than no messages at once")
	}
	c.AtOnce = cmp.Or(c.AtOnce, DefaultAtOnce)
	return c, nil
}

// Service takes wishes, and has one node of a cluster tell Mitz of them. Its methods may be
// called from any goroutine.
type Service struct {
	config Config
	wishes *wishes
	worker *worker
	counts *background.Counted[Counts]
	sql    *sqlTrouble

	running sync.Mutex
	end     context.CancelFunc // nil: not started
	ended   chan struct{}
}

var _ Subscriptions = (*Service)(nil)

// New makes a service that is not started. It fails when a part is missing.
func New(config Config) (*Service, error) {
	config, err := config.validate()
	if err != nil {
		return nil, err
	}
	sql := &sqlTrouble{log: config.Log}
	worker := newWorker(config, sql)
	return &Service{
		config: config, worker: worker, wishes: newWishes(config, sql, worker.look.Ring), counts: background.NewCounted(func(ctx context.Context) (Counts, error) { return config.Store.count(ctx, "") }), sql: sql,
	}, nil
}

// Start begins to write wishes, and to tell Mitz where no other node does. It does nothing
// when it was started.
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
		var both sync.WaitGroup
		both.Go(func() { s.wishes.run(ctx) })
		both.Go(func() { s.worker.run(ctx) })
		both.Wait()
	}(s.ended)
}

// stopGrace is how long a stop waits at the most: a database may hang.
const stopGrace = 5 * time.Second

// Stop ends what Start began. Wishes that wait are written if the SQL database takes them at
// once; messages on their way to Mitz are given up, and are sent again by the node that works
// next. It waits for that, but for seconds at the most, and does nothing when it was not started.
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
		s.config.Log.Error("What is done about subscriptions did not end in time: the node stops without it")
	}
}

// Want wishes for a subscription, when a token is issued on Mitz's word. It never blocks and
// never fails: what the SQL database cannot take now waits in memory, and where too many wait
// the wish is dropped, for the patient's next token to wish it again. What was wished lately
// costs nothing.
func (s *Service) Want(wish Wish) { s.wishes.add(wish) }

// Add keeps wishes in the SQL database. See [Subscriptions].
func (s *Service) Add(ctx context.Context, wishes ...Wish) ([]Subscription, error) {
	waiting := make([]waitingWish, len(wishes))
	for i, wish := range wishes {
		places, err := placesOf(s.config.Keys, wish.Patient, wish.Subject, wish.DataHolder.URA)
		if err != nil {
			return nil, err
		}
		waiting[i] = waitingWish{Wish: wish, places: places}
	}
	kept, err := s.wishes.write(ctx, waiting)
	if err != nil {
		return nil, err
	}
	if kept, err = s.correct(ctx, wishes, kept); err != nil {
		return nil, err
	}
	added := make([]Subscription, len(kept))
	for i, each := range kept {
		added[i] = each.Subscription
	}
	return added, nil
}

// maxPage is how many subscriptions a page has at the most.
const maxPage = 1000

// List returns a page of at most 1000. See [Subscriptions].
func (s *Service) List(ctx context.Context, subject, after string, limit int) (Page, error) {
	limit = max(1, min(limit, maxPage))
	rows, err := s.config.Store.list(ctx, subject, after, limit+1)
	if err != nil {
		return Page{}, err
	}
	page := Page{Subscriptions: make([]Subscription, 0, limit)}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = rows[limit-1].ID
	}
	for _, each := range rows {
		page.Subscriptions = append(page.Subscriptions, each.Subscription)
	}
	page.Counts, err = s.config.Store.count(ctx, subject)
	return page, err
}

// Get returns one. See [Subscriptions].
func (s *Service) Get(ctx context.Context, subject, id string) (Subscription, error) {
	kept, err := s.config.Store.find(ctx, subject, id)
	return kept.Subscription, err
}

// tries is how often a row is changed that somebody else changes at the same moment.
const tries = 10

var errContended = errors.New("others keep changing this subscription")

// End ends a subscription: at once when Mitz was never told of it. See [Subscriptions].
func (s *Service) End(ctx context.Context, subject, id string) error {
	for range tries {
		kept, err := s.config.Store.find(ctx, subject, id)
		if err != nil {
			return err
		}
		s.wishes.forget(kept)
		if kept.State == Ending {
			return nil
		}
		done, err := s.endOthers(ctx, kept)
		if err == nil && done {
			done, err = s.endKept(ctx, kept)
		}
		if err != nil {
			return err
		}
		if done {
			s.worker.look.Ring()
			return nil
		}
	}
	return errContended
}

// endOthers ends the other rows of a row's patient, of which there are some while a key is replaced:
// who ends one of them means the patient. It reports whether nobody else changed one meanwhile.
func (s *Service) endOthers(ctx context.Context, kept row) (bool, error) {
	rows, err := s.config.Store.at(ctx, kept.Subject, s.config.placesOfRow(kept))
	if err != nil {
		return false, err
	}
	for _, each := range rows {
		if each.ID == kept.ID || each.State == Ending {
			continue
		}
		if done, err := s.endKept(ctx, each); err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// endKept ends a row, and reports whether nobody else changed it meanwhile.
func (s *Service) endKept(ctx context.Context, kept row) (bool, error) {
	if kept.isToldOf() {
		return s.config.Store.replace(ctx, kept.in(Ending, time.Now()))
	}
	return s.config.Store.remove(ctx, kept)
}

// isToldOf reports whether Mitz may know the subscription.
func (r row) isToldOf() bool { return r.Told != "" || r.MitzID != "" || r.Former != "" }

// in returns the row as it comes into a state: wished now, and due at once.
func (r row) in(state State, now time.Time) row {
	r.State, r.Since, r.Attempts, r.Failure, r.Wished, r.Due = state, now, 0, "", now, now
	return r
}

// Failing returns why the SQL database cannot be written now, nil when it can. While it lasts
// nothing is lost, but Mitz is not told.
func (s *Service) Failing() error { return s.sql.now() }

// IsWorking reports whether it is this node of its cluster that tells Mitz of subscriptions.
func (s *Service) IsWorking() bool { return s.worker.works.Load() }

// Dropped returns how many wishes were dropped since the start because too many waited.
func (s *Service) Dropped() int64 { return s.wishes.dropped.Load() }

// Counts returns the counts of all subjects, as they were at most a few seconds ago.
func (s *Service) Counts() (Counts, error) { return s.counts.Get() }
