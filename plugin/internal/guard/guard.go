// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// Token is an access token that the node wants to store, with what it verified for it.
type Token interface {
	// Subject is the Nuts subject that issues it; empty when that is none of this node's.
	Subject() string
	// Scope is what was asked for, as it was sent.
	Scope() string
	// Claims are what presentation definitions wrote into it. They are not changed.
	Claims() map[string]any
	// Presenters are the DIDs that signed the presentations.
	Presenters() []string
	// Evidence closes what the node left open about the presentations, and returns what is
	// known then. Its error is a [*policy.Refusal], or trouble.
	Evidence(ctx context.Context) (policy.Evidence, error)
	// Uses are what the token rests on that can be used once; at least one.
	Uses() ([]once.ID, error)

	// Store stores it as it is.
	Store() error
	// StoreWith stores it with another scope, claims besides its own, and what only this
	// node's store shows.
	StoreWith(scope string, claims map[string]any, beside Beside) error
	// Clear takes away what may have been stored: a database that is reached over a network
	// can fail to say so.
	Clear()
}

// Beside is what is stored with a token and is in no introspection answer.
type Beside struct {
	// Stamp holds the marks that there were before consent was looked for.
	Stamp withdrawal.Stamp
	// Asked is what it takes to look for consent again; nil: nobody does.
	Asked *policy.Asked
}

// Wishes are that data holders are told when the consent of a patient changes.
type Wishes interface {
	// Want takes a wish. It returns at once, and tells nobody what becomes of it: a token is
	// waiting.
	Want(wish subscriptions.Wish)
}

// Parts are what a guard works with. All are needed.
type Parts struct {
	Policy  *policy.Policy
	Grounds *policy.Grounds
	// Definitions looks up the presentation definitions of every scope.
	Definitions func(ctx context.Context) policy.DefinitionOf
	Once        once.Claims
	Marks       *withdrawal.Marks
	Recorder    *record.Recorder
	Requests    *drain.Drain // those for guarded tokens
	Now         func() time.Time
	Wishes      Wishes // nil: there may be no profile that subscribes
	Keeper      Keeper // nil: there may be no profile with the ground consent-registration
}

// Guard decides about tokens. Its methods may be called from any goroutine.
type Guard struct{ Parts }

// New returns a guard. It fails when a part is missing.
func New(parts Parts) (*Guard, error) {
	if parts.Policy == nil || parts.Grounds == nil || parts.Definitions == nil || parts.Once == nil || parts.Marks == nil ||
		parts.Recorder == nil || parts.Requests == nil || parts.Now == nil || parts.Wishes == nil && parts.Policy.Subscribes() ||
		parts.Keeper == nil && parts.Policy.TakesRegistrations() {
		return nil, errors.New("a part of the guard is missing")
	}
	return &Guard{Parts: parts}, nil
}

// Issue is the one way in which a token comes into being. It decides, writes the entry, keeps
// the consent that the requester recorded, if the token rests on one, stores the token, and tells
// what happened, in this order: the entry is on disk before there is a token, and another corrects
// it when there is none after all. A token in which nothing is guarded is stored as it is.
//
// A refusal is an [oauth.OAuth2Error], and then there is no token. Other errors are the
// store's, about a token that is not guarded.
func (g *Guard) Issue(ctx context.Context, token Token) error {
	screening, err := g.Policy.Screen(token.Scope(), token.Claims(), g.Definitions(ctx))
	if err != nil {
		return g.refuse(ctx, token, err)
	}
	switch found := screening.(type) {
	case policy.Unguarded:
		return token.Store()
	case policy.Guarded:
		return g.issueGuarded(ctx, found.Profile, token)
	default:
		return g.refuse(ctx, token, errUnscreened)
	}
}

// IssueOutsideRequest stores a token where there is no token request, if nothing in it is
// guarded.
func (g *Guard) IssueOutsideRequest(token Token) error {
	ctx := context.Background()
	screening, err := g.Policy.Screen(token.Scope(), token.Claims(), g.Definitions(ctx))
	if err != nil {
		return g.refuse(ctx, token, err)
	}
	if screening == (policy.Unguarded{}) {
		return token.Store()
	}
	return g.refuse(ctx, token, record.OutsideRequest)
}

var errUnscreened = errors.New("a screening that is not known")

