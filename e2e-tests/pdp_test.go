// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/authzentest"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// pointAlone is a decision point without a node, with a Mitz of its own.
type pointAlone struct {
	*harness.Point
	mitz      *harness.Mitz
	workspace *harness.Workspace
}

// startPointAlone starts one. Change may be nil.
func startPointAlone(t *testing.T, change func(*harness.Workspace, *harness.PointConfig)) *pointAlone {
	t.Helper()
	workspace, err := harness.NewWorkspace(logs)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
	a := &pointAlone{workspace: workspace}
	a.mitz, err = workspace.StartMitz()
	require.NoError(t, err)
	for _, category := range plainWorld().Profiles[0].Categories {
		require.NoError(t, a.mitz.Record(mitztest.Consent{
			Patient: patient, DataHolder: "00000659", Category: consent.Category(category), RequesterType: "G3", Decision: consent.Permit,
		}))
	}
	config := harness.PointConfig{Name: "pdp", Binary: binaries.Mitz, Mitz: harness.MitzConfig{
		Endpoint: a.mitz.Endpoint(), Timeout: timeout,
		CertFile: a.mitz.Files.Certificate, CertKeyFile: a.mitz.Files.Key, TrustStoreFile: a.mitz.Files.TrustStore,
		DataHolders: plainWorld().DataHolders, Profiles: plainWorld().Profiles,
		Trust: harness.MitzTrust{
			Organization: []string{"did:web:cibg.example"}, FacilityType: []string{"did:web:vektis.example"},
			Practitioner: []string{"holder"}, Enrollment: []string{"holder"},
		},
	}}
	if change != nil {
		change(workspace, &config)
	}
	a.Point, err = workspace.StartPoint(t.Context(), config)
	require.NoError(t, err)
	return a
}

// aloneQuestion is what a newer stock node asks about a patient.
func aloneQuestion(bsn string, scopes ...string) string {
	var evaluations []string
	for _, scope := range scopes {
		evaluations = append(evaluations, fmt.Sprintf(`{"resource": {"type": "scope", "id": %q}}`, scope))
	}
	return fmt.Sprintf(`{"subject": {"type": "organization", "id": "did:web:midwife.example", "properties": {"organization": {
		"organization_ura": "00001234", "organization_facility_type": "G3", "user_id": "900012345", "user_role": "03.000",
		"patient_enrollment_identifier": %q}}}, "action": {"name": "request_scope"}, "context": {"policy": %q}, "evaluations": [%s]}`,
		bsn, scopes[0], strings.Join(evaluations, ", "))
}

// aloneAnswer is the answer to a question.
type aloneAnswer struct {
	status    int
	challenge string
	decisions []bool
	reasons   []string
}

// ask asks, with headers in pairs. Without an answer the status is 0.
func (a *pointAlone) ask(ctx context.Context, t *testing.T, client *http.Client, body string, headers ...string) aloneAnswer {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL("hospital-east")+"/access/v1/evaluations", strings.NewReader(body))
	if !assert.NoError(t, err) {
		return aloneAnswer{}
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return aloneAnswer{}
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	assert.NoError(t, err)
	assertNoPatients(t, string(content))
	answer := aloneAnswer{status: response.StatusCode, challenge: response.Header.Get("WWW-Authenticate")}
	var body200 struct {
		Evaluations []struct {
			Decision bool
			Context  struct{ Reason string }
		}
	}
	if answer.status == http.StatusOK && assert.NoError(t, json.Unmarshal(content, &body200)) {
		for _, each := range body200.Evaluations {
			answer.decisions, answer.reasons = append(answer.decisions, each.Decision), append(answer.reasons, each.Context.Reason)
		}
	}
	return answer
}

