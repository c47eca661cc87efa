// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// Config is a world that runs. All of it is needed but the audit files.
type Config struct {
	Cast           Cast
	World          *harness.World
	Centre         *harness.Node
	CentreSessions *harness.Sessions
	Bus            *events.Bus
	// AuditFiles are the NEN 7513 logs of the data holders, by their keys.
	AuditFiles map[string]string
	// Client is that of the practice's system; nil: the world's.
	Client *http.Client
}

// Scene is the living system. One thing is done at a time: see [Scene.Do] and [Scene.Hold].
type Scene struct {
	cast     Cast
	world    *harness.World
	centre   *harness.Node
	sessions map[string]*harness.Sessions // of the data holders, by their keys
	bus      *events.Bus
	audits   map[string]string
	client   *http.Client // of the practice's system
	records  map[string]*harness.RecordServer
	turn     chan struct{}                 // who has it does something
	first    map[string]harness.Credential // the proofs in the wallet in the beginning

	drain struct { // what was told of Mitz's journal
		sync.Mutex
		queries, subscriptions int
	}

	mu         sync.Mutex // for what follows
	result     *Result
	token      string // of the result; empty: there was none
	strange    bool   // somebody else than the practice asks
	about      string // the patient about whom something is collected; empty: nobody
	informed   bool   // which proofs are needed was told since the last request for a token
	behaviour  string
	registered map[string]harness.Credential // consents that the practice recorded, by patient
	attested   map[string]harness.Credential // what Mitz attested to the practice, by patient
	member     bool                          // the practice has its membership credential
	seen       map[string]Token              // tokens that were ever live, by label
	signatory  bool                          // the authorised signatory is logged in
	unproven   bool                          // Vektis gave no proof: it was not shown that of the CIBG
}

// New opens the scene. It watches until the context ends; the world's end ends all else.
func New(ctx context.Context, config Config) (*Scene, error) {
	s := &Scene{
		cast: config.Cast, world: config.World, centre: config.Centre, sessions: map[string]*harness.Sessions{Hospital: config.World.Sessions, Centre: config.CentreSessions}, bus: config.Bus, audits: config.AuditFiles,
		client: config.World.Client(), records: map[string]*harness.RecordServer{}, turn: make(chan struct{}, 1),
		behaviour: Behaviours()[0],
	}
	if config.Client != nil {
		s.client = config.Client
	}
	s.forget()
	for holder, node := range map[string]*harness.Node{Hospital: s.world.DataHolder, Centre: s.centre} {
		server, err := s.world.StartRecordServer("web-records-"+holder, harness.RecordServerConfig{
			Node: node.WatchedAPI(s.seenByNode(holder)), URA: consent.URA(s.cast.holder(holder).URA),
			Scopes: []string{s.cast.Scope}, Category: s.cast.Category, Patients: s.cast.records(holder),
		})
		if err != nil {
			return nil, err
		}
		s.records[holder] = server
		node.Watch(s.seenAtDoor(holder))
	}
	s.watchIssuers()
	if err := s.keepProofs(ctx); err != nil {
		return nil, err
	}
	s.drain.queries, s.drain.subscriptions = len(s.mitz().Queries()), len(s.mitz().Subscriptions())
	s.follow(ctx)
	return s, nil
}

func (s *Scene) mitz() *mitztest.Simulator { return s.world.Mitz.Simulator }

// forget empties what is known of earlier actions. The caller holds s.mu, or is alone.
func (s *Scene) forget() {
	s.result, s.token, s.member, s.signatory, s.unproven = nil, "", false, false, false
	s.registered, s.attested = map[string]harness.Credential{}, map[string]harness.Credential{}
	if s.seen == nil {
		s.seen = map[string]Token{}
	}
}

// ErrBusy says that something else is being done.
var ErrBusy = errors.New("something else is being done")

// Hold waits for the turn to do something, and returns how to give it back. The error is
// [ErrBusy].
func (s *Scene) Hold(ctx context.Context) (release func(), err error) {
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, ErrBusy
	}
}

// Action is something that a page asks for. What it does not need stays empty.
type Action struct {
	Name     string // one of the constants below
	Patient  string // key
	Holder   string // key
	Category string // code
	Kind     string // code
	Decision string // permit, deny or none
	Conduct  string // of [Behaviours]
	Proof    string // of [Proofs]
}

// The names of actions.
const (
	ActAsk       = "ask"        // the practice asks for a record
	ActReadAgain = "read-again" // the practice uses its token once more
	ActRegister  = "register"   // the practice asks the patient, and records the consent
	ActChoose    = "choose"     // the patient chooses in Mitz
	ActConduct   = "conduct"    // Mitz is broken, or mended
	ActReset     = "reset"      // everything as in the beginning
	ActLogin     = "login"      // the practice's authorised signatory logs in
	ActLogout    = "logout"
	ActObtain    = "obtain" // the practice asks for a proof of what it is
	ActRemove    = "remove" // and takes it out of its wallet
)

// ErrUnknown says that an action is about something that is not there.
var ErrUnknown = errors.New("there is no such thing to do")

var errNoProof = errors.New("the practice's proofs are not as in the beginning, or none came")

// turnTime is how long an action waits for its turn.
const turnTime = 5 * time.Second

// Do does what a page asks for, when it is its turn.
func (s *Scene) Do(ctx context.Context, action Action) error {
	waiting, cancel := context.WithTimeout(ctx, turnTime)
	release, err := s.Hold(waiting)
	cancel()
	if err != nil {
		return err
	}
	defer release()
	patient := s.cast.patient(action.Patient)
	switch action.Name {
	case ActReset:
		return s.Reset(ctx)
	case ActConduct:
		return s.Conduct(action.Conduct)
	case ActReadAgain:
		return s.ReadAgain(ctx)
	case ActLogin, ActLogout:
		s.Sign(action.Name == ActLogin)
		return nil
	case ActObtain:
		return s.Obtain(ctx, action.Proof)
	case ActRemove:
		return s.Remove(ctx, action.Proof)
	}
	if patient == nil {
		return ErrUnknown
	}
	switch action.Name {
	case ActAsk:
		return s.Ask(ctx, patient.Key)
	case ActRegister:
		return s.Register(ctx, patient.Key)
	case ActChoose:
		return s.Choose(ctx, Choice{patient.Key, action.Holder, action.Category, action.Kind, action.Decision})
	default:
		return ErrUnknown
	}
}

// Conduct breaks Mitz in a way, or mends it. The caller has the turn, as for all that follows.
func (s *Scene) Conduct(name string) error {
	for _, each := range behaviours {
		if each.name != name {
			continue
		}
		s.mitz().Behave()
		s.mitz().Misbehave(each.is)
		s.mu.Lock()
		s.behaviour = name
		s.mu.Unlock()
		s.bus.Publish(events.Event{From: events.Mitz, To: events.Mitz, Kind: "conduct-" + name})
		return nil
	}
	return ErrUnknown
}