// refuse refuses a token of which no guarded scope is known.
func (g *Guard) refuse(ctx context.Context, token Token, cause error) error {
	g.begin(token, "").Refused(ctx, cause)
	return oauthError(cause)
}

// begin begins the record. Whatever the issuer says that is no data holder of ours is not
// repeated.
func (g *Guard) begin(token Token, scope string) *record.Decision {
	request := record.Request{Presenters: token.Presenters(), Scope: scope}
	if _, listed := g.Policy.Lists().DataHolder(token.Subject()); listed {
		request.Subject = token.Subject()
	}
	return g.Recorder.Begin(request)
}

func (g *Guard) issueGuarded(ctx context.Context, profile *policy.Profile, token Token) error {
	decision := g.begin(token, profile.Scope)
	ctx, done, running := g.Requests.Begin(ctx)
	defer done() // not before the last entry: the stop waits for it
	var err error = record.NotRunning
	if running {
		err = g.permitAndStore(ctx, profile, token, decision)
	}
	if err != nil {
		decision.Refused(ctx, err)
		return oauthError(err)
	}
	return nil
}

// permitAndStore ends with a token in the store, or with the cause why there is none.
func (g *Guard) permitAndStore(ctx context.Context, profile *policy.Profile, token Token, decision *record.Decision) (cause error) {
	stored := false
	defer func() {
		if recover() != nil {
			g.Recorder.Panic("Panic while issuing a token")
			cause = record.Panicked
		}
		if cause != nil && stored {
			clearQuietly(token)
		}
	}()
	permission, stamp, err := g.permit(ctx, profile, token, decision)
	if err != nil {
		return err
	}
	claims, err := permission.Claims()
	if err != nil {
		return err
	}
	if err := decision.Announce(ctx); err != nil {
		return err
	}
	if err := g.keep(ctx, permission, token); err != nil {
		return err
	}
	stored = true // as far as can be known, from here on
	if err := token.StoreWith(strings.Join(policy.SplitScope(token.Scope()), " "), claims, Beside{stamp, permission.Asked()}); err != nil {
		return fmt.Errorf("%w: %w", record.NotStored, err)
	}
	decision.Issued(ctx)
	g.wish(permission, token)
	return nil
}

// wish wishes for a subscription where the permission says so. Whatever becomes of it, there is
// a token by now: a panic does not take that away.
func (g *Guard) wish(permission *policy.Permission, token Token) {
	defer func() {
		if recover() != nil {
			g.Recorder.Panic("Panic while wishing for a subscription")
		}
	}()
	if !permission.Subscribes() {
		return
	}
	question := permission.Question()
	g.Wishes.Want(subscriptions.Wish{Patient: question.Patient, Subject: token.Subject(), DataHolder: question.DataHolder})
}

// permit is the decision, in the order of docs/architecture.md. Every error means that
// nothing may be stored.
func (g *Guard) permit(ctx context.Context, profile *policy.Profile, token Token, decision *record.Decision) (*policy.Permission, withdrawal.Stamp, error) {
	evidence, err := token.Evidence(ctx)
	if err != nil {
		return nil, nil, err
	}
	evidence.Subject, evidence.Now = token.Subject(), g.Now()
	decision.Presented(evidence.Credentials)
	c, err := g.Policy.Case(profile, evidence)
	if err != nil {
		return nil, nil, err
	}
	decision.Asks(c.Question())
	if err := g.use(ctx, token); err != nil { // before the query, which the patient would see
		return nil, nil, err
	}
	// What is withdrawn from here on ends the token, also while Mitz is asked.
	stamp, err := g.Marks.Stamp(c.Question())
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", record.MarksFailed, err)
	}
	permission, err := g.Grounds.Establish(ctx, c, decision)
	return permission, stamp, err
}

// use makes sure that presentations give one token, whatever the grant: an authorization
// code, too, stands for the presentations that it was given for.
func (g *Guard) use(ctx context.Context, token Token) error {
	ids, err := token.Uses()
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return errors.New("a guarded token that rests on nothing")
	}
	switch err := g.Once.Claim(ctx, ids...); {
	case err == nil:
		return nil
	case errors.Is(err, once.ErrUsed):
		return record.Used
	default:
		return fmt.Errorf("%w: %w", record.ClaimsFailed, err)
	}
}

// clearQuietly takes a token away. Nobody knows the token, so that nothing is lost when this
// fails too.
func clearQuietly(token Token) {
	defer func() { _ = recover() }()
	token.Clear()
}
