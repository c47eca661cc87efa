// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/url"
	"os"
	"runtime"
	"testing"
	"time"

	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
)

const (
	testIssuer = "https://node.example/oauth2/hospital-east"
	guarded    = "birth-care"
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

// newTestEngine makes a running engine with one guarded scope.
func newTestEngine(t testing.TB, consult consulter) *Engine {
	t.Helper()
	return newTestEngineFor(t, consult, testProfile(guarded, "TREAT", "GGC002"))
}

func testProfile(scope, purpose string, categories ...string) policy.ProfileConfig {
	return policy.ProfileConfig{Scope: scope, Categories: categories, Purpose: purpose, AllowUnconstrained: true}
}

// newTestEngineFor makes a running engine whose guarded scopes have a definition of the
// operator's, so that no credentials are needed.
func newTestEngineFor(t testing.TB, consult consulter, profiles ...policy.ProfileConfig) *Engine {
	t.Helper()
	engine := newEngine(nodeEngines{policy: nutspolicy.New()})
	engine.now = func() time.Time { return testNow }
	engine.publicURL = &url.URL{Scheme: "https", Host: "node.example"}
	engine.consult = consult
	engine.claims = unlimited{}
	engine.guarding.Store(true)
	var fields []pe.Field
	for claim := range testClaims() {
		fields = append(fields, pe.Field{Id: &claim, Path: []string{"$.x"}})
	}
	definition := pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {InputDescriptors: []*pe.InputDescriptor{{
		Id: "one", Constraints: &pe.Constraints{Fields: fields},
	}}}}
	var err error
	engine.policy, err = policy.New(policy.Config{
		DataHolders: []policy.DataHolderConfig{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}},
		Profiles:    profiles,
	}, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return definition, nil })
	require.NoError(t, err)
	require.NoError(t, engine.Start())
	t.Cleanup(func() { require.NoError(t, engine.Shutdown()) })
	return engine
}

func testClaims() map[string]any {
	return map[string]any{
		"organization_ura": "12345678", "organization_facility_type": "G3", "user_id": "900000009", "user_role": "03.000",
		"patient_enrollment_identifier": testBSN,
	}
}

func testToken(scope string) iam.AccessToken {
	return iam.AccessToken{
		Token: "secret-token", Issuer: testIssuer, Scope: scope, InputDescriptorConstraintIdMap: testClaims(),
		VPToken: []vc.VerifiablePresentation{presentedWith(testPresenter, "nonce-1")},
	}
}

// keptTokens is a store that keeps the tokens put into it.
type keptTokens struct {
	storage.SessionStore
	tokens map[string]iam.AccessToken
	put    func() // before it keeps one; may be nil
}

func (k *keptTokens) Put(key string, value any, _ ...storage.SessionOption) error {
	if k.put != nil {
		k.put()
	}
	if k.tokens == nil {
		k.tokens = map[string]iam.AccessToken{}
	}
	k.tokens[key] = value.(iam.AccessToken)
	return nil
}

func (k *keptTokens) Delete(key string) error {
	delete(k.tokens, key)
	return nil
}

// issueFor has an engine issue a token, which becomes what was stored.
func issueFor(ctx context.Context, engine *Engine, token *iam.AccessToken) error {
	store := &keptTokens{}
	err := engine.issue(ctx, token.Token, *token, store)
	if stored, exists := store.tokens[token.Token]; exists {
		*token = stored
	}
	return err
}

func issueOutside(engine *Engine, token *iam.AccessToken) error {
	return engine.issueOutsideRequest(token.Token, *token, &keptTokens{})
}

func assertOAuthError(t *testing.T, err error, code oauth.ErrorCode, description string) {
	t.Helper()
	var oauthErr oauth.OAuth2Error
	require.ErrorAs(t, err, &oauthErr)
	assert.Equal(t, code, oauthErr.Code)
	assert.Equal(t, description, oauthErr.Description)
	assert.NoError(t, oauthErr.InternalError, "it would be shown to the client")
}

// captureLog gives what is logged during a test.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	logrus.SetOutput(&out)
	logrus.SetLevel(logrus.TraceLevel)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	return &out
}

