// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// fakeGround ends as a test wants.
type fakeGround struct {
	name     GroundName
	ownProof bool
	finding  Finding
	err      error
	sought   func()
}

func (g *fakeGround) Name() GroundName  { return g.name }
func (g *fakeGround) HasOwnProof() bool { return g.ownProof }
func (g *fakeGround) Seek(context.Context, *Case) (Finding, error) {
	if g.sought != nil {
		g.sought()
	}
	return g.finding, g.err
}

// trail keeps what a [Trace] is told.
type trail struct {
	trying     []GroundName
	ended      []Attempt
	unrecorded error
}

func (r *trail) Trying(ctx context.Context, ground GroundName) (context.Context, func(Attempt) error) {
	r.trying = append(r.trying, ground)
	return ctx, func(attempt Attempt) error {
		r.ended = append(r.ended, attempt)
		return r.unrecorded
	}
}

// The ways in which a ground ends.
func permits(name GroundName) *fakeGround {
	return &fakeGround{name: name, finding: Finding{Decisions: consent.Decisions{"GGC002": consent.Permit}, ID: string(name)}}
}

func decides(name GroundName, decision consent.Decision) *fakeGround {
	return &fakeGround{name: name, finding: Finding{Decisions: consent.Decisions{"GGC002": decision}}}
}

func fails(name GroundName, err error) *fakeGround { return &fakeGround{name: name, err: err} }

func withProof(g *fakeGround) *fakeGround {
	g.ownProof = true
	return g
}

var errTrouble = errors.New("mitz is down")

// TestGrounds goes through how two grounds end one after the other.
func TestGrounds(t *testing.T) {
	const first, second = GroundClosedQuery, GroundRegistration
	for _, tc := range []struct {
		name          string
		continues     bool // afterdeny
		first, second *fakeGround
		permittedBy   GroundName // empty: refused
		reason        Reason     // of a refusal
		trouble       bool
		tried         int
	}{
		{"the first that permits decides", false, permits(first), permits(second), first, "", false, 1},
		{"what is not established leaves it to the next", false, fails(first, ErrNotEstablished), permits(second), second, "", false, 2},
		{"what no ground establishes is refused", true, fails(first, ErrNotEstablished), fails(second, ErrNotEstablished), "", ReasonDenied, false, 2},
		{"a Deny is final", false, decides(first, consent.Deny), permits(second), "", ReasonDenied, false, 1},
		{"a later ground may permit after a Deny where the profile says so", true, decides(first, consent.Deny), permits(second), second, "", false, 2},
		{"what Mitz attested before never permits what it denies now", true, decides(first, consent.Deny), withProof(permits(GroundAttestation)), "", ReasonDenied, false, 1},
		{"a Deny stays one when no later ground permits", true, decides(first, consent.Deny), fails(second, ErrNotEstablished), "", ReasonDenied, false, 2},
		{"a Deny outweighs trouble after it", true, decides(first, consent.Deny), fails(second, errTrouble), "", ReasonDenied, false, 2},
		{"a Deny outweighs trouble before it", true, fails(first, errTrouble), withProof(decides(second, consent.Deny)), "", ReasonDenied, false, 2},
		{"after trouble no ground without proof of its own is tried", true, fails(first, errTrouble), permits(second), "", "", true, 1},
		{"after trouble a ground with proof of its own decides", false, fails(first, errTrouble), withProof(permits(second)), second, "", false, 2},
		{"trouble stays when a ground with proof is not established", false, fails(first, errTrouble), withProof(fails(second, ErrNotEstablished)), "", "", true, 2},
		{"an Indeterminate is trouble", false, decides(first, consent.Indeterminate), permits(second), "", ReasonIndeterminate, false, 1},
		{"a finding without decisions permits nothing", false, &fakeGround{name: first}, permits(second), "", ReasonUnanswered, false, 1},
		{"an error outweighs the finding beside it", false, &fakeGround{name: first, finding: permits(first).finding, err: errTrouble}, permits(second), "", "", true, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPolicy(t, validConfig())
			profile := p.Profile("birth-care")
			profile.Grounds, profile.continueAfterDeny = []GroundName{first, tc.second.name}, tc.continues
			grounds, err := NewGrounds(p, tc.first, tc.second)
			require.NoError(t, err)
			c, err := p.Case(profile, validEvidence())
			require.NoError(t, err)
			told := &trail{}
			permission, err := grounds.Establish(t.Context(), c, told)
			assert.Len(t, told.trying, tc.tried)
			assert.Len(t, told.ended, tc.tried, "how a ground ended is told once")
			if tc.permittedBy != "" {
				require.NoError(t, err)
				assert.Equal(t, tc.permittedBy, permission.Ground())
				assert.NoError(t, told.ended[tc.tried-1].Err)
				return
			}
			require.Error(t, err)
			assert.Nil(t, permission)
			assert.Equal(t, tc.trouble, errors.Is(err, errTrouble))
			if tc.reason != "" {
				refusal, ok := errors.AsType[*Refusal](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, tc.reason, refusal.Reason())
			}
		})
	}
}

