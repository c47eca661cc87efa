// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
	"strings"
)

// Reason is a stable code for why there is no token; it doubles as a metric label.
type Reason string

// The reasons that this package gives.
const (
	ReasonScope              Reason = "scope_unusable"      // blank, or mixed with what it cannot be mixed with
	ReasonDataHolder         Reason = "data_holder_unknown" // the token's issuer is no configured data holder
	ReasonClaimMissing       Reason = "claim_missing"       // a needed claim is absent
	ReasonClaimMalformed     Reason = "claim_malformed"     // a claim has the wrong shape
	ReasonClaimContradiction Reason = "claim_contradiction" // two sources disagree, or one attribute is given twice
	ReasonClaimUntrusted     Reason = "claim_untrusted"     // a claim comes from an issuer that is not trusted for it
	ReasonWalletMissing      Reason = "wallet_missing"      // the grant does not ask every kind of wallet that the definition needs
	ReasonCredentialProof    Reason = "credential_proof"    // a credential's signature is wrong
	ReasonClaimOutdated      Reason = "claim_outdated"      // a claim is older than allowed
	ReasonClaimPremature     Reason = "claim_premature"     // a claim is of a time to come
	ReasonCredentialStatus   Reason = "credential_status"   // whether a credential was revoked cannot be told
	// A presentation or a credential that can be read in two ways.
	ReasonCredentialAmbiguous Reason = "credential_ambiguous"
	ReasonDenied              Reason = "denied"         // there is no consent
	ReasonIndeterminate       Reason = "indeterminate"  // the question could not be judged
	ReasonNotApplicable       Reason = "not_applicable" // an answer that Mitz does not define
	ReasonUnanswered          Reason = "unanswered"     // a data category without a decision
	ReasonReservedClaim       Reason = "reserved_claim" // a presentation definition writes a claim of ours
	// The profile of a live token is gone, or asks something else.
	ReasonProfileChanged Reason = "profile_changed"
	// A request to a decision point asks something besides its one question, or shows a second token.
	ReasonSecondQuestion Reason = "second_question"
)

// AnswerReasons returns the reasons that are about an answer.
func AnswerReasons() []Reason {
	return []Reason{ReasonDenied, ReasonIndeterminate, ReasonNotApplicable, ReasonUnanswered}
}

// CredentialReasons returns the reasons for which a credential that a ground rests on is refused.
func CredentialReasons() []Reason {
	return []Reason{ReasonClaimMissing, ReasonClaimMalformed, ReasonClaimContradiction, ReasonClaimUntrusted,
		ReasonClaimOutdated, ReasonClaimPremature, ReasonCredentialProof}
}

// Reasons returns all reasons.
func Reasons() []Reason {
	return append(AnswerReasons(), ReasonScope, ReasonDataHolder, ReasonClaimMissing, ReasonClaimMalformed,
		ReasonClaimContradiction, ReasonClaimUntrusted, ReasonWalletMissing, ReasonCredentialProof, ReasonClaimOutdated, ReasonClaimPremature,
		ReasonCredentialStatus, ReasonCredentialAmbiguous, ReasonReservedClaim, ReasonProfileChanged, ReasonSecondQuestion)
}

// Refusal says why no token may be issued: everything that is wrong with one request, in the
// order in which it was found. Only this package makes one. Its text names claims, never
// values, and is fit for the requester's eyes unless the reason is about an answer.
type Refusal struct {
	faults []fault
}

// fault is one thing that is wrong.
type fault struct {
	reason Reason
	claims []string // it is about, sorted; empty when it is about none
	// rules say which rules are broken, and by what. They are for the data holder's own log:
	// types of credentials, DIDs of issuers, numbers of organisations, none of a person.
	rules []string
}

func (f fault) text() string {
	text := strings.ReplaceAll(string(f.reason), "_", " ")
	if len(f.claims) == 0 {
		return text
	}
	return text + ": " + strings.Join(f.claims, ", ")
}

// Error returns the reasons and the names of the claims.
func (r *Refusal) Error() string {
	if len(r.faults) == 0 {
		return string(r.Reason())
	}
	texts := make([]string, len(r.faults))
	for i, each := range r.faults {
		texts[i] = each.text()
	}
	return strings.Join(texts, "; ")
}

// Reason returns the first reason, for a metric that can hold one. A refusal without any is
// still one: nothing was answered.
func (r *Refusal) Reason() Reason {
	if len(r.faults) == 0 {
		return ReasonUnanswered
	}
	return r.faults[0].reason
}

// Rules returns the rules that are broken, each once. They are for the data holder's own log:
// types of credentials, DIDs of issuers, numbers of organisations, none of a person.
func (r *Refusal) Rules() []string {
	var rules []string
	for _, each := range r.faults {
		for _, rule := range each.rules {
			if !slices.Contains(rules, rule) {
				rules = append(rules, rule)
			}
		}
	}
	return rules
}

// RefuseAmbiguousPresentation refuses a request with a presentation whose JSON two readers
// can read differently.
func RefuseAmbiguousPresentation() *Refusal {
	return refuse(ReasonCredentialAmbiguous).by("the JSON of a presentation has one reading")
}

// RefuseAmbiguous refuses a request with a credential whose JSON two readers can read
// differently.
func RefuseAmbiguous(credential Credential) *Refusal {
	return refuse(ReasonCredentialAmbiguous).by("the JSON of a credential has one reading: %s", credential)
}

// RefuseSelfIssued refuses a request with a credential that the presenter issued itself and
// whose signature is wrong.
func RefuseSelfIssued(credential Credential) *Refusal {
	return refuse(ReasonCredentialProof).by("a credential that the presenter issued itself has a signature that is right: %s", credential)
}

// RefuseRevoked refuses to go on with a token that rests on a credential which was revoked.
func RefuseRevoked(kept Kept) *Refusal {
	return refuse(ReasonDenied).by("a credential that a token rests on was not revoked: %s", kept)
}

// RefuseWithdrawn refuses a request that brings consent along from before it was withdrawn.
func RefuseWithdrawn(credential Credential) *Refusal {
	return refuse(ReasonDenied).by("consent was not withdrawn after it was recorded or attested: %s", credential)
}

// RefuseEdited refuses a request with a JSON-LD credential whose JSON says something else
// than the graph that was signed.
func RefuseEdited(credential Credential) *Refusal {
	return refuse(ReasonCredentialProof).by("the JSON of a signed credential says what was signed: %s", credential)
}

// RefuseStatus refuses a request with a credential that was revoked, or of which that cannot
// be told.
func RefuseStatus(credential Credential) *Refusal {
	return refuse(ReasonCredentialStatus).by("it can be told that a credential was not revoked: %s", credential)
}

func refuse(reason Reason, claims ...string) *Refusal {
	return &Refusal{faults: []fault{{reason: reason, claims: slices.Compact(slices.Sorted(slices.Values(claims)))}}}
}

// joined returns one refusal for all that is wrong, each thing once with its rules; nil when
// nothing is.
func joined(refusals []*Refusal) *Refusal {
	all := &Refusal{}
	for _, refusal := range refusals {
		for _, each := range refusal.faults {
			same := slices.IndexFunc(all.faults, func(other fault) bool { return other.text() == each.text() })
			if same >= 0 {
				all.faults[same].rules = append(all.faults[same].rules, each.rules...)
				continue
			}
			all.faults = append(all.faults, each)
		}
	}
	if len(all.faults) == 0 {
		return nil
	}
	return all
}