func TestIssue(t *testing.T) {
	t.Run("a Permit adds the claims and leaves the node's own map alone", func(t *testing.T) {
		engine := newTestEngine(t, deciding(consent.Permit))
		token := testToken(" " + guarded + " " + guarded)
		before := token.InputDescriptorConstraintIdMap

		require.NoError(t, issueFor(t.Context(), engine, &token))

		assert.Equal(t, testClaims(), before)
		expected := testClaims()
		maps.Copy(expected, map[string]any{
			"mitz_consent": true, "consent_ground": "mitz-closed-query", "consent_categories": []string{"GGC002"},
			"consent_purpose": "TREAT", "consent_checked_at": "2026-03-01T12:00:00Z", "consent_request_id": "request-1",
			"patient_bsn": testBSN, "data_holder_organization_id": "00000659", "data_holder_facility_type": "V6",
		})
		assert.Equal(t, expected, token.InputDescriptorConstraintIdMap)
		assert.Equal(t, guarded, token.Scope)
	})
	t.Run("an unguarded token stays as it is", func(t *testing.T) {
		engine := newTestEngine(t, unasked(t))
		token := testToken("other  other")
		require.NoError(t, issueFor(t.Context(), engine, &token))
		assert.Equal(t, testToken("other  other"), token)
	})
	for _, tc := range []struct {
		name        string
		spoil       func(*iam.AccessToken)
		code        oauth.ErrorCode
		description string
	}{
		{"a blank scope", func(token *iam.AccessToken) { token.Scope = "  " }, oauth.InvalidScope, descriptionUnusableScope},
		{"an unknown scope beside the guarded one", func(token *iam.AccessToken) { token.Scope += " nowhere" }, oauth.InvalidScope, descriptionUnusableScope},
		{"an issuer that is no data holder", func(token *iam.AccessToken) { token.Issuer += "x" }, oauth.InvalidScope, descriptionUnusableScope},
		{"no claims", func(token *iam.AccessToken) { token.InputDescriptorConstraintIdMap = nil }, oauth.InvalidRequest,
			"claim missing: organization_facility_type, organization_ura, patient_enrollment_identifier, user_id, user_role"},
		{"a claim of ours that is there already", func(token *iam.AccessToken) {
			token.InputDescriptorConstraintIdMap["mitz_consent"] = true
		}, oauth.ServerError, descriptionUndetermined},
		{"a claim of ours in an unguarded token", func(token *iam.AccessToken) {
			token.Scope = "other"
			token.InputDescriptorConstraintIdMap["patient_bsn"] = testBSN
		}, oauth.ServerError, descriptionUndetermined},
		{"a presentation without a signer", func(token *iam.AccessToken) {
			token.VPToken = []vc.VerifiablePresentation{{Type: []ssi.URI{}}}
		}, oauth.ServerError, descriptionUndetermined},
	} {
		t.Run("refused without a query: "+tc.name, func(t *testing.T) {
			engine := newTestEngine(t, unasked(t))
			token := testToken(guarded)
			tc.spoil(&token)
			assertOAuthError(t, issueFor(t.Context(), engine, &token), tc.code, tc.description)
		})
	}
	for _, tc := range []struct {
		name        string
		consult     consulter
		code        oauth.ErrorCode
		description string
	}{
		{"a Deny", deciding(consent.Deny), oauth.AccessDenied, descriptionDenied},
		{"an Indeterminate", deciding(consent.Indeterminate), oauth.ServerError, descriptionUndetermined},
		{"a NotApplicable", deciding(consent.NotApplicable), oauth.ServerError, descriptionUndetermined},
		{"no decision", deciding(consent.NoDecision), oauth.ServerError, descriptionUndetermined},
		{"an error", func(context.Context, consent.Question) (mitzclient.Answer, error) {
			return mitzclient.Answer{}, &mitzclient.Error{Code: mitzclient.Timeout, RequestID: "request-2"}
		}, oauth.ServerError, descriptionUndetermined},
		{"decisions beside an error", func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			answer, _ := deciding(consent.Permit)(ctx, q)
			return answer, errors.New("something else")
		}, oauth.ServerError, descriptionUndetermined},
		{"a panic", func(context.Context, consent.Question) (mitzclient.Answer, error) { panic(testBSN) }, oauth.ServerError, descriptionUndetermined},
	} {
		t.Run("refused: "+tc.name, func(t *testing.T) {
			out := captureLog(t)
			token := testToken(guarded)
			assertOAuthError(t, issueFor(t.Context(), newTestEngine(t, tc.consult), &token), tc.code, tc.description)
			assert.Equal(t, testClaims(), token.InputDescriptorConstraintIdMap, "a refused token got claims")
			assert.NotContains(t, out.String(), testBSN)
		})
	}
	t.Run("a failed query is logged under its request id", func(t *testing.T) {
		out := captureLog(t)
		engine := newTestEngine(t, func(context.Context, consent.Question) (mitzclient.Answer, error) {
			return mitzclient.Answer{RequestID: "request-2"}, &mitzclient.Error{Code: mitzclient.HTTPStatus, Status: 503, RequestID: "request-2"}
		})
		token := testToken(guarded)
		require.Error(t, issueFor(t.Context(), engine, &token))
		assert.Contains(t, out.String(), "request_id=request-2")
		assert.Contains(t, out.String(), "outcome=http_status")
	})
}

