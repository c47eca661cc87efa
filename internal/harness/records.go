// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Patient is what a record server knows of a patient.
type Patient struct {
	ID        string // of the FHIR resource; empty: it has no address of its own
	Name      string
	BirthDate string   // YYYY-MM-DD
	Notes     []string // shown as conditions
}

// SearchPatient asks a record server for a patient's summary with a Bearer token, as the
// requester's system does.
func SearchPatient(ctx context.Context, client *http.Client, recordServer, token, bsn string) (Answer, error) {
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	return SearchPatientWith(ctx, client, recordServer, header, bsn)
}

// SearchPatientWith is [SearchPatient] with any headers; see [DPoPHeader].
func SearchPatientWith(ctx context.Context, client *http.Client, recordServer string, header http.Header, bsn string) (Answer, error) {
	header = header.Clone()
	header.Set("Accept", "application/fhir+json")
	form := url.Values{"identifier": {BSNIdentifier(bsn)}}
	return postForm(ctx, client, recordServer+searchPath, form, header)
}

// DPoPHeader presents a token that is bound to a key, with proofs of it: one, when it is right.
func DPoPHeader(token string, proofs ...string) http.Header {
	header := http.Header{"Authorization": {"DPoP " + token}}
	for _, proof := range proofs {
		header.Add("DPoP", proof)
	}
	return header
}

// SearchURL is where a patient is searched for: a proof must name it.
func (s *RecordServer) SearchURL() string { return s.URL + searchPath }

// summaries is a small FHIR R4 searchset: the patients that a text names, or all, with the
// notes on record.
func (s *RecordServer) summaries(text string) map[string]any {
	var named []string
	for number, patient := range s.config.Patients {
		if strings.Contains(text, number) || patient.ID != "" && strings.Contains(text, patient.ID) {
			named = append(named, number)
		}
	}
	if len(named) == 0 {
		named = slices.Collect(maps.Keys(s.config.Patients))
	}
	entries := []any{}
	for _, number := range slices.Sorted(slices.Values(named)) {
		entries = append(entries, summary(number, s.config.Patients[number])...)
	}
	return map[string]any{"resourceType": "Bundle", "type": "searchset", "total": len(named), "entry": entries}
}

func summary(number string, patient Patient) []any {
	id := orElse(patient.ID, "patient")
	entries := []any{entry("match", map[string]any{
		"resourceType": "Patient", "id": id,
		"identifier": []any{map[string]any{"system": systemBSN, "value": number}},
		"name":       []any{map[string]any{"text": patient.Name}},
		"birthDate":  patient.BirthDate,
	})}
	for _, note := range patient.Notes {
		entries = append(entries, entry("include", map[string]any{
			"resourceType": "Condition",
			"code":         map[string]any{"text": note},
			"subject":      map[string]any{"reference": "Patient/" + id},
		}))
	}
	return entries
}

func entry(mode string, resource map[string]any) map[string]any {
	return map[string]any{"resource": resource, "search": map[string]any{"mode": mode}}
}
