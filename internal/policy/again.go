// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// Asked is what a token keeps besides its claims, so that the question that it rests on can be
// asked again. It holds nothing of the patient, who is in the claims.
type Asked struct {
	Scope     string            `json:"scope"` // of the profile
	Requester consent.Requester `json:"requester"`
	// Ground is what the token rests on; empty: the closed query.
	Ground GroundName `json:"ground,omitempty"`
	// Kept are the credentials that it rests on.
	Kept []Kept `json:"kept,omitempty"`
}

// Kept is what it takes to look a credential up again that a token rests on.
type Kept struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Issuer  string          `json:"issuer"`
	Expires time.Time       `json:"expires"` // zero: never
	Status  json.RawMessage `json:"status,omitempty"`
}

// String returns the type of the credential and who issued it, for the data holder's own log.
func (k Kept) String() string { return k.Type + " by " + shownIssuer(k.Issuer) }

func (a Asked) ground() GroundName { return cmp.Or(a.Ground, GroundClosedQuery) }

// Asked returns what the token keeps to be looked at again; nil: it is not.
func (p *Permission) Asked() *Asked {
	if p == nil || p.c == nil || p.c.profile.Recheck == 0 {
		return nil
	}
	asked := &Asked{Scope: p.c.profile.Scope, Requester: p.c.question.Requester, Ground: p.ground}
	for _, each := range p.finding.Rests {
		asked.Kept = append(asked.Kept, Kept{ID: each.ID, Type: each.typeName(), Issuer: each.Issuer, Expires: each.Expires, Status: each.Status})
	}
	return asked
}

// Again looks at a token again that rests on credentials under a ground: each must be valid
// still, and of an issuer that is trusted still. It returns them, to be looked up, and what is
// found when none was revoked. The error is [ErrNotEstablished] where the case is another, or a
// [*Refusal], which ends the token.
func (c *Case) Again(ground GroundName) ([]Kept, Finding, error) {
	if c.asked == nil || c.asked.Ground != ground || len(c.asked.Kept) == 0 {
		return nil, Finding{}, ErrNotEstablished
	}
	for _, kept := range c.asked.Kept {
		if !kept.Expires.IsZero() && !kept.Expires.After(c.evidence.Now) {
			return nil, Finding{}, refuse(ReasonDenied).by("a credential that a token rests on is valid still: %s", kept)
		}
		attribute, named := groundAttributes[kept.Type]
		if issuers := c.profile.trust[attribute]; named && !issuers.Trusts(kept.Issuer, "") && !issuers.TrustsHolder() {
			return nil, Finding{}, refuse(ReasonProfileChanged).by("trust.%s has the issuer still: %s", attribute, kept)
		}
	}
	return slices.Clone(c.asked.Kept), c.permitted(c.asked.Kept[0].ID, c.evidence.Now), nil
}

// groundAttributes are the attributes that the credentials of the grounds show. A registration
// is its presenter's own.
var groundAttributes = map[string]trust.Attribute{
	definition.TypeAttestation: trust.Attestation,
	definition.TypeMembership:  trust.Membership,
}

// Latest returns the claims that say when and how consent was established last. A later look
// puts them in the place of a token's own.
func (p *Permission) Latest() (map[string]any, error) {
	claims, err := p.Claims()
	if err != nil {
		return nil, err
	}
	latest := map[string]any{}
	for _, name := range []string{ClaimConsentGround, ClaimConsentCheckedAt, ClaimConsentRequestID} {
		latest[name] = claims[name]
	}
	return latest, nil
}

// LooksAgain reports whether a token with these claims must be looked at again now. One that
// does not say when consent was established must.
func (p *Profile) LooksAgain(claims map[string]any, now time.Time) bool {
	if p.Recheck == 0 {
		return false
	}
	text, _ := claims[ClaimConsentCheckedAt].(string)
	established, err := time.Parse(time.RFC3339, text)
	age := now.Sub(established)
	return err != nil || age > p.Recheck || age < -p.Recheck
}

