// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/recordattacks"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// patientOf tells whose resources are: those with "first" in the id the patient's.
func patientOf(_ context.Context, reference recordguard.Reference) (consent.BSN, error) {
	for id, digits := range map[string]string{"first": patient, "second": otherPatient} {
		if strings.HasPrefix(reference.ID, id) {
			return consent.ParseBSN(digits)
		}
	}
	return consent.BSN{}, errors.New("not found")
}

// guarded is a record server behind a guard, at a node.
type guarded struct {
	*httptest.Server
	node     *fakeNode
	refusals []recordguard.Refusal
}

func (g *guarded) base() string { return g.URL + "/fhir" }

func startGuarded(t *testing.T, change func(*recordguard.Config), behind http.Handler) *guarded {
	t.Helper()
	server := &guarded{node: startNode(t)}
	server.Server = httptest.NewUnstartedServer(nil)
	config := recordguard.Config{
		Rules: recordguard.Rules{DataHolder: "00000659", Scopes: map[string][]string{"birth-care": nil, "plain": nil}},
		Node:  server.node.URL, URL: "http://" + server.Listener.Addr().String() + "/fhir", PatientOf: patientOf,
		Refused: func(_ *http.Request, refusal recordguard.Refusal) { server.refusals = append(server.refusals, refusal) },
	}
	if change != nil {
		change(&config)
	}
	guard, err := recordguard.New(config)
	require.NoError(t, err)
	server.Config.Handler = guard.Protect(behind)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// live are the claims of a token that opens the patient's records, with some changed.
func live(changed map[string]any) map[string]any {
	claims := map[string]any{
		"active": true, "scope": "birth-care", "exp": time.Now().Add(time.Hour).Unix(), "mitz_consent": true, "patient_bsn": patient,
		"consent_categories": []string{"GGC002"}, "data_holder_organization_id": "00000659",
	}
	maps.Copy(claims, changed)
	return claims
}

// TestAttacksOnTheGuard runs the table of docs/recordserver.md with a node that is a stand-in.
func TestAttacksOnTheGuard(t *testing.T) {
	server := startGuarded(t, nil, careless(t))
	server.node.issue("good", live(nil))
	server.node.issue("bound", live(map[string]any{"cnf": map[string]any{"jkt": "key"}}))
	server.node.issue("unguarded", map[string]any{"active": true, "scope": "other", "exp": time.Now().Add(time.Hour).Unix()})
	server.node.issue("no-consent", map[string]any{"active": true, "scope": "plain", "exp": time.Now().Add(time.Hour).Unix()})
	server.node.issue("other-holder", live(map[string]any{"data_holder_organization_id": "00000660"}))
	recordattacks.Target{
		Base: server.base(), Client: server.Client(), Secret: "first pregnancy", OtherSecret: "knee operation",
		Patient: recordattacks.Patient{BSN: patient, ID: "first"}, Other: recordattacks.Patient{BSN: otherPatient, ID: "second"},
		Present: func(t *testing.T, presents recordattacks.Presents, method, address string) http.Header {
			if presents == recordattacks.RevokedToken {
				server.node.issue("revoked", live(nil))
			}
			return present(t, presents, method, address)
		},
		Revoke: func(*testing.T) { server.node.revoke("revoked") },
		Refused: func(t *testing.T, attack recordattacks.Attack, status int, header http.Header, body string) {
			assert.Equal(t, attack.Want, server.refusals[len(server.refusals)-1])
			assert.Equal(t, attack.Want.Status(), status)
			assert.Empty(t, body)
			assert.True(t, status != http.StatusUnauthorized || header.Get("WWW-Authenticate") != "")
			assert.Equal(t, "no-store", header.Get("Cache-Control"))
		},
	}.Run(t)
	for _, refusal := range server.refusals {
		assert.NotContains(t, string(refusal), patient)
	}
}

// present makes the headers of an attack, of the stand-in's tokens and proofs.
func present(t *testing.T, presents recordattacks.Presents, method, address string) http.Header {
	t.Helper()
	right := proof{ID: t.Name(), Method: method, Address: address, IssuedAt: time.Now().Unix(), Token: "bound", Key: "key"}
	with := func(change func(*proof)) http.Header {
		wrong := right
		change(&wrong)
		return http.Header{"Authorization": {"DPoP bound"}, "Dpop": {wrong.encode()}}
	}
	bearer := func(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
	switch presents {
	case recordattacks.Good:
		return bearer("good")
	case recordattacks.NoToken:
		return http.Header{}
	case recordattacks.TwoTokens:
		return http.Header{"Authorization": {"Bearer good", "Bearer good"}}
	case recordattacks.UnknownToken, recordattacks.ExpiredToken:
		return bearer("unknown")
	case recordattacks.RevokedToken:
		return bearer("revoked")
	case recordattacks.UnguardedToken:
		return bearer("unguarded")
	case recordattacks.NoConsent:
		return bearer("no-consent")
	case recordattacks.OtherHolder:
		return bearer("other-holder")
	case recordattacks.Bound, recordattacks.Replayed:
		return with(func(*proof) {})
	case recordattacks.BoundAsBearer:
		return bearer("bound")
	case recordattacks.BoundWithBearer:
		header := with(func(*proof) {})
		header.Set("Authorization", "Bearer bound")
		return header
	case recordattacks.NoProof:
		return http.Header{"Authorization": {"DPoP bound"}}
	case recordattacks.TwoProofs:
		header := with(func(*proof) {})
		header.Add("DPoP", with(func(p *proof) { p.ID += "2" }).Get("DPoP"))
		return header
	case recordattacks.OtherMethod:
		return with(func(p *proof) { p.Method = http.MethodGet })
	case recordattacks.OtherPath:
		return with(func(p *proof) { p.Address += "x" })
	case recordattacks.OtherHost:
		return with(func(p *proof) { p.Address = strings.Replace(address, "127.0.0.1", "localhost", 1) })
	case recordattacks.OtherPort:
		return with(func(p *proof) { p.Address = "http://127.0.0.1:1/fhir" + strings.SplitN(address, "/fhir", 2)[1] })
	case recordattacks.OtherKey:
		return with(func(p *proof) { p.Key = "thief's" })
	case recordattacks.OtherToken:
		return with(func(p *proof) { p.Token = "good" })
	case recordattacks.OldProof:
		return with(func(p *proof) { p.IssuedAt -= 600 })
	case recordattacks.EarlyProof:
		return with(func(p *proof) { p.IssuedAt += 600 })
	case recordattacks.UnboundAsDPoP:
		header := with(func(p *proof) { p.Token = "good" })
		header.Set("Authorization", "DPoP good")
		return header
	default:
		t.Fatalf("unknown: %s", presents)
		return nil
	}
}

// TestGuardWithoutAnAnswer: whatever goes wrong, nothing is shown.
func TestGuardWithoutAnAnswer(t *testing.T) {
	const introspect, validate = "/internal/auth/v2/accesstoken/introspect", "/internal/auth/v2/dpop/validate"
	tests := map[string]struct {
		path, answer string
		want         recordguard.Refusal
	}{
		"introspection fails":                       {introspect, "", recordguard.NodeUnavailable},
		"introspection answers no JSON":             {introspect, "active", recordguard.ClaimsMalformed},
		"introspection says it two ways":            {introspect, `{"active": true, "active": false}`, recordguard.ClaimsMalformed},
		"introspection answers too much":            {introspect, `{"active": true, "more": "` + strings.Repeat("a", 100<<10) + `"}`, recordguard.NodeUnavailable},
		"introspection gives an expired token":      {introspect, `{"active": true, "exp": 1, "scope": "birth-care", "cnf": {"jkt": "key"}, "patient_bsn": "` + patient + `"}`, recordguard.TokenExpired},
		"introspection gives another kind of bound": {introspect, `{"active": true, "cnf": {"x5t#S256": "a"}}`, recordguard.BindingUnknown},
		"validation fails":                          {validate, "", recordguard.NodeUnavailable},
		"validation answers a text":                 {validate, `{"valid": "true"}`, recordguard.NodeUnavailable},
		"validation answers nothing":                {validate, `{}`, recordguard.NodeUnavailable},
		"validation says it two ways":               {validate, `{"valid": true, "Valid": false}`, recordguard.NodeUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := startGuarded(t, nil, careless(t))
			server.node.issue("bound", live(map[string]any{"cnf": map[string]any{"jkt": "key"}}))
			server.node.fail(test.path, test.answer)
			status := send(t, server, "/Patient/first", present(t, recordattacks.Bound, http.MethodGet, server.base()+"/Patient/first"))
			assert.Equal(t, test.want.Status(), status)
			assert.Equal(t, []recordguard.Refusal{test.want}, server.refusals)
		})
	}
	t.Run("no node at all", func(t *testing.T) {
		server := startGuarded(t, func(c *recordguard.Config) { c.Node = "http://127.0.0.1:1" }, careless(t))
		assert.Equal(t, http.StatusServiceUnavailable, send(t, server, "/Patient/first", http.Header{"Authorization": {"Bearer good"}}))
	})
	t.Run("a node that sends the guard elsewhere", func(t *testing.T) {
		elsewhere := startNode(t)
		elsewhere.issue("good", live(nil))
		front := httptest.NewServer(http.RedirectHandler(elsewhere.URL+introspect, http.StatusTemporaryRedirect))
		t.Cleanup(front.Close)
		server := startGuarded(t, func(c *recordguard.Config) { c.Node = front.URL }, careless(t))
		assert.Equal(t, http.StatusServiceUnavailable, send(t, server, "/Patient/first", http.Header{"Authorization": {"Bearer good"}}))
		assert.Empty(t, elsewhere.askedFor())
	})
	t.Run("a node that does not answer in time", func(t *testing.T) {
		silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the guard went away
			<-r.Context().Done()
		}))
		t.Cleanup(silent.Close)
		server := startGuarded(t, func(c *recordguard.Config) { c.Node, c.Timeout = silent.URL, time.Millisecond }, careless(t))
		assert.Equal(t, http.StatusServiceUnavailable, send(t, server, "/Patient/first", http.Header{"Authorization": {"Bearer good"}}))
	})
}

