// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// GroundName names what a decision rests on, in the configuration, in tokens and in metrics.
type GroundName string

// The names of the grounds.
const (
	GroundClosedQuery  GroundName = "mitz-closed-query"    // the data holder asked Mitz
	GroundAttestation  GroundName = "mitz-attestation"     // Mitz attested it to the requester
	GroundRegistration GroundName = "consent-registration" // the requester recorded it under the Mitz agreements
)

// Ground is one way in which consent can be established. It knows nothing of the other
// grounds, and makes no decision: what it finds is judged by [Grounds.Establish].
type Ground interface {
	Name() GroundName

	// Seek looks for consent for a case. It ends with one of:
	//   - a finding: what was decided about each category. Permit about every one of them
	//     permits; one Deny refuses; anything else counts as trouble;
	//   - [ErrNotEstablished]: the request brings nothing that this ground could rest on. A
	//     later ground may try;
	//   - another error: trouble. Whether there is consent is unknown. A later ground may
	//     decide only if it has proof of its own.
	Seek(ctx context.Context, c *Case) (Finding, error)

	// HasOwnProof reports whether its findings rest on proof that the request brought along,
	// so that it may decide where an earlier ground met with trouble.
	HasOwnProof() bool
}

// ErrNotEstablished is returned by a [Ground] that the request brings nothing for.
var ErrNotEstablished = errors.New("nothing to rest on")

// Finding is what a ground found.
type Finding struct {
	Decisions consent.Decisions // about each category that was asked about
	// ID is what the decision is known by: Mitz's request id, or the id of a credential.
	ID string
	At time.Time // when it was decided
	// Rests are the presented credentials that it rests on; none: it rests on Mitz's answer.
	Rests []Credential
}

// Attempt tells how one ground ended.
type Attempt struct {
	Ground  GroundName
	Finding Finding
	// Err is why it did not permit; nil: it did. [ErrNotEstablished], a [*Refusal] about the
	// decisions, or the ground's trouble.
	Err error
}

// Trace is told what happens while grounds are tried.
type Trace interface {
	// Trying is called before a ground is tried, with the context that it gets then. The
	// function that it returns is called when the ground ended, exactly once. Its error means
	// that nothing may rest on what was found.
	Trying(ctx context.Context, ground GroundName) (context.Context, func(Attempt) error)
}

// Grounds are the ways in which a node can establish consent.
type Grounds struct {
	policy *Policy
	byName map[GroundName]Ground
}

// NewGrounds makes them for a policy. It fails when a profile names a ground that is not
// there, or when two have the same name.
func NewGrounds(p *Policy, grounds ...Ground) (*Grounds, error) {
	g := &Grounds{policy: p, byName: map[GroundName]Ground{}}
	for _, ground := range grounds {
		if g.byName[ground.Name()] != nil {
			return nil, fmt.Errorf("the ground %s is there twice", ground.Name())
		}
		g.byName[ground.Name()] = ground
	}
	for _, scope := range sortedKeys(p.profiles) {
		for _, name := range p.profiles[scope].Grounds {
			if g.byName[name] == nil {
				return nil, fmt.Errorf("the ground %s of scope %s is not there", name, scope)
			}
		}
	}
	return g, nil
}

// Establish tries the grounds of the case's profile in their order. Nothing else makes a
// [Permission]: it takes a finding that permits every category, and a data holder that is
// still on the list when it was found.
//
// An objection of the patient that was presented refuses before any ground is tried. A Deny is
// final, unless the profile says that later grounds may still permit: then a registration may,
// because Mitz also denies where nothing was ever recorded, and an attestation may not, because
// it is Mitz's earlier word. After trouble only grounds with proof of their own are tried; a
// credential that is wrong is trouble. When none permits, the error is the Deny if there was one,
// else the first trouble, else the refusal of a request that brings no ground.
//
// A token that is looked at again stands and falls with the ground that it rests on.
func (g *Grounds) Establish(ctx context.Context, c *Case, trace Trace) (*Permission, error) {
	if registration, objects := c.objection(); objects {
		return nil, g.object(ctx, c, registration, trace)
	}
	var denied, trouble error
	for _, name := range c.grounds() {
		ground := g.byName[name]
		if ground == nil {
			return nil, refuse(ReasonUnanswered).by("the ground %s is there", name)
		}
		if trouble != nil && !ground.HasOwnProof() || denied != nil && !name.outweighsDeny() {
			continue
		}
		finding, err := g.try(ctx, c, ground, trace)
		var refusal *Refusal
		switch {
		case err == nil:
			return g.permit(c, ground, finding)
		case errors.Is(err, errUnrecorded):
			return nil, err
		case errors.Is(err, ErrNotEstablished):
		case errors.As(err, &refusal) && refusal.Reason() == ReasonDenied:
			if !c.profile.continueAfterDeny {
				return nil, err
			}
			denied = firstOf(denied, err)
		default:
			trouble = firstOf(trouble, err)
		}
	}
	return nil, firstOf(denied, firstOf(trouble, refuse(ReasonDenied).by("a ground of the profile is established")))
}

// AsksMitz reports whether a ground rests on what Mitz is asked, and not on what the request
// brings along.
func (n GroundName) AsksMitz() bool { return n == GroundClosedQuery }

// types are the types of credential that a ground rests on.
func (n GroundName) types() []string {
	switch n {
	case GroundAttestation:
		return []string{definition.TypeAttestation}
	case GroundRegistration:
		return []string{definition.TypeRegistration, definition.TypeMembership}
	default:
		return nil
	}
}

// outweighsDeny reports whether a ground may permit what Mitz denied, where the profile lets
// grounds be tried then.
func (n GroundName) outweighsDeny() bool { return n == GroundRegistration }

// object tells of an objection as of a registration that was tried.
func (g *Grounds) object(ctx context.Context, c *Case, registration Credential, trace Trace) error {
	refusal := refuseObjection(registration)
	attempt := Attempt{Ground: GroundRegistration, Err: refusal}
	if c.canName(registration) {
		attempt.Finding.ID = registration.ID
	}
	_, ended := trace.Trying(ctx, GroundRegistration)
	if unrecorded := ended(attempt); unrecorded != nil {
		return fmt.Errorf("%w: %w", errUnrecorded, unrecorded)
	}
	return refusal
}

// errUnrecorded marks that what a ground found could not be recorded.
var errUnrecorded = errors.New("not recorded")

// try lets one ground seek, judges what it found, and tells how it ended.
func (g *Grounds) try(ctx context.Context, c *Case, ground Ground, trace Trace) (Finding, error) {
	ctx, ended := trace.Trying(ctx, ground.Name())
	finding, err := ground.Seek(ctx, c)
	if err == nil {
		if refusal := decide(c.question, finding.Decisions); refusal != nil {
			err = refusal
		}
	}
	if unrecorded := ended(Attempt{Ground: ground.Name(), Finding: finding, Err: err}); unrecorded != nil {
		return Finding{}, fmt.Errorf("%w: %w", errUnrecorded, unrecorded)
	}
	return finding, err
}

// permit makes the permission. To establish a ground takes time: who was taken off the list
// meanwhile gets no token any more.
func (g *Grounds) permit(c *Case, ground Ground, finding Finding) (*Permission, error) {
	if still, _ := g.policy.Lists().DataHolder(c.evidence.Subject); still != c.question.DataHolder {
		return nil, refuse(ReasonDataHolder).by("the subject is still in mitz.dataholders when consent was established")
	}
	return &Permission{c: c, ground: ground.Name(), finding: finding}, nil
}

func firstOf(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
