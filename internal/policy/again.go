// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Asked is what a token keeps besides its claims, so that the question that it rests on can be
// asked again. It holds nothing of the patient, who is in the claims.
type Asked struct {
	Scope     string            `json:"scope"` // of the profile
	Requester consent.Requester `json:"requester"`
}

// Asked returns what the token keeps to be looked at again; nil: it is not. A permission on
// proof that the request brought along stands as long as the token does.
func (p *Permission) Asked() *Asked {
	if p == nil || p.c == nil || p.c.profile.Recheck == 0 || p.ownProof {
		return nil
	}
	return &Asked{Scope: p.c.profile.Scope, Requester: p.c.question.Requester}
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
func (p *Policy) CaseAgain(scope, subject string, question consent.Question, now time.Time) (*Case, error) {
	profile := p.profiles[scope]
	if profile == nil {
		return nil, refuse(ReasonProfileChanged).by("the profile of a token is still there")
	}
	if !slices.Equal(profile.Categories, question.Categories) || profile.Purpose != question.Purpose {
		return nil, refuse(ReasonProfileChanged).by("the profile of a token asks what it asked")
	}
	if still, _ := p.Lists().DataHolder(subject); still != question.DataHolder {
		return nil, refuse(ReasonDataHolder).by("the subject of a token is still in mitz.dataholders")
	}
	return &Case{profile: profile, question: question, evidence: Evidence{Basis: BasisToken, Subject: subject, Now: now}}, nil
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
	case !slices.Contains(p.Grounds, GroundClosedQuery):
		problems = append(problems, fmt.Errorf("%s.recheck: needs the ground %s, which alone looks again", key, GroundClosedQuery))
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
