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

// SearchPatient asks a record server for a patient's summary, as the requester's system does.
func SearchPatient(ctx context.Context, client *http.Client, recordServer, token, bsn string) (Answer, error) {
	header := http.Header{"Accept": {"application/fhir+json"}}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	form := url.Values{"identifier": {BSNIdentifier(bsn)}}
	return postForm(ctx, client, recordServer+"/fhir/Patient/_search", form, header)
}

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