func TestIssueOutsideRequest(t *testing.T) {
	engine := newTestEngine(t, unasked(t))
	token := testToken(guarded)
	assertOAuthError(t, issueOutside(engine, &token), oauth.ServerError, descriptionUndetermined)
	unguarded := testToken("other")
	assert.NoError(t, issueOutside(engine, &unguarded))
}

func TestLifeCycle(t *testing.T) {
	t.Run("before the start and after the stop a guarded token is refused", func(t *testing.T) {
		engine := newTestEngine(t, unasked(t))
		require.NoError(t, engine.Shutdown())
		token := testToken(guarded)
		assertOAuthError(t, issueFor(t.Context(), engine, &token), oauth.ServerError, descriptionUndetermined)
		assert.Equal(t, "DOWN", string(engine.CheckHealth()["guard"].Status))
	})
	t.Run("an unguarded endpoint does not start", func(t *testing.T) {
		engine := newTestEngine(t, unasked(t))
		engine.guarding.Store(false)
		assert.Error(t, engine.Start())
	})
	t.Run("the stop lets a running consult come to its end", func(t *testing.T) {
		asked, stopping := make(chan struct{}), make(chan struct{})
		engine := newTestEngine(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			close(asked)
			<-stopping
			return deciding(consent.Permit)(ctx, q)
		})
		refusal := make(chan error, 1)
		token := testToken(guarded)
		go func() { refusal <- issueFor(context.Background(), engine, &token) }()
		<-asked
		stopped := make(chan error)
		go func() { stopped <- engine.Shutdown() }()
		for engine.isRunning() {
			runtime.Gosched()
		}
		another := testToken(guarded)
		assertOAuthError(t, issueFor(t.Context(), engine, &another), oauth.ServerError, descriptionUndetermined)
		close(stopping)
		require.NoError(t, <-stopped)
		require.NoError(t, <-refusal)
		assert.Equal(t, true, token.InputDescriptorConstraintIdMap["mitz_consent"])
	})
	t.Run("the stop ends a consult that takes too long, and waits for it", func(t *testing.T) {
		asked, ended := make(chan struct{}), make(chan struct{})
		engine := newTestEngine(t, func(ctx context.Context, _ consent.Question) (mitzclient.Answer, error) {
			close(asked)
			<-ctx.Done()
			close(ended)
			return mitzclient.Answer{}, ctx.Err()
		})
		refusal := make(chan error, 1)
		go func() {
			token := testToken(guarded)
			refusal <- issueFor(context.Background(), engine, &token)
		}()
		<-asked
		require.NoError(t, engine.Shutdown())
		select {
		case <-ended:
		default:
			t.Error("the stop did not wait")
		}
		assertOAuthError(t, <-refusal, oauth.ServerError, descriptionUndetermined)
	})
	t.Run("the end of the request ends the consult", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		engine := newTestEngine(t, func(ctx context.Context, _ consent.Question) (mitzclient.Answer, error) {
			cancel()
			<-ctx.Done()
			return mitzclient.Answer{}, ctx.Err()
		})
		token := testToken(guarded)
		assertOAuthError(t, issueFor(ctx, engine, &token), oauth.ServerError, descriptionUndetermined)
	})
}
