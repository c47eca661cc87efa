// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// storedToken returns a permission and its claims as they are read from a store.
func storedToken(t *testing.T, p *Policy, evidence Evidence) (*Permission, map[string]any) {
	t.Helper()
	permission := permissionFor(t, p, "medication", evidence, Finding{
		Decisions: consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Permit},
		ID:        "id-1", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	})
	claims, err := permission.Claims()
	require.NoError(t, err)
	content, err := json.Marshal(claims)
	require.NoError(t, err)
	var stored map[string]any
	require.NoError(t, json.Unmarshal(content, &stored))
	return permission, stored
}

func recheckingPolicy(t *testing.T) *Policy {
	p := newPolicy(t, validConfig())
	p.Profile("medication").Recheck = 5 * time.Minute
	return p
}

func TestATokenKeepsWhatItTakesToAskAgain(t *testing.T) {
	p := recheckingPolicy(t)
	permission, claims := storedToken(t, p, validEvidence())
	kept, err := json.Marshal(permission.Asked())
	require.NoError(t, err)
	assert.NotContains(t, string(kept), testBSN, "the patient is in the claims alone")
	var asked Asked
	require.NoError(t, json.Unmarshal(kept, &asked))

	question, err := asked.Question(claims)
	require.NoError(t, err)
	assert.Equal(t, permission.c.Question(), question)
	c, err := p.CaseAgain(asked, "hospital-east", question, time.Now())
	require.NoError(t, err)
	assert.Equal(t, permission.c.Question(), c.Question())
	assert.Equal(t, BasisToken, c.Basis())
	assert.Empty(t, c.Credentials(), "so that no ground takes them for verified")

	latest, err := permission.Latest()
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"consent_ground": "mitz-closed-query", "consent_checked_at": "2026-03-01T12:00:00Z", "consent_request_id": "id-1"}, latest)
}

func TestWhichTokensAreLookedAtAgain(t *testing.T) {
	permission, _ := storedToken(t, newPolicy(t, validConfig()), validEvidence())
	assert.Nil(t, permission.Asked(), "a profile without recheck keeps nothing")
	var none *Permission
	assert.Nil(t, none.Asked())
	_, err := none.Latest()
	require.Error(t, err)
}

func TestWhenATokenIsLookedAtAgain(t *testing.T) {
	established := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := map[string]any{"consent_checked_at": established.Format(time.RFC3339)}
	for _, tc := range []struct {
		name    string
		recheck time.Duration
		claims  map[string]any
		now     time.Time
		again   bool
	}{
		{"never without recheck", 0, at, established.Add(time.Hour), false},
		{"not as long as consent is new", 5 * time.Minute, at, established.Add(5 * time.Minute), false},
		{"when consent is older", 5 * time.Minute, at, established.Add(5*time.Minute + time.Second), true},
		{"not by another node's clock that is ahead", 5 * time.Minute, at, established.Add(-time.Second), false},
		{"when it was established further ahead than any clock is", 5 * time.Minute, at, established.Add(-6 * time.Minute), true},
		{"when nothing tells how old it is", 5 * time.Minute, nil, established, true},
		{"when what tells it cannot be read", 5 * time.Minute, map[string]any{"consent_checked_at": "today"}, established, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.again, (&Profile{Recheck: tc.recheck}).LooksAgain(tc.claims, tc.now))
		})
	}
}

// TestATokenThatThisConfigurationDoesNotPermit: each of these ends it for good.
func TestATokenThatThisConfigurationDoesNotPermit(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(p *Policy, claims map[string]any)
		reason Reason
	}{
		{"the profile is gone", func(p *Policy, _ map[string]any) { delete(p.profiles, "medication") }, ReasonProfileChanged},
		{"the profile has a category more", func(p *Policy, _ map[string]any) {
			p.Profile("medication").Categories = append(p.Profile("medication").Categories, "GGC012")
		}, ReasonProfileChanged},
		{"the profile has another purpose", func(p *Policy, _ map[string]any) { p.Profile("medication").Purpose = "TREAT" }, ReasonProfileChanged},
		{"the profile has another ground", func(p *Policy, _ map[string]any) {
			p.Profile("medication").Grounds = []GroundName{GroundAttestation}
		}, ReasonProfileChanged},
		{"the data holder is on the list no more", func(p *Policy, _ map[string]any) { p.Use(nil) }, ReasonDataHolder},
		{"the data holder has another type", func(_ *Policy, claims map[string]any) { claims[ClaimDataHolderFacilityType] = "Z3" }, ReasonDataHolder},
		{"the token names no patient", func(_ *Policy, claims map[string]any) { delete(claims, ClaimPatientBSN) }, ReasonClaimMalformed},
		{"the token names no category", func(_ *Policy, claims map[string]any) { claims[ClaimConsentCategories] = "GGC002" }, ReasonClaimMalformed},
		{"the token names something else than categories", func(_ *Policy, claims map[string]any) { claims[ClaimConsentCategories] = []any{1} }, ReasonClaimMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := recheckingPolicy(t)
			permission, claims := storedToken(t, p, validEvidence())
			asked := *permission.Asked()
			tc.change(p, claims)
			question, err := asked.Question(claims)
			if err == nil {
				_, err = p.CaseAgain(asked, "hospital-east", question, time.Now())
			}
			var refusal *Refusal
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, tc.reason, refusal.Reason())
			assert.True(t, refusal.IsFinal())
		})
	}
	for _, reason := range []Reason{ReasonIndeterminate, ReasonNotApplicable, ReasonUnanswered} {
		assert.False(t, refuse(reason).IsFinal(), reason)
	}
	assert.True(t, refuse(ReasonDenied).IsFinal())
}

func TestReadRecheck(t *testing.T) {
	for _, tc := range []struct {
		name    string
		config  ProfileConfig
		keeps   bool
		problem string
	}{
		{"nothing said is never", ProfileConfig{}, false, ""},
		{"five minutes", ProfileConfig{Recheck: 5 * time.Minute}, false, ""},
		{"a second", ProfileConfig{Recheck: time.Second, RecheckFailure: "deny"}, false, ""},
		{"kept when nobody can tell", ProfileConfig{Recheck: time.Second, RecheckFailure: "keep"}, true, ""},
		{"less than a second", ProfileConfig{Recheck: time.Second - 1}, false, "profiles[0].recheck: at least 1s"},
		{"negative", ProfileConfig{Recheck: -time.Minute}, false, "profiles[0].recheck: at least 1s"},
		{"another word", ProfileConfig{RecheckFailure: "Keep"}, false, `profiles[0].recheckfailure: "Keep" is neither deny nor keep`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := validConfig()
			config.Profiles[0].Recheck, config.Profiles[0].RecheckFailure = tc.config.Recheck, tc.config.RecheckFailure
			p, err := New(config, noDefinitions)
			if tc.problem != "" {
				require.ErrorContains(t, err, tc.problem)
				return
			}
			require.NoError(t, err)
			profile := p.Profile(config.Profiles[0].Scope)
			assert.Equal(t, tc.config.Recheck, profile.Recheck)
			assert.Equal(t, tc.keeps, profile.KeepsUnchecked)
		})
	}
}
