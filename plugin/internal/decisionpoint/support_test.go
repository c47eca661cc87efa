// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/ground"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
)

const (
	hospital      = "hospital-east"
	birthCare     = "birth-care"
	testBSN       = "900186021"
	testPresenter = "did:web:midwife.example"
	testAuthority = "did:web:authority.example"
)

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// mitz answers as a test wants, and counts what it is asked.
type mitz struct {
	answer func(q consent.Question) (consent.Decision, error)
	asked  []consent.Question
}

func (m *mitz) Consult(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
	if err := mitzclient.ContextTrace(ctx).Asking(ctx, "request-1"); err != nil {
		return mitzclient.Answer{}, &mitzclient.Error{Code: mitzclient.Unrecorded}
	}
	m.asked = append(m.asked, q)
	decision, err := m.answer(q)
	if err != nil {
		return mitzclient.Answer{RequestID: "request-1"}, err
	}
	decisions := consent.Decisions{}
	for _, category := range q.Categories {
		decisions[category] = decision
	}
	return mitzclient.Answer{RequestID: "request-1", Decisions: decisions}, nil
}

func deciding(decision consent.Decision) func(consent.Question) (consent.Decision, error) {
	return func(consent.Question) (consent.Decision, error) { return decision, nil }
}

func failing(code mitzclient.Code) func(consent.Question) (consent.Decision, error) {
	return func(consent.Question) (consent.Decision, error) {
		return 0, &mitzclient.Error{Code: code, RequestID: "request-1"}
	}
}

// testPoint is a decision point with all that is behind it, but for Mitz.
type testPoint struct {
	*Point
	mitz *mitz
	file string // its NEN 7513 file
	log  *nen7513.Log
}

// descriptor takes credentials of one type and one issuer.
func descriptor(id, credentialType, issuer string, claims ...string) *pe.InputDescriptor {
	fields := []pe.Field{{Path: []string{"$.type"}, Filter: &pe.Filter{Type: "string", Const: &credentialType}}}
	if issuer != "" {
		fields = append(fields, pe.Field{Path: []string{"$.issuer"}, Filter: &pe.Filter{Type: "string", Const: &issuer}})
	}
	for _, claim := range claims {
		name, optional := strings.CutSuffix(claim, "?")
		fields = append(fields, pe.Field{Id: &name, Path: []string{"$.credentialSubject." + name}, Optional: &optional})
	}
	return &pe.InputDescriptor{Id: id, Constraints: &pe.Constraints{Fields: fields}}
}

// testDefinition says of every claim who attests it, but for what a requester may attest itself.
func testDefinition() pe.WalletOwnerMapping {
	return pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {InputDescriptors: []*pe.InputDescriptor{
		descriptor("one", "OrganizationCredential", testAuthority, "organization_ura", "organization_facility_type"),
		descriptor("two", "EmployeeCredential", "", "user_id", "user_role"),
		descriptor("three", "EnrollmentCredential", "", "patient_enrollment_identifier"),
		descriptor("four", "MandateCredential", "", "delegation_registered_by?", "delegation_role_code?"),
	}}}
}

func testConfig() policy.Config {
	return policy.Config{
		Strict:      true,
		DataHolders: []policy.DataHolderConfig{{Subject: hospital, URA: "00000659", FacilityType: "V6"}, {Subject: "hospital-west", URA: "00000660", FacilityType: "V6"}},
		Profiles: []policy.ProfileConfig{
			{Scope: birthCare, Categories: []string{"GGC002"}, Purpose: "TREAT"},
			{Scope: "medication", Categories: []string{"GGC013", "GGC012"}, Purpose: "TREAT"},
		},
		Trust: map[string][]string{"practitioner": {"holder"}, "enrollment": {"holder"}, "delegation": {"holder"}},
	}
}

func testPolicy(t testing.TB, config policy.Config) *policy.Policy {
	t.Helper()
	p, err := policy.New(config, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return testDefinition(), nil })
	require.NoError(t, err)
	return p
}

// newPoint returns a running decision point.
func newPoint(t testing.TB, answer func(consent.Question) (consent.Decision, error)) *testPoint {
	t.Helper()
	return newPointOf(t, testPolicy(t, testConfig()), answer)
}

func newPointOf(t testing.TB, p *policy.Policy, answer func(consent.Question) (consent.Decision, error)) *testPoint {
	t.Helper()
	now := func() time.Time { return testNow }
	point := &testPoint{mitz: &mitz{answer: answer}, file: filepath.Join(t.TempDir(), "audit.jsonl")}
	grounds, err := policy.NewGrounds(p, ground.NewClosedQuery(point.mitz, now))
	require.NoError(t, err)
	recorder, requests := record.New(now), drain.New()
	point.log, err = nen7513.Open(point.file, nen7513.Hooks{})
	require.NoError(t, err)
	recorder.WriteTo(point.log)
	point.Point, err = New(Parts{Policy: p, Grounds: grounds, Recorder: recorder, Requests: requests, Timeout: time.Minute, Now: now})
	require.NoError(t, err)
	requests.Open()
	t.Cleanup(func() {
		assert.Zero(t, requests.Close(time.Second, time.Second))
		_ = point.log.Close()
	})
	return point
}

// entries returns what is in the NEN 7513 file so far.
func (p *testPoint) entries(t *testing.T) (entries []nen7513.Entry) {
	t.Helper()
	content, err := os.ReadFile(p.file)
	require.NoError(t, err)
	for line := range bytes.Lines(content) {
		entry, err := nen7513.Decode(line)
		require.NoError(t, err)
		entries = append(entries, entry)
	}
	return entries
}

// actions returns the same in short.
func (p *testPoint) actions(t *testing.T) (actions []string) {
	t.Helper()
	for _, entry := range p.entries(t) {
		actions = append(actions, strings.TrimSpace(string(entry.Action)+" "+entry.Code+" "+entry.Basis))
	}
	return actions
}

// counted returns how many answers were counted.
func (p *testPoint) counted(t *testing.T, basis, outcome string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	for _, collector := range p.parts.Recorder.Collectors() {
		require.NoError(t, registry.Register(collector))
	}
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != "nuts_mitz_decisions_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			if metric.GetLabel()[0].GetValue() == basis && metric.GetLabel()[1].GetValue() == outcome {
				return metric.GetCounter().GetValue()
			}
		}
	}
	require.Fail(t, "not counted", "%s %s", basis, outcome)
	return 0
}

func testClaims() map[string]any {
	return map[string]any{
		"organization_ura": "12345678", "organization_facility_type": "G3", "user_id": "900000009", "user_role": "03.000",
		"patient_enrollment_identifier": testBSN,
	}
}

// nodeAsks is what a Nuts node asks about one scope.
func nodeAsks(tokenScope, scope string, claims map[string]any) authzen.Evaluation {
	return authzen.Evaluation{
		Subject:  authzen.Entity{Type: "organization", ID: testPresenter, Properties: map[string]any{"organization": claims}},
		Action:   authzen.Action{Name: "request_scope"},
		Resource: authzen.Entity{Type: "scope", ID: scope},
		Context:  map[string]any{"policy": tokenScope},
	}
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

var errUnexpected = errors.New("unexpected")

func unasked(t *testing.T) func(consent.Question) (consent.Decision, error) {
	return func(consent.Question) (consent.Decision, error) {
		t.Error("Mitz was asked")
		return 0, errUnexpected
	}
}
