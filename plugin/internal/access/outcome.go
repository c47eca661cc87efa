// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package access

import "github.com/nuts-mitz/nuts-mitz/recordguard"

// What is counted besides refusals.
const (
	Allowed      = "allowed"
	Undetermined = "undetermined" // nobody can tell: the session database fails
	// PatientNeeded is a question in between: nothing but the patient is missing.
	PatientNeeded = "patient_needed"
)

// Outcome is the stable code of what was decided.
func Outcome(verdict Verdict, err error) string {
	switch {
	case err != nil:
		return Undetermined
	case verdict.PatientNeeded:
		return PatientNeeded
	case verdict.Refusal != "":
		return string(verdict.Refusal)
	default:
		return Allowed
	}
}

// Outcomes returns every code.
func Outcomes() []string {
	outcomes := []string{Allowed, Undetermined, PatientNeeded}
	for _, refusal := range []recordguard.Refusal{
		recordguard.TokenMissing, recordguard.TokenNotActive, recordguard.TokenExpired,
		recordguard.ProofMissing, recordguard.ProofInvalid, recordguard.ProofUnexpected,
		recordguard.ClaimsMalformed, recordguard.ScopeNotAccepted, recordguard.SeveralScopes, recordguard.NoConsent,
		recordguard.OtherDataHolder, recordguard.OtherPatient, recordguard.NotCovered,
		recordguard.NoPatient, recordguard.SeveralPatients, recordguard.PatientUnknown, recordguard.NoResource, recordguard.ResourceUnknown,
		recordguard.MethodRefused, recordguard.PathRefused, recordguard.OperationRefused, recordguard.CompartmentRefused,
		recordguard.HistoryRefused, recordguard.BundleRefused, recordguard.ParameterRefused, recordguard.ParameterRepeated,
		recordguard.IncludeRefused, recordguard.IdentifierInURL, recordguard.BodyRefused, recordguard.HeaderRefused,
	} {
		outcomes = append(outcomes, string(refusal))
	}
	return outcomes
}
