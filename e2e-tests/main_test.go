// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// The patients. All of their numbers are forbidden in every log.
const (
	patient      = "900186021"
	otherPatient = "999996642"
)

var patients = []string{
	patient, otherPatient, mitztest.PatientAlwaysPermit, mitztest.PatientAlwaysDeny,
	mitztest.UnaskedPatient, mitztest.UnaskedOtherPatient, wrongBSN,
}

// The scopes of the plain world.
const (
	birthCare = "birth-care" // guarded: GGC002
	results   = "results"    // guarded: GGC002 and GGC012
	plain     = "plain"      // not guarded; an operator's policy file defines it
	sly       = "sly"        // not guarded; writes a claim that a guarded scope would read
)

// timeout is how long a consult may take in the plain world: long on a busy machine too, and
// some tests wait for it.
const timeout = "5s"

var (
	binaries harness.Binaries
	logs     string
	world    *harness.World // shared by the tests that do not change it
)

func TestMain(m *testing.M) {
	os.Exit(harness.RunAndScan(func(logRoot string) int {
		if err := prepare(logRoot); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL:", err)
			return 1
		}
		code := m.Run()
		if err := errors.Join(world.Close(), openField.close(), strictField.close(), ownField.close(), sharedSQL.close(), closeBrought()); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL:", err)
			return 1
		}
		return code
	}, patients, os.Stderr))
}

func prepare(logRoot string) (err error) {
	logs = logRoot
	if binaries, err = harness.Build(context.Background(), os.Stderr); err != nil {
		return err
	}
	world, err = harness.NewWorld(context.Background(), plainWorld())
	return err
}

// plainWorld has two guarded and two unguarded scopes, and two data holders.
func plainWorld() harness.WorldConfig {
	return harness.WorldConfig{
		Binaries: binaries,
		LogRoot:  logs,
		DataHolders: []harness.DataHolder{
			{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"},
			{Subject: "hospital-west", URA: "00000660", FacilityType: "V4"},
		},
		Profiles: []harness.MitzProfile{
			{Scope: birthCare, Categories: []string{"GGC002"}, Purpose: "TREAT"},
			{Scope: results, Categories: []string{"GGC002", "GGC012"}, Purpose: "COC"},
		},
		ConfigureMitz: func(section *harness.MitzConfig) { section.Timeout = timeout },
		ConfigureDataHolder: func(_ context.Context, _ *harness.World, node *harness.NodeConfig) error {
			node.Policies = map[string]string{"operator": operatorsPolicy}
			return nil
		},
	}
}

// operatorsPolicy is a policy file of the node's own: scopes without a guard. The
// definition asks for one credential of the four, and sly reads a claim from it that
// the guarded scopes read too.
const operatorsPolicy = `{
  "plain": {"organization": {"id": "plain", "format": {"jwt_vp": {"alg": ["ES256"]}, "jwt_vc": {"alg": ["ES256", "PS256"]}, "ldp_vc": {"proof_type": ["JsonWebSignature2020"]}},
    "input_descriptors": [{"id": "organization", "constraints": {"fields": [
      {"path": ["$.type"], "filter": {"type": "string", "const": "X509Credential"}},
      {"id": "organization_ura", "path": ["$.credentialSubject.san.otherName", "$.credentialSubject[0].san.otherName"],
       "filter": {"type": "string", "pattern": "^[0-9.]+-\\d+-\\d+-S-(\\d+)-00\\.000-\\d+$"}}]}}]}},
  "sly": {"organization": {"id": "sly", "format": {"jwt_vp": {"alg": ["ES256"]}, "ldp_vc": {"proof_type": ["JsonWebSignature2020"]}},
    "input_descriptors": [{"id": "employee", "constraints": {"fields": [
      {"path": ["$.type"], "filter": {"type": "string", "const": "NutsEmployeeCredential"}},
      {"id": "delegation_registered_by", "path": ["$.credentialSubject.identifier", "$.credentialSubject[0].identifier"]}]}}]}}
}`

// fresh returns the shared world with nothing on record, no queries and no tokens.
func fresh(t *testing.T) *harness.World {
	t.Helper()
	reset(world)
	t.Cleanup(func() { reset(world) })
	return world
}

// reset forgets what a test left behind.
func reset(w *harness.World) {
	w.Mitz.Behave()
	w.Mitz.ResetLog()
	for _, each := range patients {
		w.Mitz.Forget(each)
	}
	w.Sessions.Empty()
}

// permit records consent for the requester's kind of organisation.
func permit(t *testing.T, w *harness.World, bsn string, dataHolder consent.URA, categories ...consent.Category) {
	t.Helper()
	for _, category := range categories {
		require.NoError(t, w.Mitz.Record(mitztest.Consent{
			Patient: bsn, DataHolder: dataHolder, Category: category, RequesterType: "G3", Decision: consent.Permit,
		}))
	}
}

// lastTokenAnswer is what the data holder's token endpoint answered last: the
// requester's node wraps it.
func lastTokenAnswer(t *testing.T, w *harness.World) harness.Answer {
	t.Helper()
	answers := w.DataHolder.TokenAnswers()
	require.NotEmpty(t, answers, "no token request reached the data holder")
	return answers[len(answers)-1]
}

// The descriptions that the contract fixes.
const (
	noConsent    = "there is no consent for this request"
	undetermined = "consent could not be established"
)

// assertRefused checks a refusal: the OAuth error, that no token is live, and how many
// queries reached Mitz.
func assertRefused(t *testing.T, w *harness.World, answer harness.Answer, code, description string, queries int) {
	t.Helper()
	oauthError := answer.OAuthError()
	assert.Equal(t, code, oauthError.Code, "%s", answer.Body)
	if description != "" {
		assert.Equal(t, description, oauthError.Description)
	}
	status := http.StatusBadRequest
	if code == "server_error" {
		status = http.StatusInternalServerError
	}
	assert.Equal(t, status, answer.Status)
	assert.Empty(t, answer.Token())
	assert.Zero(t, w.Sessions.Tokens(), "a token is live")
	assert.Len(t, w.Mitz.Queries(), queries, "queries at Mitz")
	if queries == 0 {
		assert.Zero(t, w.Mitz.Received(), "requests at Mitz")
	}
	assertNoPatients(t, string(answer.Body))
}

func assertNoPatients(t *testing.T, text string) {
	t.Helper()
	for _, each := range patients {
		assert.False(t, slices.Contains(digitRuns.FindAllString(text, -1), each), "a patient's number is shown")
	}
}

// assertPermitted checks that there is one live token, and returns what the data holder's
// node tells its record server about it.
func assertPermitted(t *testing.T, w *harness.World, answer harness.Answer) harness.Introspection {
	t.Helper()
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	require.NotEmpty(t, answer.Token())
	assert.Equal(t, 1, w.Sessions.Tokens(), "live tokens")
	introspection, err := w.DataHolder.Introspect(t.Context(), answer.Token())
	require.NoError(t, err)
	require.True(t, introspection.Active)
	return introspection
}
