// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recheck

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/ground"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
)

const testBSN = "900186021"

// consulter answers as a test wants.
type consulter func(ctx context.Context, q consent.Question) (mitzclient.Answer, error)

func (c consulter) Consult(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
	if err := mitzclient.ContextTrace(ctx).Asking(ctx, "request-2"); err != nil {
		return mitzclient.Answer{}, &mitzclient.Error{Code: mitzclient.Unrecorded}
	}
	return c(ctx, q)
}

func deciding(decision consent.Decision) consulter {
	return func(context.Context, consent.Question) (mitzclient.Answer, error) {
		return mitzclient.Answer{RequestID: "request-2", Decisions: consent.Decisions{"GGC002": decision}}, nil
	}
}

func failing(code mitzclient.Code) consulter {
	return func(context.Context, consent.Question) (mitzclient.Answer, error) {
		return mitzclient.Answer{RequestID: "request-2"}, &mitzclient.Error{Code: code, RequestID: "request-2"}
	}
}

// testChecker is a rechecker with all that is behind it, but for Mitz. Its profile looks again
// after five minutes.
type testChecker struct {
	*Rechecker
	log     *bytes.Buffer
	mu      sync.Mutex
	queries int
	file    *nen7513.Log
}

func newTestChecker(t *testing.T, consult consulter, failure string) *testChecker {
	t.Helper()
	definition := pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {InputDescriptors: []*pe.InputDescriptor{{Id: "one"}}}}
	for _, claim := range []string{"organization_ura", "organization_facility_type", "user_id", "user_role", "patient_enrollment_identifier"} {
		descriptor := definition[pe.WalletOwnerOrganization].InputDescriptors[0]
		if descriptor.Constraints == nil {
			descriptor.Constraints = &pe.Constraints{}
		}
		descriptor.Constraints.Fields = append(descriptor.Constraints.Fields, pe.Field{Id: &claim, Path: []string{"$.x"}})
	}
	p, err := policy.New(policy.Config{
		DataHolders: []policy.DataHolderConfig{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}},
		Profiles: []policy.ProfileConfig{{
			Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT", AllowUnconstrained: true,
			Recheck: 5 * time.Minute, RecheckFailure: failure,
		}},
	}, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return definition, nil })
	require.NoError(t, err)
	c := &testChecker{log: captureLog(t)}
	counted := consulter(func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
		c.mu.Lock()
		c.queries++
		c.mu.Unlock()
		return consult(ctx, q)
	})
	grounds, err := policy.NewGrounds(p, ground.NewClosedQuery(counted, time.Now))
	require.NoError(t, err)
	c.Rechecker, err = New(Parts{
		Policy: p, Grounds: grounds, Recorder: record.New(time.Now), Requests: drain.New(), Timeout: time.Minute, Now: time.Now,
	})
	require.NoError(t, err)
	c.parts.Requests.Open()
	t.Cleanup(func() { c.parts.Recorder.Flush() })
	return c
}

func (c *testChecker) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queries
}

// openAuditFile has a NEN 7513 file written.
func (c *testChecker) openAuditFile(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.jsonl")
	var err error
	c.file, err = nen7513.Open(path, nen7513.Hooks{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.file.Close() })
	c.parts.Recorder.WriteTo(c.file)
	return path
}

// counted returns how often something was counted.
func (c *testChecker) counted(t *testing.T, metric string) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	for _, collector := range c.parts.Recorder.Collectors() {
		require.NoError(t, registry.Register(collector))
	}
	_, err := testutil.GatherAndCount(registry, metric)
	require.NoError(t, err)
	families, err := registry.Gather()
	require.NoError(t, err)
	counts := map[string]float64{}
	for _, family := range families {
		for _, each := range family.GetMetric() {
			if value := each.GetCounter().GetValue(); family.GetName() == metric && value > 0 {
				counts[each.GetLabel()[0].GetValue()] = value
			}
		}
	}
	return counts
}

// fakeToken is a token that was issued some time ago.
type fakeToken struct {
	mu       sync.Mutex
	claims   map[string]any
	asked    policy.Asked
	latest   map[string]any
	gone     bool
	unread   error // when it was looked at last
	unkept   error
	unended  error
	panicsAt string
	// meanwhile is done just before a look, as by another node.
	meanwhile func(*fakeToken)
}

var _ Token = (*fakeToken)(nil)

// tokenOf returns a token on consent of so long ago.
func tokenOf(age time.Duration) *fakeToken {
	return &fakeToken{
		claims: map[string]any{
			"mitz_consent": true, "patient_bsn": testBSN, "data_holder_organization_id": "00000659", "data_holder_facility_type": "V6",
			"consent_categories": []any{"GGC002"}, "consent_purpose": "TREAT",
			"consent_checked_at": time.Now().Add(-age).UTC().Format(time.RFC3339), "consent_request_id": "request-1",
		},
		asked: policy.Asked{Scope: "birth-care", Requester: consent.Requester{
			URA: "12345678", FacilityType: "G3",
			Responsible: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
		}},
	}
}

func (t *fakeToken) ID() string             { return "token" }
func (t *fakeToken) Subject() string        { return "hospital-east" }
func (t *fakeToken) Claims() map[string]any { return t.claims }
func (t *fakeToken) Presenters() []string   { return []string{"did:web:midwife.example"} }
func (t *fakeToken) Asked() policy.Asked    { return t.asked }

func (t *fakeToken) at(step string) {
	if t.panicsAt == step {
		panic(testBSN)
	}
}

func (t *fakeToken) IsLive() (bool, error) {
	t.at("live")
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.meanwhile != nil {
		t.meanwhile(t)
	}
	return !t.gone, nil
}

func (t *fakeToken) Latest() (map[string]any, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.latest), t.unread
}

func (t *fakeToken) KeepLatest(claims map[string]any) error {
	t.at("keep")
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unkept == nil {
		t.latest = claims
	}
	return t.unkept
}

func (t *fakeToken) End() (bool, error) {
	t.at("end")
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone || t.unended != nil {
		return false, t.unended
	}
	t.gone = true
	return true, nil
}

// captureLog returns what is logged during a test.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	logrus.SetOutput(&out)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	return &out
}