func TestADecisionPointWithoutANode(t *testing.T) {
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	a := startPointAlone(t, func(_ *harness.Workspace, c *harness.PointConfig) {
		c.Env = append(c.Env, "NUTS_MITZ_AUDIT_FILE="+audit)
	})
	client := a.workspace.Client()

	given := a.ask(t.Context(), t, client, aloneQuestion(patient, birthCare, "openid"))
	assert.Equal(t, []bool{true, true}, given.decisions, "%v", given.reasons)
	assert.Len(t, a.mitz.Queries(), 1, "however many scopes")
	given = a.ask(t.Context(), t, client, aloneQuestion(otherPatient, birthCare))
	assert.Equal(t, []bool{false}, given.decisions)
	assert.Equal(t, []string{"denied"}, given.reasons)
	given = a.ask(t.Context(), t, client, aloneQuestion(patient, plain))
	assert.Equal(t, []bool{false}, given.decisions, "a scope that is not guarded")
	given = a.ask(t.Context(), t, client, aloneQuestion(wrongBSN, birthCare))
	assert.Equal(t, []bool{false}, given.decisions)
	assert.Len(t, a.mitz.Queries(), 2)
	a.mitz.Misbehave(mitztest.HTTPStatus(500))
	given = a.ask(t.Context(), t, client, aloneQuestion(patient, birthCare))
	assert.Equal(t, []bool{false}, given.decisions)
	assert.NotEqual(t, []string{"denied"}, given.reasons)

	metrics := must[harness.Answer](t)(a.Get(t.Context(), "/metrics"))
	for _, line := range []string{
		`nuts_mitz_decisions_total{basis="claims",outcome="permit"} 1`, `nuts_mitz_decisions_total{basis="claims",outcome="denied"} 1`,
		`nuts_mitz_pdp_refused_total{reason="no_token"} 0`, `nuts_mitz_guarded_scopes 2`,
	} {
		assert.True(t, metrics.Contains("\n"+line+"\n"), line)
	}
	assert.False(t, metrics.Contains("nuts_mitz_door_refused_total"), "there is no node")
	health := must[harness.Answer](t)(a.Get(t.Context(), "/health"))
	assert.True(t, health.Contains(`"mitz.guarded":{"status":"UP","details":"2 scopes, for 2 data holders"}`), "%s", health.Body)
	assert.True(t, health.Contains(`"mitz.audit":{"status":"UP"}`), "%s", health.Body)

	require.NoError(t, a.Stop())
	assert.Zero(t, a.ExitCode())
	actions := auditActions(t, audit)
	assert.Equal(t, []string{"query", "consult", "decision-permitted", "query", "consult", "decision-refused"}, actions[:6], "%v", actions)
	left := must[[]os.DirEntry](t)(os.ReadDir(a.Dir))
	require.Len(t, left, 1, "no database, no keys")
	assert.Equal(t, "nuts.yaml", left[0].Name())
}

func TestADecisionPointWithoutANodeWhereMitzCannotBeReached(t *testing.T) {
	a := startPointAlone(t, func(_ *harness.Workspace, c *harness.PointConfig) { c.Mitz.Endpoint = "https://127.0.0.1:1" })
	client := a.workspace.Client()
	for range 12 { // until the link leaves Mitz alone
		given := a.ask(t.Context(), t, client, aloneQuestion(patient, birthCare))
		assert.Equal(t, 200, given.status, "false is an answer")
		assert.Equal(t, []bool{false}, given.decisions)
	}
	health := must[harness.Answer](t)(a.Get(t.Context(), "/health"))
	assert.Equal(t, 200, health.Status, "it passes by itself")
	assert.True(t, health.Contains(`"mitz.circuit":{"status":"UNKNOWN","details":"open"}`), "%s", health.Body)
}