func send(t *testing.T, server *guarded, path string, header http.Header) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.base()+path, nil)
	require.NoError(t, err)
	request.Header = header
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, response.StatusCode == http.StatusOK, len(body) > 0)
	return response.StatusCode
}

func TestGuardAsksNoMoreThanItMust(t *testing.T) {
	var server *guarded
	bound := func(path string) http.Header {
		return present(t, recordattacks.Bound, http.MethodGet, server.base()+path)
	}
	resolved := 0
	server = startGuarded(t, func(c *recordguard.Config) {
		c.PatientOf = func(ctx context.Context, reference recordguard.Reference) (consent.BSN, error) {
			resolved++
			return patientOf(ctx, reference)
		}
	}, careless(t))
	server.node.issue("bound", live(map[string]any{"cnf": map[string]any{"jkt": "key"}}))
	send(t, server, "/Patient/first", http.Header{"Authorization": {"Bearer unknown"}})
	send(t, server, "/Patient/first", http.Header{"Authorization": {"Bearer bound"}})
	assert.Zero(t, resolved, "for who has no token, or not its key, nothing is looked up")
	server.node.askedFor()

	send(t, server, "/Patient?family=a", bound("/Patient"))
	assert.Empty(t, server.node.askedFor(), "what cannot be judged anyway")
	send(t, server, "/Patient/second", bound("/Patient/second"))
	assert.Len(t, server.node.askedFor(), 1, "the proof is not used up")
	send(t, server, "/Patient/first", bound("/Patient/second"))
	assert.Len(t, server.node.askedFor(), 1, "a proof for another address")
	assert.Equal(t, http.StatusOK, send(t, server, "/Patient/first?_format=json", bound("/Patient/first")))
	assert.Len(t, server.node.askedFor(), 2)
}

