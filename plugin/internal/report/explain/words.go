// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// What codes of this software mean, in words for an operator.
var (
	purposeWords = map[consent.PurposeOfUse]string{
		consent.PurposeTreatment:   "normal care on the patient's explicit consent",
		consent.PurposeCoordinated: "normal care on presumed consent",
	}
	groundWords = map[policy.GroundName]string{
		policy.GroundClosedQuery:  "this node asks Mitz itself, anew for every token; Mitz records each query and shows it to the patient",
		policy.GroundAttestation:  "the requester brings a credential in which Mitz attests the consent",
		policy.GroundRegistration: "the requester recorded the consent under the Mitz agreements",
	}
	attributeWords = map[trust.Attribute]string{
		trust.Organization: "which care organisation asks",
		trust.FacilityType: "what kind of organisation it is",
		trust.Practitioner: "which professional asks, in which role",
		trust.Enrollment:   "which patient it is about, and that the organisation treats this patient",
		trust.Delegation:   "under whose mandate the professional acts",
	}
	needWords = map[policy.Need]string{
		policy.NeedAlways:           "Needed, exactly one.",
		policy.NeedUnlessConfigured: "At most one; without one the configured type counts (see below).",
		policy.NeedUnderMandate:     "At most one, and only when the professional acts under mandate.",
	}
	checkWords = map[policy.Check]string{
		policy.CheckOneCredential:      "each attribute is shown with one credential: with two, the presenter would choose which one counts",
		policy.CheckOneValue:           "a credential gives one value for each claim",
		policy.CheckFacilityType:       "a presented facility type equals the one that is configured for the organisation, if one is",
		policy.CheckOrganization:       "an organisation that an enrolment or a mandate names is the requester",
		policy.CheckDeziOrganization:   "the organisation for which Dezi knows the professional is the requester",
		policy.CheckPassOrganization:   "a UZI certificate under which a credential was issued belongs to the requester",
		policy.CheckPassValidity:       "a credential that was issued under a UZI certificate is valid no longer than the certificate",
		policy.CheckServerCertificate:  "a credential about the organisation that was issued under a UZI certificate comes from a server certificate (type S)",
		policy.CheckEnrollmentPass:     "an enrolment that was issued with a UZI pass comes from a pass of type Z or N, of the professional whom it names, if it names one",
		policy.CheckDelegationPass:     "a mandate that was issued with a UZI pass comes from a pass of type Z, with the number and the role that it names",
		policy.CheckEnrollmentOutdated: "an enrolment was issued no longer ago than allowed",
	}
)

// credentialWords names a kind of credential.
func credentialWords(credential policy.AcceptedCredential, builtin bool) string {
	name := strings.Join(credential.Types, " or ")
	if name == "" {
		name = "any credential"
	}
	if builtin {
		return name
	}
	return fmt.Sprintf("%s (descriptor %s, from the %s's wallet)", name, credential.Descriptor, credential.Wallet)
}

// sourceWords says where a claim comes from.
func sourceWords(source policy.ClaimSource, credential policy.AcceptedCredential, builtin bool) string {
	text := "from " + strings.Join(source.Paths, ", or ")
	if builtin && slices.Contains(credential.Types, "X509Credential") && !source.Optional {
		text += ", the URA in a UZI server certificate"
	}
	if source.Optional {
		text += ", if it is there"
	}
	return text
}

// trustWords says who an entry of the trust is.
func trustWords(entry trust.Entry) string {
	switch entry.Kind {
	case trust.KindHolder:
		return "holder: the presenter itself, about itself"
	case trust.KindDezi:
		return "dezi: Dezi, by its own signed attestation inside a DeziUserCredential"
	case trust.KindPrefix:
		return entry.Entry + ": every DID that begins so"
	case trust.KindCertificate:
		text := fmt.Sprintf("did:x509: whoever has a certificate under the CA with %s fingerprint %s", entry.HashAlgorithm, entry.Fingerprint)
		if entry.Policies != "" {
			text += " in which is: " + entry.Policies
		}
		return text
	default:
		return entry.Entry + ": this DID alone"
	}
}

// ageWords is a length of time as the configuration writes it.
func ageWords(age time.Duration) string {
	if age%time.Hour == 0 {
		return fmt.Sprintf("%dh", age/time.Hour)
	}
	return age.String()
}

// exampleWords is a claim's value as an introspection answer has it.
func exampleWords(claim policy.TokenClaim) string {
	switch value := claim.Example.(type) {
	case nil:
		if claim.Mandate {
			return "(only under mandate)"
		}
		return "(what the credential says)"
	case []string:
		return `["` + strings.Join(value, `", "`) + `"]`
	default:
		return fmt.Sprint(value)
	}
}
