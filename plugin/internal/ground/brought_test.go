// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package ground

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// lookup tells of revocations as a test wants.
type lookup func(kept policy.Kept) (bool, error)

func (l lookup) IsRevoked(_ context.Context, kept policy.Kept) (bool, error) { return l(kept) }

// withdrawn tells of withdrawals as a test wants.
type withdrawn struct {
	last time.Time
	err  error
}

func (w withdrawn) Last(context.Context, consent.Question) (time.Time, error) { return w.last, w.err }

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Config{
		DataHolders: []policy.DataHolderConfig{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}},
		Profiles: []policy.ProfileConfig{{
			Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT", Grounds: []string{"mitz-attestation", "consent-registration"},
		}},
		Trust: map[string][]string{
			"organization": {"did:web:a.example"}, "facilitytype": {"did:web:a.example"}, "practitioner": {"holder"}, "enrollment": {"holder"},
			"attestation": {"did:web:mitz.example"}, "membership": {"did:web:mitz.example"},
		},
	}, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return nil, nil })
	require.NoError(t, err)
	return p
}

// liveCase is the case of a live token that rests on credentials.
func liveCase(t *testing.T, kept ...policy.Kept) *policy.Case {
	t.Helper()
	patient, err := consent.ParseBSN("900186021")
	require.NoError(t, err)
	requester := consent.Requester{
		URA: "12345678", FacilityType: "G3",
		Responsible: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
	}
	c, err := newPolicy(t).CaseAgain(policy.Asked{Scope: "birth-care", Requester: requester, Ground: policy.GroundAttestation, Kept: kept}, "hospital-east", consent.Question{
		Patient: patient, DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"}, Requester: requester,
		Categories: []consent.Category{"GGC002"}, Purpose: "TREAT",
	}, now)
	require.NoError(t, err)
	return c
}

func TestALiveTokenIsLookedUpAgain(t *testing.T) {
	kept := policy.Kept{ID: "urn:uuid:1", Type: "MitzConsentRegistrationAttestation", Issuer: "did:web:mitz.example", Status: json.RawMessage(`[{}]`)}
	trouble := errors.New("the list cannot be got")
	for _, tc := range []struct {
		name    string
		revoked bool
		err     error
		check   func(t *testing.T, finding policy.Finding, err error)
	}{
		{"not revoked", false, nil, func(t *testing.T, finding policy.Finding, err error) {
			require.NoError(t, err)
			assert.Equal(t, policy.Finding{Decisions: consent.Decisions{"GGC002": consent.Permit}, ID: kept.ID, At: now}, finding)
		}},
		{"revoked", true, nil, func(t *testing.T, finding policy.Finding, err error) {
			var refusal *policy.Refusal
			require.ErrorAs(t, err, &refusal)
			assert.True(t, refusal.IsFinal())
			assert.Zero(t, finding)
		}},
		{"nobody can tell", false, trouble, func(t *testing.T, finding policy.Finding, err error) {
			require.ErrorIs(t, err, trouble)
			assert.Zero(t, finding)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var looked []policy.Kept
			ground, err := NewAttestation(lookup(func(kept policy.Kept) (bool, error) {
				looked = append(looked, kept)
				return tc.revoked, tc.err
			}), withdrawn{})
			require.NoError(t, err)
			finding, err := ground.Seek(t.Context(), liveCase(t, kept))
			tc.check(t, finding, err)
			assert.Equal(t, []policy.Kept{kept}, looked)
		})
	}
	t.Run("another ground knows nothing of it", func(t *testing.T) {
		ground, err := NewRegistration(lookup(func(policy.Kept) (bool, error) { panic("looked up") }), withdrawn{}, nil)
		require.NoError(t, err)
		_, err = ground.Seek(t.Context(), liveCase(t, kept))
		require.ErrorIs(t, err, policy.ErrNotEstablished)
	})
}

func TestTheGroundsThatAreBroughtAlong(t *testing.T) {
	never := lookup(func(policy.Kept) (bool, error) { panic("looked up") })
	attestation, err := NewAttestation(never, withdrawn{})
	require.NoError(t, err)
	registration, err := NewRegistration(never, withdrawn{}, nil)
	require.NoError(t, err)
	assert.Equal(t, policy.GroundAttestation, attestation.Name())
	assert.Equal(t, policy.GroundRegistration, registration.Name())
	assert.True(t, attestation.HasOwnProof())
	assert.True(t, registration.HasOwnProof())
	for _, construct := range []func() error{
		func() error { _, err := NewAttestation(nil, withdrawn{}); return err },
		func() error { _, err := NewRegistration(nil, withdrawn{}, nil); return err },
		func() error { _, err := NewAttestation(never, nil); return err },
		func() error { _, err := NewRegistration(never, nil, nil); return err },
	} {
		assert.ErrorContains(t, construct(), "needs to know of revocations")
	}
}