// TestGuardDoesNotTellWhoIsAPatient: who has a token for one patient cannot tell another from nobody.
func TestGuardDoesNotTellWhoIsAPatient(t *testing.T) {
	server := startGuarded(t, nil, careless(t))
	for name, claims := range map[string]map[string]any{"a good token": live(nil), "a token for something else": live(map[string]any{"scope": "other"})} {
		t.Run(name, func(t *testing.T) {
			server.node.issue("token", claims)
			answer := func(path string) http.Header {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.base()+path, nil)
				require.NoError(t, err)
				request.Header.Set("Authorization", "Bearer token")
				response, err := server.Client().Do(request)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				assert.Equal(t, http.StatusForbidden, response.StatusCode)
				response.Header.Del("Date")
				return response.Header
			}
			assert.Equal(t, answer("/Patient/second"), answer("/Patient/nobody"))
		})
	}
}

func TestGuardHandsOverTheDecision(t *testing.T) {
	var decision recordguard.Decision
	server := startGuarded(t, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ok bool
		decision, ok = recordguard.DecisionOf(r.Context())
		assert.True(t, ok)
		_, _ = io.WriteString(w, "shown")
	}))
	server.node.issue("good", live(map[string]any{"consent_request_id": "q"}))
	require.Equal(t, http.StatusOK, send(t, server, "/Condition/first-1", http.Header{"Authorization": {"bearer good"}}))
	assert.True(t, decision.Claims.Patient.Equal(bsn(t, patient)))
	assert.Equal(t, "q", decision.Claims.RequestID)
	assert.Equal(t, []string{"Condition"}, decision.Asked.Resources)
	assert.Empty(t, decision.Asked.References)
	require.Len(t, decision.Asked.Patients, 1)
	_, ok := recordguard.DecisionOf(t.Context())
	assert.False(t, ok)
}