// Question returns the question that a token with these claims was issued on. It fails when
// they do not hold one, which is a token that was altered.
func (a Asked) Question(claims map[string]any) (consent.Question, error) {
	text := func(name string) string {
		value, _ := claims[name].(string)
		return value
	}
	patient, err := consent.ParseBSN(text(ClaimPatientBSN))
	if err != nil {
		return consent.Question{}, refuse(ReasonClaimMalformed, ClaimPatientBSN).by("a token names its patient")
	}
	question := consent.Question{
		Patient: patient,
		DataHolder: consent.DataHolder{
			URA:          consent.URA(text(ClaimDataHolderURA)),
			FacilityType: consent.FacilityType(text(ClaimDataHolderFacilityType)),
		},
		Requester:  a.Requester,
		Categories: categoriesOf(claims[ClaimConsentCategories]),
		Purpose:    consent.PurposeOfUse(text(ClaimConsentPurpose)),
	}
	if err := question.Validate(); err != nil {
		return consent.Question{}, refuse(ReasonClaimMalformed).by("a token says what it rests on: %s", err)
	}
	return question, nil
}

// categoriesOf reads the categories as a token has them: texts, in a list of any once the
// token was stored.
func categoriesOf(claim any) (categories []consent.Category) {
	switch listed := claim.(type) {
	case []string:
		for _, each := range listed {
			categories = append(categories, consent.Category(each))
		}
	case []any:
		for _, each := range listed {
			text, _ := each.(string) // which is none of Mitz's categories
			categories = append(categories, consent.Category(text))
		}
	}
	return categories
}

// CaseAgain returns the case of a token that was issued at a subject, to be asked once more.
// Its refusals are final: the data holder is on the list no more, or the profile is gone or
// asks something else, so that nothing of this configuration permits the token.
func (p *Policy) CaseAgain(asked Asked, subject string, question consent.Question, now time.Time) (*Case, error) {
	profile := p.profiles[asked.Scope]
	if profile == nil {
		return nil, refuse(ReasonProfileChanged).by("the profile of a token is still there")
	}
	if !slices.Contains(profile.Grounds, asked.ground()) {
		return nil, refuse(ReasonProfileChanged).by("the profile of a token has its ground still")
	}
	if !slices.Equal(profile.Categories, question.Categories) || profile.Purpose != question.Purpose {
		return nil, refuse(ReasonProfileChanged).by("the profile of a token asks what it asked")
	}
	if still, _ := p.Lists().DataHolder(subject); still != question.DataHolder {
		return nil, refuse(ReasonDataHolder).by("the subject of a token is still in mitz.dataholders")
	}
	return &Case{profile: profile, question: question, asked: &asked, evidence: Evidence{Basis: BasisToken, Subject: subject, Now: now}}, nil
}

// IsFinal reports whether a refusal ends a token for good when it is looked at again. The
// others are trouble: whether there is consent is unknown.
func (r *Refusal) IsFinal() bool {
	switch r.Reason() {
	case ReasonDenied, ReasonDataHolder, ReasonProfileChanged, ReasonClaimMalformed:
		return true
	default:
		return false
	}
}

// readRecheck reads whether the profile's tokens are looked at again.
func (p *Profile) readRecheck(key string, config ProfileConfig) error {
	var problems []error
	p.Recheck = config.Recheck
	switch {
	case p.Recheck == 0:
	case p.Recheck < time.Second:
		problems = append(problems, fmt.Errorf("%s.recheck: at least 1s, or 0s for never", key))
	}
	switch config.RecheckFailure {
	case "", "deny":
	case "keep":
		p.KeepsUnchecked = true
	default:
		problems = append(problems, fmt.Errorf("%s.recheckfailure: %q is neither deny nor keep", key, config.RecheckFailure))
	}
	return errors.Join(problems...)
}
