// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestEditedJSONLDCredentials edits a credential with a JSON-LD proof after it was signed. Consent is
// on record for every kind of organisation, so that only the edit stands between the requester and a
// token.
func TestEditedJSONLDCredentials(t *testing.T) {
	type object = map[string]any
	for _, tc := range []struct {
		name    string
		edit    func(victim string, credential, subject object) // nil: the genuine credential
		expires time.Duration
		other   bool // the credential was issued to somebody else
		granted bool
	}{
		{name: "a genuine one is accepted", granted: true},
		{name: "another value", edit: func(_ string, _, subject object) { subject["roleCodeNL"] = "V6" }},
		{name: "another value, hidden by a context of its own", edit: func(_ string, _, subject object) {
			subject["@context"] = object{"roleCodeNL": nil, "real": "http://schema.org/roleCodeNL"}
			subject["real"], subject["roleCodeNL"] = "G3", "V6"
		}},
		{name: "another value, hidden as an index", edit: func(_ string, _, subject object) {
			subject["@context"] = object{"roleCodeNL": "@index", "real": "http://schema.org/roleCodeNL"}
			subject["real"], subject["roleCodeNL"] = "G3", "V6"
		}},
		{name: "another value beside the signed one under its IRI", edit: func(_ string, _, subject object) {
			subject["http://schema.org/roleCodeNL"] = "G3"
			delete(subject, "roleCodeNL")
			subject["@context"] = object{"roleCodeNL": nil}
			subject["roleCodeNL"] = "V6"
		}},
		{name: "somebody else's, made the presenter's", other: true, edit: func(victim string, _, subject object) {
			presenter := subject["presenter"]
			delete(subject, "presenter")
			subject["@context"] = object{"id": nil, "x": "@id"}
			subject["x"], subject["id"] = victim, presenter
		}},
		{name: "another value in a name that differs in case, which is not part of what was signed", edit: func(_ string, _, subject object) {
			subject["ROLECODENL"] = "V6"
		}},
		{name: "another subject in a name that differs in case", edit: func(_ string, credential, subject object) {
			credential["credentialsubject"] = []any{object{"id": subject["id"], "roleCodeNL": "V6"}}
		}},
		{name: "an expired one is refused", expires: -time.Minute},
		{name: "an expired one, made to live again", expires: -time.Minute, edit: func(_ string, credential, subject object) {
			subject["@included"] = []any{object{
				"@id": credential["id"],
				"https://www.w3.org/2018/credentials#expirationDate": object{
					"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": credential["expirationDate"],
				},
			}}
			delete(credential, "expirationDate")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				w := fresh(t)
				for _, requesterType := range []consent.FacilityType{"G3", "V6"} {
					require.NoError(t, w.Mitz.Record(mitztest.Consent{
						Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: requesterType, Decision: consent.Permit,
					}))
				}
				a := newAttempt(t, w, grant)
				holder := a.wallet.DID
				if tc.other {
					holder = a.otherWallet().DID
				}
				expires := time.Hour
				if tc.expires != 0 {
					expires = tc.expires
				}
				credential, err := w.Requester.IssueJSONLD(t.Context(), time.Now().Add(expires), w.Authority.DID, holder,
					harness.TypeFacility, harness.FacilityClaims("G3"))
				require.NoError(t, err)
				if tc.edit != nil {
					credential, err = credential.Edit(func(whole, subject map[string]any) {
						if tc.other {
							subject["presenter"] = a.wallet.DID
						}
						tc.edit(holder, whole, subject)
					})
					require.NoError(t, err)
				}
				a.set.Facility = credential
				answer := a.send()
				if tc.granted {
					introspection := assertPermitted(t, w, answer)
					assert.Equal(t, "G3", introspection.Text("organization_facility_type"))
					return
				}
				assertRefused(t, w, answer, "invalid_request", "", 0)
			})
		})
	}
}

// TestDividedJSONLDNodes takes the system away from a patient's identifier, by writing
// its node in two parts, and so makes a number of another system a patient's. It has a
// world of its own, in which an authority may attest enrolments.
func TestDividedJSONLDNodes(t *testing.T) {
	config := plainWorld()
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		section.Trust.Enrollment = append(section.Trust.Enrollment, section.Trust.FacilityType...)
	}
	w := harness.StartWorld(t, config)
	permit(t, w, patient, "00000659", "GGC002")
	enrolment := func(t *testing.T, holder, system string) harness.Credential {
		t.Helper()
		credential, err := w.Requester.IssueJSONLD(t.Context(), time.Now().Add(time.Hour), w.Authority.DID, holder, harness.TypeEnrollment,
			harness.NestedEnrollmentClaims(map[string]any{"system": system, "value": patient}, map[string]any{"value": "900012345"}))
		require.NoError(t, err)
		return credential
	}
	identifierOf := func(subject map[string]any) (holder map[string]any) {
		enrolled, _ := subject["hasEnrollment"].(map[string]any)
		holder, _ = enrolled["patient"].(map[string]any)
		return holder
	}
	for _, tc := range []struct {
		name, system string
		edit         func(subject map[string]any)
		refused      string
	}{
		{"a patient's number is read", "http://fhir.nl/fhir/NamingSystem/bsn", nil, ""},
		{"a number of another system is none", "http://example.com/patients", nil, "claim malformed: patient_enrollment_identifier"},
		{"nor is it when its node is divided", "http://example.com/patients", func(subject map[string]any) {
			identifierOf(subject)["identifier"] = []any{
				map[string]any{"id": "_:b", "system": "http://example.com/patients"}, map[string]any{"id": "_:b", "value": patient},
			}
		}, "credential proof"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				w.Mitz.ResetLog()
				w.Sessions.Empty()
				a := newAttempt(t, w, grant)
				a.set.Enrollment = enrolment(t, a.wallet.DID, tc.system)
				if tc.edit != nil {
					edited, err := a.set.Enrollment.Edit(func(_, subject map[string]any) { tc.edit(subject) })
					require.NoError(t, err)
					a.set.Enrollment = edited
				}
				answer := a.send()
				if tc.refused == "" {
					assertPermitted(t, w, answer)
					return
				}
				assertRefused(t, w, answer, "invalid_request", tc.refused, 0)
			})
		})
	}
}
