// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/ground"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

const (
	guarded       = "birth-care"
	testBSN       = "900186021"
	testPresenter = "did:web:midwife.example"
)

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// consulter answers as a test wants.
type consulter func(ctx context.Context, q consent.Question) (mitzclient.Answer, error)

func (c consulter) Consult(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
	return c(ctx, q)
}

func deciding(decision consent.Decision) consulter {
	return func(_ context.Context, q consent.Question) (mitzclient.Answer, error) {
		decisions := consent.Decisions{}
		for _, category := range q.Categories {
			decisions[category] = decision
		}
		return mitzclient.Answer{RequestID: "request-1", Decisions: decisions}, nil
	}
}

func unasked(t *testing.T) consulter {
	return func(context.Context, consent.Question) (mitzclient.Answer, error) {
		t.Error("Mitz was asked")
		return mitzclient.Answer{}, errors.New("unexpected")
	}
}

// unlimited are claims of tests that present the same again and again.
type unlimited struct{}

func (unlimited) Claim(context.Context, ...once.ID) error { return nil }

// marks are kept in memory; failing is why they cannot be read.
type marks map[string]string

func (m marks) Get(place string) (string, error) { return m[place], nil }
func (m marks) Put(place, mark string) error {
	m[place] = mark
	return nil
}

// testGuard is a guard with all that is behind it, but for Mitz.
type testGuard struct {
	*Guard
	definitions map[string]pe.WalletOwnerMapping // of unguarded scopes
	file        *nen7513.Log
}

// newTestGuard returns a running guard of one scope.
func newTestGuard(t testing.TB, consult consulter) *testGuard {
	t.Helper()
	return newTestGuardFor(t, consult, testProfile(guarded, "TREAT", "GGC002"))
}

func testProfile(scope, purpose string, categories ...string) policy.ProfileConfig {
	return policy.ProfileConfig{Scope: scope, Categories: categories, Purpose: purpose, AllowUnconstrained: true}
}

// newTestGuardFor returns a running guard whose scopes have a definition of the operator's,
// so that no credentials are needed.
func newTestGuardFor(t testing.TB, consult consulter, profiles ...policy.ProfileConfig) *testGuard {
	t.Helper()
	var fields []pe.Field
	for claim := range testClaims() {
		fields = append(fields, pe.Field{Id: &claim, Path: []string{"$.x"}})
	}
	definition := pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {InputDescriptors: []*pe.InputDescriptor{{
		Id: "one", Constraints: &pe.Constraints{Fields: fields},
	}}}}
	p, err := policy.New(policy.Config{
		DataHolders: []policy.DataHolderConfig{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}},
		Profiles:    profiles,
	}, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return definition, nil })
	require.NoError(t, err)
	now := func() time.Time { return testNow }
	grounds, err := policy.NewGrounds(p, ground.NewClosedQuery(consult, now))
	require.NoError(t, err)
	g := &testGuard{definitions: map[string]pe.WalletOwnerMapping{}}
	g.Guard, err = New(Parts{
		Policy: p, Grounds: grounds, Once: unlimited{}, Marks: withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), marks{}), Recorder: record.New(now), Requests: drain.New(), Now: now,
		Wishes: wishing(func(subscriptions.Wish) {}),
		Definitions: func(context.Context) policy.DefinitionOf {
			return func(scope string) (pe.WalletOwnerMapping, error) {
				if definition, exists := g.definitions[scope]; exists {
					return definition, nil
				}
				return nil, errors.New("unknown")
			}
		},
	})
	require.NoError(t, err)
	g.Requests.Open()
	t.Cleanup(func() { g.stop(t) })
	return g
}

// stop ends as the engine does.
func (g *testGuard) stop(t testing.TB) {
	assert.Zero(t, g.Requests.Close(time.Second, time.Second))
	g.Recorder.Flush()
	if g.file != nil {
		_ = g.file.Close()
	}
}

// openAuditFile has a guard write a NEN 7513 file.
func (g *testGuard) openAuditFile(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.jsonl")
	var err error
	g.file, err = nen7513.Open(path, nen7513.Hooks{})
	require.NoError(t, err)
	// Before the directory goes: the log may be about to make its file again.
	t.Cleanup(func() { _ = g.file.Close() })
	g.Recorder.WriteTo(g.file)
	return path
}

// counted returns how often something was counted.
func (g *testGuard) counted(t *testing.T, name string, labels ...string) (count float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	for _, collector := range g.Recorder.Collectors() {
		require.NoError(t, registry.Register(collector))
	}
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != "nuts_mitz_"+name {
			continue
		}
		for _, metric := range family.GetMetric() {
			var values []string
			for _, label := range metric.GetLabel() {
				values = append(values, label.GetValue())
			}
			if assert.ObjectsAreEqual(labels, values) {
				return metric.GetCounter().GetValue()
			}
		}
	}
	require.Fail(t, "not counted", "%s %v", name, labels)
	return 0
}

func testClaims() map[string]any {
	return map[string]any{
		"organization_ura": "12345678", "organization_facility_type": "G3", "user_id": "900000009", "user_role": "03.000",
		"patient_enrollment_identifier": testBSN,
	}
}

// fakeToken is a token that the node wants to store.
type fakeToken struct {
	subject    string
	scope      string
	claims     map[string]any
	presenters []string
	uses       []once.ID
	unverified error // what is found wrong when it is verified again
	unusable   error // why nothing is known that can be used once
	put        func() error

	stored bool
	stamp  withdrawal.Stamp
	asked  *policy.Asked
	before map[string]any // the claims, when it was stored
}

var _ Token = (*fakeToken)(nil)

func testToken(scope string) *fakeToken {
	return &fakeToken{
		subject: "hospital-east", scope: scope, claims: testClaims(), presenters: []string{testPresenter, testPresenter},
		uses: []once.ID{once.IDOf(testPresenter, "nonce-1")},
	}
}

func (t *fakeToken) Subject() string          { return t.subject }
func (t *fakeToken) Scope() string            { return t.scope }
func (t *fakeToken) Claims() map[string]any   { return t.claims }
func (t *fakeToken) Presenters() []string     { return t.presenters }
func (t *fakeToken) Uses() ([]once.ID, error) { return t.uses, t.unusable }
func (t *fakeToken) Evidence(context.Context) (policy.Evidence, error) {
	return policy.Evidence{Basis: policy.BasisCredentials, Claims: t.claims}, t.unverified
}

func (t *fakeToken) Store() error {
	t.stored = true
	if t.put != nil {
		return t.put()
	}
	return nil
}

func (t *fakeToken) StoreWith(scope string, claims map[string]any, beside Beside) error {
	t.stamp, t.asked = beside.Stamp, beside.Asked
	t.before = maps.Clone(t.claims)
	t.scope, t.claims = scope, maps.Clone(t.claims)
	maps.Copy(t.claims, claims)
	return t.Store()
}

func (t *fakeToken) Clear() { t.stored = false }

func assertOAuthError(t *testing.T, err error, code oauth.ErrorCode, description string) {
	t.Helper()
	var oauthErr oauth.OAuth2Error
	require.ErrorAs(t, err, &oauthErr)
	assert.Equal(t, code, oauthErr.Code)
	assert.Equal(t, description, oauthErr.Description)
	assert.NoError(t, oauthErr.InternalError, "it would be shown to the client")
}

// captureLog returns what is logged during a test.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	logrus.SetOutput(&out)
	logrus.SetLevel(logrus.TraceLevel)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	return &out
}
