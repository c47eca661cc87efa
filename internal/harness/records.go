// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"net/http"
	"net/url"
)

// Patient is what a record server knows of a patient.
type Patient struct {
	Name      string
	BirthDate string   // YYYY-MM-DD
	Notes     []string // shown as conditions
}

// SearchPatient asks a record server for a patient's summary with a Bearer token, as the
// requester's system does.
func SearchPatient(ctx context.Context, client *http.Client, recordServer, token, bsn string) (Answer, error) {
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", schemeBearer+" "+token)
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
	header := http.Header{"Authorization": {schemeDPoP + " " + token}}
	for _, proof := range proofs {
		header.Add("DPoP", proof)
	}
	return header
}

// SearchURL is where a patient is searched for: a proof must name it.
func (s *RecordServer) SearchURL() string { return s.URL + searchPath }

// summary is a small FHIR R4 searchset: the patient with the notes on record.
func (s *RecordServer) summary(bsn string) map[string]any {
	entries := []any{}
	if patient, ok := s.config.Patients[bsn]; ok {
		entries = append(entries, entry("match", map[string]any{
			"resourceType": "Patient", "id": "patient",
			"identifier": []any{map[string]any{"system": systemBSN, "value": bsn}},
			"name":       []any{map[string]any{"text": patient.Name}},
			"birthDate":  patient.BirthDate,
		}))
		for _, note := range patient.Notes {
			entries = append(entries, entry("include", map[string]any{
				"resourceType": "Condition",
				"code":         map[string]any{"text": note},
				"subject":      map[string]any{"reference": "Patient/patient"},
			}))
		}
	}
	total := min(len(entries), 1)
	return map[string]any{"resourceType": "Bundle", "type": "searchset", "total": total, "entry": entries}
}

func entry(mode string, resource map[string]any) map[string]any {
	return map[string]any{"resource": resource, "search": map[string]any{"mode": mode}}
}

func operationOutcome(code, diagnostics string) map[string]any {
	return map[string]any{"resourceType": "OperationOutcome", "issue": []any{
		map[string]any{"severity": "error", "code": code, "diagnostics": diagnostics},
	}}
}
