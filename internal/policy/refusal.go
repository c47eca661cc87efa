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
	ReasonCredentialStatus   Reason = "credential_status"   // whether a credential was revoked cannot be told
	// A presentation or a credential that can be read in two ways.
	ReasonCredentialAmbiguous Reason = "credential_ambiguous"
	ReasonDenied              Reason = "denied"         // there is no consent
	ReasonIndeterminate       Reason = "indeterminate"  // the question could not be judged
	ReasonNotApplicable       Reason = "not_applicable" // an answer that Mitz does not define
	ReasonUnanswered          Reason = "unanswered"     // a data category without a decision
	ReasonReservedClaim       Reason = "reserved_claim" // a presentation definition writes a claim of ours
)

// AnswerReasons gives the reasons that are about an answer.
func AnswerReasons() []Reason {
	return []Reason{ReasonDenied, ReasonIndeterminate, ReasonNotApplicable, ReasonUnanswered}
}

// Reasons gives all reasons.
func Reasons() []Reason {
	return append(AnswerReasons(), ReasonScope, ReasonDataHolder, ReasonClaimMissing, ReasonClaimMalformed,
		ReasonClaimContradiction, ReasonClaimUntrusted, ReasonWalletMissing, ReasonCredentialProof, ReasonClaimOutdated,
		ReasonCredentialStatus, ReasonCredentialAmbiguous, ReasonReservedClaim)
}

// Refusal says why no token may be issued. Its text names claims, never values,
// and is fit for the requester's eyes unless the reason is about the answer.
type Refusal struct {
	Reason Reason
	// Claims are the claims it is about, sorted; empty when it is about none.
	Claims []string
	// Rules say which rules are broken, and by what. They are for the data holder's own log:
	// types of credentials, DIDs of issuers, numbers of organisations, none of a person.
	Rules []string
}

// Error gives the reason and the names of the claims.
func (r *Refusal) Error() string {
	text := strings.ReplaceAll(string(r.Reason), "_", " ")
	if len(r.Claims) == 0 {
		return text
	}
	return text + ": " + strings.Join(r.Claims, ", ")
}

// RefuseCredential refuses a request for one of its credentials, which breaks a rule.
func RefuseCredential(reason Reason, credential Credential, rule string) Refusals {
	return Refusals{refuse(reason).by("%s: %s", rule, credential)}
}

func refuse(reason Reason, claims ...string) *Refusal {
	return &Refusal{Reason: reason, Claims: slices.Compact(slices.Sorted(slices.Values(claims)))}
}

// Refusals are all that is wrong with one request, in the order in which they were found.
type Refusals []*Refusal

// Error joins the texts.
func (r Refusals) Error() string {
	texts := make([]string, len(r))
	for i, refusal := range r {
		texts[i] = refusal.Error()
	}
	return strings.Join(texts, "; ")
}

// Reason is the first one's, for a metric that can hold one.
func (r Refusals) Reason() Reason { return r[0].Reason }

// distinct leaves out repetitions; their rules are kept.
func (r Refusals) distinct() Refusals {
	var distinct Refusals
	for _, refusal := range r {
		same := slices.IndexFunc(distinct, func(other *Refusal) bool { return other.Error() == refusal.Error() })
		if same >= 0 {
			distinct[same].Rules = append(distinct[same].Rules, refusal.Rules...)
			continue
		}
		distinct = append(distinct, refusal)
	}
	return distinct
}