func TestClientsOfADecisionPointWithTokens(t *testing.T) {
	const token = "0123456789abcdef0123456789abcdef"
	tokens := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(tokens, []byte("# the gateway\n"+token+"\n"), 0o600))
	a := startPointAlone(t, func(_ *harness.Workspace, c *harness.PointConfig) { c.PDP = fmt.Sprintf("    tokenfile: %q\n", tokens) })
	client := a.workspace.Client()
	given := a.ask(t.Context(), t, client, aloneQuestion(patient, birthCare), "Authorization", "Bearer "+token)
	assert.Equal(t, []bool{true}, given.decisions)
	for name, headers := range map[string][]string{"none": nil, "a wrong one": {"Authorization", "Bearer " + token + "0"}} {
		given := a.ask(t.Context(), t, client, aloneQuestion(patient, birthCare), headers...)
		assert.Equal(t, 401, given.status, name)
		assert.True(t, strings.HasPrefix(given.challenge, "Bearer "), name)
	}
	assert.Len(t, a.mitz.Queries(), 1)
	metrics := must[harness.Answer](t)(a.Get(t.Context(), "/metrics"))
	assert.True(t, metrics.Contains("\n"+`nuts_mitz_pdp_refused_total{reason="unknown_token"} 1`+"\n"))

	t.Run("a token that is taken out of the file counts no more", func(t *testing.T) {
		require.NoError(t, os.WriteFile(tokens+".new", []byte(token+"0\n"), 0o600))
		require.NoError(t, os.Rename(tokens+".new", tokens))
		assert.EventuallyWithT(t, func(c *assert.CollectT) {
			assert.Equal(c, 401, a.ask(t.Context(), t, client, aloneQuestion(patient, birthCare), "Authorization", "Bearer "+token).status)
		}, longest, 50*time.Millisecond)
	})
}

func TestClientsOfADecisionPointWithCertificates(t *testing.T) {
	clients, strangers := must[*mitztest.Identity](t)(mitztest.NewIdentity()), must[*mitztest.Identity](t)(mitztest.NewIdentity())
	a := startPointAlone(t, func(w *harness.Workspace, c *harness.PointConfig) {
		dir := t.TempDir()
		certificate, key, err := w.TLS().WriteServer("pdp", dir)
		require.NoError(t, err)
		roots := filepath.Join(dir, "clients.pem")
		require.NoError(t, os.WriteFile(roots, clients.CAPEM(), 0o600))
		c.TLS, c.PDP = true, fmt.Sprintf("    tls: {certfile: %q, certkeyfile: %q, clientcafile: %q, clientcertnames: [Mitz simulator client]}\n", certificate, key, roots)
	})
	as := func(certificate *tls.Certificate) *http.Client {
		client := a.workspace.Client()
		if certificate != nil {
			client.Transport.(*http.Transport).TLSClientConfig.GetClientCertificate =
				func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
		}
		return client
	}
	right, wrong := clients.Client(), strangers.Client()
	assert.Equal(t, []bool{true}, a.ask(t.Context(), t, as(&right), aloneQuestion(patient, birthCare)).decisions)
	assert.Equal(t, 403, a.ask(t.Context(), t, as(nil), aloneQuestion(patient, birthCare)).status, "none")
	assert.Zero(t, a.ask(t.Context(), t, as(&wrong), aloneQuestion(patient, birthCare)).status, "of another CA")
	assert.Len(t, a.mitz.Queries(), 1)
}

func TestADecisionPointEndsWhatRuns(t *testing.T) {
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	a := startPointAlone(t, func(_ *harness.Workspace, c *harness.PointConfig) {
		c.Mitz.Timeout, c.Env = "1m", append(c.Env, "NUTS_MITZ_AUDIT_FILE="+audit)
	})
	a.mitz.Misbehave(mitztest.Slow(5 * time.Second))
	answered := make(chan aloneAnswer, 1)
	go func() { answered <- a.ask(t.Context(), t, a.workspace.Client(), aloneQuestion(patient, birthCare)) }()
	waiting, done := context.WithTimeout(t.Context(), longest)
	defer done()
	require.NoError(t, a.mitz.WaitForQueries(waiting, 1))

	require.NoError(t, a.Stop())

	assert.Zero(t, a.ExitCode())
	assert.Equal(t, []bool{true}, (<-answered).decisions, "the patient sees the query, and so the client gets its answer")
	assert.Equal(t, []string{"query", "consult", "decision-permitted"}, auditActions(t, audit))
}

// TestADecisionPointKeepsToTheStandard asks those of the vectors on board whose answers do not
// depend on the fixture of the certification.
func TestADecisionPointKeepsToTheStandard(t *testing.T) {
	a := startPointAlone(t, nil)
	vectors := must[authzentest.Vectors](t)(authzentest.Own())
	runner := authzentest.Runner{URL: a.URL("hospital-east"), Client: a.workspace.Client()}
	asked := 0
	for _, each := range vectors.Cases {
		permits := each.Expected.Body != nil && each.Expected.Body.Decision != nil && *each.Expected.Body.Decision
		for _, decision := range each.Expected.Evaluations {
			permits = permits || decision != nil && *decision
		}
		if !each.IsAsked() || permits {
			continue
		}
		asked++
		assert.NoError(t, runner.Run(t.Context(), each), "%s %s", each.ID, each.Title)
	}
	assert.Greater(t, asked, 20)
	assert.Empty(t, a.mitz.Queries())
}