func TestGuardWithAReaderOfItsOwn(t *testing.T) {
	server := startGuarded(t, func(c *recordguard.Config) {
		c.Read = func(r *http.Request, _ []byte) (recordguard.Request, error) {
			if r.URL.Path != "/fhir/notes" {
				return recordguard.Request{}, errors.New("only notes")
			}
			return recordguard.Request{Patients: []consent.BSN{bsn(t, patient)}, Resources: []string{"DocumentReference"}}, nil
		}
	}, careless(t))
	server.node.issue("good", live(nil))
	bearer := http.Header{"Authorization": {"Bearer good"}}
	assert.Equal(t, http.StatusOK, send(t, server, "/notes", bearer))
	assert.Equal(t, http.StatusForbidden, send(t, server, "/Patient/first", bearer))
	assert.Equal(t, []recordguard.Refusal{recordguard.RequestRefused}, server.refusals)
}

func TestGuardStaysBelowItsAddress(t *testing.T) {
	server := startGuarded(t, nil, careless(t))
	server.node.issue("good", live(nil))
	for _, path := range []string{"x/Patient/first", "/../Patient/first", "/%2e%2e/fhir/Patient/first"} {
		assert.Equal(t, http.StatusForbidden, send(t, server, path, http.Header{"Authorization": {"Bearer good"}}), path)
	}
	t.Run("and knows no resource whose patient nobody tells", func(t *testing.T) {
		server := startGuarded(t, func(c *recordguard.Config) { c.PatientOf = nil }, careless(t))
		server.node.issue("good", live(nil))
		assert.Equal(t, http.StatusForbidden, send(t, server, "/Patient/first", http.Header{"Authorization": {"Bearer good"}}))
	})
}

func TestNewListsAllThatIsWrong(t *testing.T) {
	_, err := recordguard.New(recordguard.Config{URL: "http://records.example/fhir", Node: "localhost:8081", Timeout: -1})
	for _, part := range []string{"the data holder", "no scope", "https is needed", "the node's address", "timeout"} {
		assert.ErrorContains(t, err, part)
	}
	rules := recordguard.Rules{DataHolder: "00000659", Scopes: map[string][]string{"birth-care": nil}}
	for _, address := range []string{"", "https://", "records.example/fhir", "https://u:p@records.example/fhir", "https://records.example/fhir/", "https://records.example/fhir?a=b", "https://records.example/#a", "https://[::1"} {
		_, err := recordguard.New(recordguard.Config{Rules: rules, Node: "http://127.0.0.1:8081", URL: address})
		assert.Error(t, err, address)
	}
	for _, address := range []string{"https://records.example", "https://records.example:8443/a/fhir", "http://localhost:1/fhir"} {
		_, err := recordguard.New(recordguard.Config{Rules: rules, Node: "http://127.0.0.1:8081", URL: address})
		assert.NoError(t, err, address)
	}
}

func TestGuardRefusesWhatOthersCouldReadDifferently(t *testing.T) {
	server := startGuarded(t, func(c *recordguard.Config) {
		c.PatientOf = func(context.Context, recordguard.Reference) (consent.BSN, error) { return consent.BSN{}, nil }
	}, careless(t))
	server.node.issue("good", live(nil))
	form := func(body string, contentTypes ...string) *http.Request {
		request := httptest.NewRequest(http.MethodPost, server.base()+"/Patient/_search", strings.NewReader(body))
		request.RequestURI = ""
		request.Header = http.Header{"Authorization": {"Bearer good"}, "Content-Type": contentTypes}
		return request
	}
	with := func(request *http.Request, name, value string) *http.Request {
		request.Header[name] = []string{value}
		return request
	}
	const formType = "application/x-www-form-urlencoded"
	for name, test := range map[string]struct {
		request *http.Request
		want    recordguard.Refusal
	}{
		"a content type that a proxy takes away": {with(form("_id=first", formType), "Connection", "close, Content-Type"), recordguard.HeaderRefused},
		"an upgrade":                             {with(form("_id=first", formType), "Upgrade", "h2c"), recordguard.HeaderRefused},
		"another method, with underscores":       {with(form("_id=first", formType), "X_HTTP_Method_Override", "DELETE"), recordguard.HeaderRefused},
		"two content types":                      {form("_id=first", formType, "application/json"), recordguard.HeaderRefused},
		"a body that is too large":               {form(strings.Repeat("a", 100<<10), formType), recordguard.BodyRefused},
		"a patient of whom no number known":      {form("_id=first", formType), recordguard.PatientUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := server.Client().Do(test.request)
			require.NoError(t, err)
			defer response.Body.Close()
			assert.Equal(t, http.StatusForbidden, response.StatusCode)
			assert.Equal(t, test.want, server.refusals[len(server.refusals)-1])
		})
	}
}
