// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// Sample is the question that a fictional requester would have asked at a data holder.
type Sample struct {
	Subject   string // the data holder's Nuts subject
	Question  consent.Question
	RequestID string // stands for the id that is new with every query
}

// TokenClaim is a claim that a token gets.
type TokenClaim struct {
	Name string
	// Added tells that this software adds it; otherwise it was read from credentials.
	Added bool
	// Mandate tells that it is there only when the professional acts under mandate.
	Mandate bool
	// Example is the value that it has with a sample; nil when the sample says nothing.
	Example any
}

// The fictional requester. The patient's number is one for tests.
const (
	samplePatient   = "900186021"
	sampleRequestID = "00000000-0000-4000-8000-000000000000"
	sampleURA       = "12345678"
)

var sampleTime = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// sampleRequester is a midwife in her practice.
func sampleRequester() consent.Requester {
	return consent.Requester{
		URA: sampleURA, FacilityType: "G3",
		Responsible: consent.Professional{
			ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000",
		},
	}
}

// MaxSamples is how many data holders an explanation has a sample for, the first ones.
const MaxSamples = 10

// samples are at least one: where nobody is listed it is at a made-up data holder.
func (p *Policy) samples(profile *Profile) []Sample {
	patient, _ := consent.ParseBSN(samplePatient)
	var samples []Sample
	lists := p.Lists()
	subjects := lists.Subjects()
	if len(subjects) == 0 {
		subjects, lists = []string{"example"}, &Lists{dataHolders: map[string]consent.DataHolder{"example": {URA: "00000659", FacilityType: "V6"}}}
	}
	for _, subject := range subjects[:min(len(subjects), MaxSamples)] {
		samples = append(samples, Sample{Subject: subject, RequestID: sampleRequestID, Question: consent.Question{
			Patient: patient, DataHolder: lists.dataHolders[subject], Requester: sampleRequester(),
			Categories: slices.Clone(profile.Categories), Purpose: profile.Purpose,
		}})
	}
	return samples
}

// tokenClaims are the fields of the profile's definition and what the question was made
// of, then the claims that a [Permission] adds.
func (p *Profile) tokenClaims(sample Sample) []TokenClaim {
	read := append(definition.Declared(p.Definition), p.claimNames(definition.NeededClaims())...)
	slices.Sort(read)
	read = slices.Compact(read)
	var claims []TokenClaim
	for _, claim := range definition.RenamableClaims() {
		name := p.claimName(claim)
		if at, found := slices.BinarySearch(read, name); found {
			read = slices.Delete(read, at, at+1)
			example, exists := sampleClaims(sample)[claim]
			claims = append(claims, TokenClaim{Name: name, Example: example, Mandate: !exists})
		}
	}
	for _, name := range read {
		claims = append(claims, TokenClaim{Name: name})
	}
	permission := Permission{c: &Case{profile: p, question: sample.Question}, ground: p.Grounds[0], finding: Finding{ID: sample.RequestID, At: sampleTime}}
	added, _ := permission.Claims()
	added[ClaimPatientBSN] = sample.Question.Patient // which prints as "[BSN]", unlike the claim
	for _, name := range ReservedClaims() {
		claims = append(claims, TokenClaim{Name: name, Added: true, Example: added[name]})
	}
	return claims
}

// sampleClaims are what the fictional requester's credentials say.
func sampleClaims(sample Sample) map[string]any {
	requester := sample.Question.Requester
	return map[string]any{
		definition.ClaimOrganizationURA:          string(requester.URA),
		definition.ClaimOrganizationName:         "Example Midwives",
		definition.ClaimOrganizationFacilityType: string(requester.FacilityType),
		definition.ClaimUserID:                   requester.Responsible.ID.Extension,
		definition.ClaimUserRole:                 string(requester.Responsible.Role),
		definition.ClaimEnrollmentIdentifier:     systemsBSN[0] + "|" + sample.Question.Patient.String(),
		definition.ClaimEnrollmentRegisteredBy:   systemsURA[0] + "|" + string(requester.URA),
	}
}
