// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/evidence"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/ground"
)

// keeping keeps as a test wants.
type keeping func(context.Context, evidence.Registration) error

func (k keeping) Keep(ctx context.Context, registration evidence.Registration) error {
	return k(ctx, registration)
}

// unrevoked are credentials that nobody revokes.
type unrevoked struct{}

func (unrevoked) IsRevoked(context.Context, policy.Kept) (bool, error) { return false, nil }

// registeringToken is a token that rests on what its requester recorded.
type registeringToken struct {
	*fakeToken
	credentials []policy.Credential
}

func (t registeringToken) Evidence(ctx context.Context) (policy.Evidence, error) {
	presented, err := t.fakeToken.Evidence(ctx)
	presented.Credentials = t.credentials
	return presented, err
}

const testMitz = "did:web:mitz.example"

func credentialOf(issuer, credentialType, member string, said map[string]any) policy.Credential {
	return policy.Credential{
		ID: issuer + "#" + credentialType, Types: []string{"VerifiableCredential", credentialType}, Issuer: issuer, Presenter: testPresenter,
		Subjects: []map[string]any{{"id": testPresenter, member: said}}, Issued: testNow.Add(-time.Hour), Signed: true,
		Raw: "the " + credentialType + " about " + testBSN,
	}
}

// newRegisteringGuard returns a running guard of one scope, whose only ground is a registration,
// and a token that rests on one.
func newRegisteringGuard(t *testing.T, keeper Keeper) (*testGuard, registeringToken) {
	t.Helper()
	profile := testProfile(guarded, "TREAT", "GGC002")
	profile.Grounds = []string{string(policy.GroundRegistration)}
	g := newTestGuardFor(t, unasked(t), testProfile("other-care", "TREAT", "GGC002"))
	var fields []pe.Field
	for claim := range testClaims() {
		fields = append(fields, pe.Field{Id: &claim, Path: []string{"$.x"}})
	}
	definition := pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {InputDescriptors: []*pe.InputDescriptor{{
		Id: "one", Constraints: &pe.Constraints{Fields: fields},
	}}}}
	p, err := policy.New(policy.Config{
		DataHolders:  []policy.DataHolderConfig{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}},
		Profiles:     []policy.ProfileConfig{profile},
		Trust:        map[string][]string{"membership": {testMitz}},
		Registration: policy.RegistrationConfig{Identifications: []string{"wid"}, Agreements: []string{"3.8"}, MaxAge: 24 * time.Hour},
	}, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return definition, nil })
	require.NoError(t, err)
	registered, err := ground.NewRegistration(unrevoked{}, g.Marks, nil)
	require.NoError(t, err)
	grounds, err := policy.NewGrounds(p, registered)
	require.NoError(t, err)
	parts := g.Parts
	parts.Policy, parts.Grounds, parts.Keeper = p, grounds, keeper
	_, err = New(Parts{
		Policy: p, Grounds: grounds, Definitions: parts.Definitions, Once: parts.Once, Marks: parts.Marks, Recorder: parts.Recorder,
		Requests: parts.Requests, Now: parts.Now, Wishes: parts.Wishes,
	})
	require.Error(t, err, "nobody keeps what a token would rest on")
	g.Guard, err = New(parts)
	require.NoError(t, err)
	ura := func(number string) map[string]any {
		return map[string]any{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": number}
	}
	return g, registeringToken{testToken(guarded), []policy.Credential{
		credentialOf(testMitz, "MitzMembershipCredential", "membership", map[string]any{
			"organization": map[string]any{"identifier": ura("12345678")}, "role": "registrar", "since": "2026-01-01T00:00:00Z",
		}),
		credentialOf(testPresenter, "MitzConsentRegistration", "registeredConsent", map[string]any{
			"patient":      map[string]any{"identifier": map[string]any{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": testBSN}},
			"dataHolder":   map[string]any{"identifier": ura("00000659")},
			"dataCategory": []any{"GGC012", "GGC002", "GGC012"}, "requesterFacilityType": []any{"Z3", "G3"}, "choice": "permit",
			"recordedAt":     testNow.Add(-time.Hour).Format(time.RFC3339),
			"recordedBy":     map[string]any{"identifier": "900000009", "roleCode": "03.000"},
			"identification": "wid", "agreement": "3.8",
		}),
	}}
}

func TestWhatARequesterRecordedIsKeptBeforeThereIsAToken(t *testing.T) {
	var token registeringToken
	var g *testGuard
	kept := 0
	g, token = newRegisteringGuard(t, keeping(func(_ context.Context, registration evidence.Registration) error {
		kept++
		assert.False(t, token.stored, "kept before the token is stored")
		patient, err := consent.ParseBSN(testBSN)
		assert.NoError(t, err)
		assert.True(t, registration.Patient.Equal(patient))
		assert.Equal(t, testPresenter+"#MitzConsentRegistration", registration.ID)
		assert.Equal(t, "hospital-east", registration.Subject)
		assert.Equal(t, consent.DataHolder{URA: "00000659", FacilityType: "V6"}, registration.DataHolder)
		assert.Equal(t, []string{"the MitzConsentRegistration about " + testBSN, "the MitzMembershipCredential about " + testBSN}, registration.Credentials)
		assert.Equal(t, fmt.Sprint(evidence.Consent{
			Categories: []consent.Category{"GGC002", "GGC012"}, RequesterTypes: []consent.FacilityType{"G3", "Z3"}, Requester: "12345678",
			Professional: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
			RecordedAt:   testNow.Add(-time.Hour), Identification: "wid", Agreement: "3.8",
		}), fmt.Sprint(registration.Consent), "all that the patient chose, and not only what is asked")
		return nil
	}))
	out := captureLog(t)
	require.NoError(t, g.Issue(audit.TestContext(), token))
	assert.Equal(t, 1, kept)
	assert.True(t, token.stored)
	assert.Equal(t, "consent-registration", token.claims["consent_ground"])
	assert.NotContains(t, out.String(), testBSN)
}

func TestWhatCannotBeKeptGivesNoToken(t *testing.T) {
	for name, keeper := range map[string]keeping{
		"a database that fails": func(context.Context, evidence.Registration) error { return errors.New("i/o timeout") },
		"a panic":               func(context.Context, evidence.Registration) error { panic(testBSN) },
	} {
		t.Run(name, func(t *testing.T) {
			g, token := newRegisteringGuard(t, keeper)
			path := g.openAuditFile(t)
			out := captureLog(t)
			err := g.Issue(audit.TestContext(), token)
			assertOAuthError(t, err, oauth.ServerError, DescriptionUndetermined)
			assert.False(t, token.stored)
			code := map[bool]string{true: "panic", false: "evidence_failed"}[name == "a panic"]
			assert.InDelta(t, 1, g.counted(t, "tokens_refused_total", code), 0)
			assert.NotContains(t, out.String(), testBSN)
			actions := auditActions(t, path)
			assert.Contains(t, actions, "token-issued 0 permit")
			assert.Contains(t, actions, "token-not-stored 8 "+code, "the entry is corrected")
		})
	}
}

func TestNothingIsKeptOnMitzsWord(t *testing.T) {
	g := newTestGuard(t, deciding(consent.Permit))
	g.Keeper = keeping(func(context.Context, evidence.Registration) error {
		t.Error("kept")
		return nil
	})
	captureLog(t)
	require.NoError(t, g.Issue(audit.TestContext(), testToken(guarded)))
}
