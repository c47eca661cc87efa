// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package ground

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
)

// kept is evidence of one credential as a test wants.
type kept struct {
	since time.Time
	err   error
}

func (k kept) KeptSince(_ context.Context, subject string, dataHolder consent.URA, credential string) (time.Time, error) {
	if subject != "hospital-east" || dataHolder != "00000659" || credential != "the credential" {
		panic("asked about another")
	}
	return k.since, k.err
}

// presented is the case of a request.
func presented(t *testing.T) *policy.Case {
	t.Helper()
	p := newPolicy(t)
	c, err := p.Case(p.Profile("birth-care"), policy.Evidence{Basis: policy.BasisClaims, Subject: "hospital-east", Now: now, Claims: map[string]any{
		"organization_ura": "12345678", "organization_facility_type": "G3", "user_id": "900000009", "user_role": "03.000",
		"patient_enrollment_identifier": "900186021",
	}})
	require.NoError(t, err)
	return c
}

func TestWhatWasWithdrawnSinceGivesNoToken(t *testing.T) {
	trouble := errors.New("the database fails")
	at := now.Add(-time.Hour)
	for _, tc := range []struct {
		name        string
		withdrawals withdrawn
		evidence    Evidence
		reason      string // empty: it is found
	}{
		{"nothing was withdrawn", withdrawn{}, nil, ""},
		{"withdrawn before", withdrawn{last: at.Add(-time.Microsecond)}, nil, ""},
		{"withdrawn at the same moment", withdrawn{last: at}, nil, "denied"},
		{"withdrawn after", withdrawn{last: at.Add(time.Second)}, nil, "denied"},
		{"nobody can tell what was withdrawn", withdrawn{err: trouble}, nil, "marks_failed"},
		{"dated after a withdrawal, and not kept before", withdrawn{last: at.Add(-time.Minute)}, kept{}, ""},
		{"dated after a withdrawal, and kept before it", withdrawn{last: at.Add(-time.Minute)}, kept{since: at.Add(-2 * time.Minute)}, "denied"},
		{"dated and kept after a withdrawal", withdrawn{last: at.Add(-time.Minute)}, kept{since: at.Add(-time.Second)}, ""},
		{"dated before a withdrawal, and kept after it", withdrawn{last: at.Add(time.Minute)}, kept{since: at.Add(2 * time.Minute)}, "denied"},
		{"nobody can tell what was kept", withdrawn{last: at.Add(-time.Minute)}, kept{err: trouble}, "marks_failed"},
		{"what was kept does not matter where nothing was withdrawn", withdrawn{}, kept{err: trouble}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := policy.Finding{
				Decisions: consent.Decisions{"GGC002": consent.Permit}, ID: "urn:uuid:1", At: at,
				Rests: []policy.Credential{{Raw: "the credential"}, {Raw: "another"}},
			}
			g, err := newBrought(policy.GroundRegistration, lookup(nil), tc.withdrawals, func(*policy.Case) (policy.Finding, error) { return found, nil })
			require.NoError(t, err)
			g.evidence = tc.evidence
			finding, err := g.Seek(t.Context(), presented(t))
			if tc.reason == "" {
				require.NoError(t, err)
				assert.Equal(t, found, finding)
				return
			}
			require.Error(t, err)
			assert.Equal(t, tc.reason, record.Reason(err))
			assert.Empty(t, finding.Decisions)
		})
	}
	t.Run("what is wrong is not looked up", func(t *testing.T) {
		g, err := newBrought(policy.GroundRegistration, lookup(nil), withdrawn{err: trouble}, func(*policy.Case) (policy.Finding, error) {
			return policy.Finding{}, policy.ErrNotEstablished
		})
		require.NoError(t, err)
		_, err = g.Seek(t.Context(), presented(t))
		require.ErrorIs(t, err, policy.ErrNotEstablished)
	})
}