// TestADecisionPointAnswersAsTheStandardSays asks the process itself about format and batches, where
// answers of true and false stand beside each other: over loopback, and over TLS as a client with a token.
func TestADecisionPointAnswersAsTheStandardSays(t *testing.T) {
	vectors := must[authzentest.Vectors](t)(authzentest.Consent())
	const token = "0123456789abcdef0123456789abcdef"
	for name, change := range map[string]func(*harness.Workspace, *harness.PointConfig){
		"over loopback": nil,
		"over TLS, with a token": func(w *harness.Workspace, c *harness.PointConfig) {
			dir := t.TempDir()
			certificate, key, err := w.TLS().WriteServer("pdp", dir)
			require.NoError(t, err)
			tokens := filepath.Join(dir, "tokens")
			require.NoError(t, os.WriteFile(tokens, []byte(token+"\n"), 0o600))
			c.TLS, c.PDP = true, fmt.Sprintf("    tokenfile: %q\n    tls: {certfile: %q, certkeyfile: %q}\n", tokens, certificate, key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := startPointAlone(t, change)
			runner := authzentest.Runner{
				URL: a.URL("hospital-east"), Client: a.workspace.Client(), Header: http.Header{"Authorization": {"Bearer " + token}},
			}
			for _, each := range vectors.Cases {
				before := len(a.mitz.Queries())
				assert.NoError(t, runner.Run(t.Context(), each), "%s: %s", each.ID, each.Title)
				assert.LessOrEqual(t, len(a.mitz.Queries())-before, 2, "%s: each of two requests asks one question at most", each.ID)
			}
			large := `{"more": "` + strings.Repeat("x", 128<<10) + `"}`
			tooLarge := authzentest.Case{Endpoint: "evaluations", Body: &large, Expected: authzentest.Expected{Status: http.StatusBadRequest}}
			assert.NoError(t, runner.Run(t.Context(), tooLarge))
		})
	}
}

// pointExample finds the configurations in documentation that a test must start a decision point
// with.
var pointExample = regexp.MustCompile("(?s)<!-- point:[^>]*-->\n```yaml\n(.*?)```")

func TestExamplesOfDecisionPointsStart(t *testing.T) {
	root := must[string](t)(harness.RepositoryRoot())
	page := must[[]byte](t)(os.ReadFile(filepath.Join(root, "docs", "authzen.md")))
	examples := pointExample.FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, examples)
	for _, example := range examples {
		a := startPointAlone(t, func(w *harness.Workspace, c *harness.PointConfig) {
			dir := t.TempDir()
			certificate, key, err := w.TLS().WriteServer("pdp", dir)
			require.NoError(t, err)
			tokens := filepath.Join(dir, "tokens")
			require.NoError(t, os.WriteFile(tokens, []byte("0123456789abcdef0123456789abcdef\n"), 0o600))
			c.TLS, c.YAML = true, strings.NewReplacer(
				"/etc/nuts/mitz/client.pem", c.Mitz.CertFile, "/etc/nuts/mitz/client.key", c.Mitz.CertKeyFile, "/etc/nuts/mitz/ca.pem", c.Mitz.TrustStoreFile,
				"/etc/nuts/mitz/pdp.tokens", tokens, "/etc/nuts/mitz/pdp.pem", certificate, "/etc/nuts/mitz/pdp.key", key,
				"https://mitz.example/tst-us/mitz", c.Mitz.Endpoint, "0.0.0.0:8443", harness.PointAddress,
			).Replace(example[1])
		})
		given := a.ask(t.Context(), t, a.workspace.Client(), aloneQuestion(patient, birthCare), "Authorization", "Bearer 0123456789abcdef0123456789abcdef")
		assert.Equal(t, []bool{true}, given.decisions, "%v", given.reasons)
	}
}