func TestNothingRestsOnWhatCannotBeRecorded(t *testing.T) {
	p := newPolicy(t, validConfig())
	profile := p.Profile("birth-care")
	profile.Grounds = []GroundName{GroundClosedQuery, GroundAttestation}
	grounds, err := NewGrounds(p, permits(GroundClosedQuery), withProof(permits(GroundAttestation)))
	require.NoError(t, err)
	c, err := p.Case(profile, validEvidence())
	require.NoError(t, err)
	unwritten := errors.New("disk full")
	told := &trail{unrecorded: unwritten}
	permission, err := grounds.Establish(t.Context(), c, told)
	require.ErrorIs(t, err, unwritten)
	assert.Nil(t, permission)
	assert.Len(t, told.trying, 1, "no later ground is tried")
}

func TestADataHolderThatIsTakenOffTheListMeanwhile(t *testing.T) {
	for name, left := range map[string]*Lists{
		"gone":              {},
		"with another type": {dataHolders: map[string]consent.DataHolder{"hospital-east": {URA: "00000659", FacilityType: "V4"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPolicy(t, validConfig())
			ground := permits(GroundClosedQuery)
			ground.sought = func() { p.Use(left) }
			grounds, err := NewGrounds(p, ground)
			require.NoError(t, err)
			c, err := p.Case(p.Profile("birth-care"), validEvidence())
			require.NoError(t, err)
			permission, err := grounds.Establish(t.Context(), c, &trail{})
			assertRefused(t, err, ReasonDataHolder)
			assert.Nil(t, permission)
		})
	}
}

func TestNewGroundsFails(t *testing.T) {
	p := newPolicy(t, validConfig())
	_, err := NewGrounds(p)
	require.ErrorContains(t, err, fmt.Sprintf("the ground %s of scope birth-care is not there", GroundClosedQuery))
	_, err = NewGrounds(p, permits(GroundClosedQuery), permits(GroundClosedQuery))
	require.ErrorContains(t, err, "twice")
}

func TestACaseSaysWhatItIsMadeOf(t *testing.T) {
	p := newPolicy(t, validConfig())
	profile := p.Profile("birth-care")
	t.Run("of credentials", func(t *testing.T) {
		c, err := p.Case(profile, validEvidence())
		require.NoError(t, err)
		assert.Equal(t, BasisCredentials, c.Basis())
		assert.Len(t, c.Credentials(), 4)
	})
	t.Run("of claims alone, with the built-in definition too", func(t *testing.T) {
		of := validEvidence()
		of.Basis, of.Credentials = BasisClaims, nil
		c, err := p.Case(profile, of)
		require.NoError(t, err)
		assert.Equal(t, BasisClaims, c.Basis())
		fromCredentials, err := p.Case(profile, validEvidence())
		require.NoError(t, err)
		assert.Equal(t, fromCredentials.Question(), c.Question())
	})
	t.Run("never of claims with credentials beside them", func(t *testing.T) {
		of := validEvidence()
		of.Basis = BasisClaims
		_, err := p.Case(profile, of)
		assertRefused(t, err, ReasonClaimContradiction)
	})
	t.Run("never of what does not say what it is", func(t *testing.T) {
		of := validEvidence()
		of.Basis = ""
		_, err := p.Case(profile, of)
		assertRefused(t, err, ReasonClaimMissing)
	})
}

func TestAnEmptyRefusalIsStillOne(t *testing.T) {
	refusal := &Refusal{}
	assert.Equal(t, ReasonUnanswered, refusal.Reason())
	assert.NotEmpty(t, refusal.Error())
	assert.Empty(t, refusal.Rules())
}
