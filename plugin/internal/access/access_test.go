// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package access

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

const (
	testBSN  = "900186021"
	otherBSN = "999996642"
	base     = "https://records.example/fhir"
	form     = "application/x-www-form-urlencoded"
	numberOf = "identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// tokens are live tokens by what they are called.
type tokens struct {
	live    map[string]live.Token
	failing error
	asked   int
}

func (t *tokens) Find(_ context.Context, subject, token string) (live.Token, bool, error) {
	t.asked++
	found, ok := t.live[token]
	found.Claims = maps.Clone(found.Claims)
	return found, ok && found.Subject == subject, t.failing
}

// proofs takes one proof for each request.
type proofs struct {
	good    live.Proof
	failing error
	asked   int
	looked  int
}

func (p *proofs) WouldBeGood(_ context.Context, _ live.Token, proof live.Proof) (bool, error) {
	p.looked++
	return proof == p.good, p.failing
}

func (p *proofs) IsGood(_ context.Context, _ live.Token, proof live.Proof) (bool, error) {
	p.asked++
	return proof == p.good, p.failing
}

func liveToken(change func(*live.Token)) live.Token {
	token := live.Token{
		Subject: "hospital-east", Scope: "other birth-care", Issued: now, Expires: now.Add(time.Minute),
		Claims: map[string]any{
			"mitz_consent": true, "patient_bsn": testBSN, "consent_categories": []any{"GGC013"},
			"data_holder_organization_id": "00000659", "consent_request_id": "request-1",
		},
	}
	if change != nil {
		change(&token)
	}
	return token
}

func without(claim string) live.Token {
	return liveToken(func(t *live.Token) { delete(t.Claims, claim) })
}
func with(claim string, value any) live.Token {
	return liveToken(func(t *live.Token) { t.Claims[claim] = value })
}

func newJudge(t *testing.T) (*Judge, *tokens, *proofs) {
	t.Helper()
	known := &tokens{live: map[string]live.Token{
		"live": liveToken(nil), "bound": liveToken(func(t *live.Token) { t.Thumbprint = "thumbprint" }),
		"expired":     liveToken(func(t *live.Token) { t.Expires = now }),
		"elsewhere":   liveToken(func(t *live.Token) { t.Subject = "hospital-west" }),
		"plain":       liveToken(func(t *live.Token) { t.Scope = "other" }),
		"two":         liveToken(func(t *live.Token) { t.Scope = "birth-care second" }),
		"unguarded":   without("mitz_consent"),
		"in words":    with("mitz_consent", "true"),
		"for nobody":  without("patient_bsn"),
		"of another":  with("data_holder_organization_id", "00000660"),
		"of results":  with("consent_categories", []any{"GGC012"}),
		"of nothing":  without("consent_categories"),
		"with no key": with("cnf", map[string]any{"jkt": "thumbprint"}),
	}}
	good := &proofs{good: live.Proof{JWT: "good", Token: "bound", Method: http.MethodPost, URL: base + "/MedicationRequest/_search"}}
	judge, err := New(Parts{
		Tokens: known, Proofs: good, Scopes: []string{"birth-care", "second"}, Categories: recordguard.DefaultCategories(),
		Bases: []string{base, base + "/r4"}, Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	return judge, known, good
}

// search asks for the medication of the token's patient.
func search(change func(*Request)) Request {
	request := Request{
		Subject: "hospital-east", DataHolder: "00000659", Authorization: []string{"Bearer live"}, Method: http.MethodPost,
		URL: base + "/MedicationRequest/_search", ContentType: form, Body: []byte("patient." + numberOf + testBSN),
	}
	if change != nil {
		change(&request)
	}
	return request
}

func TestJudge(t *testing.T) {
	token := func(name string) func(*Request) {
		return func(r *Request) { r.Authorization = []string{"Bearer " + name} }
	}
	bound := func(proofs ...string) func(*Request) {
		return func(r *Request) { r.Authorization, r.Proofs = []string{"DPoP bound"}, proofs }
	}
	told := func(patient string, types ...string) func(*Request) {
		return func(r *Request) { r.Told = &Told{Patient: patient, ResourceTypes: types} }
	}
	read := func(path string, then ...func(*Request)) func(*Request) {
		return func(r *Request) {
			r.Method, r.URL, r.ContentType, r.Body = http.MethodGet, path, "", nil
			for _, change := range then {
				change(r)
			}
		}
	}
	for name, test := range map[string]struct {
		change func(*Request)
		want   recordguard.Refusal
	}{
		"what the token is for":                                         {nil, ""},
		"with the scheme in capitals":                                   {func(r *Request) { r.Authorization = []string{"BEARER live"} }, ""},
		"with a proof that it needs":                                    {bound("good"), ""},
		"without a token":                                               {func(r *Request) { r.Authorization = nil }, recordguard.TokenMissing},
		"with two tokens":                                               {func(r *Request) { r.Authorization = []string{"Bearer live", "Bearer live"} }, recordguard.TokenMissing},
		"with another kind of token":                                    {func(r *Request) { r.Authorization = []string{"Basic live"} }, recordguard.TokenMissing},
		"with what cannot be a token":                                   {token("li ve"), recordguard.TokenMissing},
		"with an unknown token":                                         {token("unknown"), recordguard.TokenNotActive},
		"with a token of another subject":                               {token("elsewhere"), recordguard.TokenNotActive},
		"with a token that just expired":                                {token("expired"), recordguard.TokenExpired},
		"with a token of another scope":                                 {token("plain"), recordguard.ScopeNotAccepted},
		"with a token of two guarded scopes":                            {token("two"), recordguard.SeveralScopes},
		"with a token that rests on no consent":                         {token("unguarded"), recordguard.NoConsent},
		"with a token for nobody":                                       {func(r *Request) { r.Authorization = []string{"Bearer for nobody"} }, recordguard.TokenMissing},
		"with a bound token as Bearer":                                  {func(r *Request) { r.Authorization, r.Proofs = []string{"Bearer bound"}, []string{"good"} }, recordguard.ProofMissing},
		"with a bound token alone":                                      {bound(), recordguard.ProofMissing},
		"with a bound token and two proofs":                             {bound("good", "good"), recordguard.ProofInvalid},
		"with a bound token and a wrong proof":                          {bound("wrong"), recordguard.ProofInvalid},
		"with a proof for another request":                              {func(r *Request) { bound("good")(r); r.URL = base + "/MedicationDispense/_search" }, recordguard.ProofInvalid},
		"with an unbound token as DPoP":                                 {func(r *Request) { r.Authorization, r.Proofs = []string{"DPoP live"}, []string{"good"} }, recordguard.ProofUnexpected},
		"about another patient":                                         {func(r *Request) { r.Body = []byte("patient." + numberOf + otherBSN) }, recordguard.OtherPatient},
		"about nobody":                                                  {func(r *Request) { r.Body = nil }, recordguard.NoPatient},
		"about what is not covered":                                     {func(r *Request) { r.URL = base + "/Condition/_search" }, recordguard.NotCovered},
		"to write":                                                      {func(r *Request) { r.Method = http.MethodPut }, recordguard.MethodRefused},
		"of which the body was not seen":                                {func(r *Request) { r.BodyUnseen = true }, recordguard.BodyRefused},
		"to another server":                                             {func(r *Request) { r.URL = "https://other.example/fhir/MedicationRequest/_search" }, recordguard.PathRefused},
		"to a server with a longer name":                                {func(r *Request) { r.URL = base + "s/MedicationRequest/_search" }, recordguard.PathRefused},
		"with a fragment":                                               {func(r *Request) { r.URL += "#a" }, recordguard.PathRefused},
		"for a resource whose patient is told":                          {read(base+"/MedicationRequest/1", told(testBSN)), ""},
		"for a resource that nobody tells about":                        {read(base + "/MedicationRequest/1"), recordguard.PatientUnknown},
		"for a resource of another":                                     {read(base+"/MedicationRequest/1", told(otherBSN)), recordguard.OtherPatient},
		"told otherwise than it says":                                   {told(otherBSN, "MedicationRequest"), recordguard.SeveralPatients},
		"told to be of a type that is covered":                          {read(base+"/Condition/1", told(testBSN, "MedicationRequest")), recordguard.NotCovered},
		"told, and not to be judged":                                    {read(base+"/MedicationRequest/1/_history", told(testBSN, "MedicationRequest")), recordguard.HistoryRefused},
		"to an interface of its own, told":                              {read("https://other.example/medication", told(testBSN, "MedicationRequest")), ""},
		"to an interface, to write":                                     {read("https://other.example/medication", told(testBSN, "MedicationRequest"), func(r *Request) { r.Method = http.MethodDelete }), recordguard.MethodRefused},
		"told, to a known server in another form, with a fragment":      {read("https://records.example/fhir/MedicationRequest?patient=2#a", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, doubled slashes":      {read("https://records.example//fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, an escape":            {read("https://records.example/%66hir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, a step":               {read("https://records.example/a/../fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, an escaped step":      {read("https://records.example/a%2f..%2ffhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, a parameter":          {read("https://records.example/fhir;a=b/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, escaped twice":        {read("https://records.example/%2566hir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, in capitals":          {read("https://records.example/FHIR/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, a host in capitals":   {read("https://RECORDS.example/fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, a port":               {read("https://records.example:443/fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, a dot after the host": {read("https://records.example./fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, an empty port":        {read("https://records.example:/fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, wide letters":         {read("https://ｒecords.example/fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to a known server in another form, an escaped host":      {read("https://%72ecords.example/fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, a whole address behind the gateway's own":                {read("https://records.examplehttps://records.example/fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, a target that makes a user of the gateway's own":         {read("https://records.example@other.example/fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"told, to what is no server":                                    {read("file://other.example/medication", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"to an interface at a port":                                     {read("https://other.example:8443/medication", told(testBSN, "MedicationRequest")), ""},
		"to an interface at a number":                                   {read("http://[::1]:8443/medication", told(testBSN, "MedicationRequest")), ""},
		"below a base that is below another":                            {func(r *Request) { r.URL = base + "/r4/MedicationRequest/_search" }, ""},
		"below the same, told":                                          {read(base+"/r4/MedicationRequest/1", told(testBSN)), ""},
		"told, to a known server in another form, no host":              {read("/fhir/MedicationRequest?patient=2", told(testBSN, "MedicationRequest")), recordguard.PathRefused},
		"to an interface, of more than is told":                         {read("https://other.example/all", told(testBSN, "MedicationRequest", "Condition")), recordguard.NotCovered},
		"to an interface, told no type":                                 {read("https://other.example/all", told(testBSN)), recordguard.NoResource},
		"to an interface, told no number":                               {read("https://other.example/all", told("123456789", "MedicationRequest")), recordguard.NoPatient},
	} {
		t.Run(name, func(t *testing.T) {
			judge, _, proofs := newJudge(t)
			verdict, err := judge.Judge(t.Context(), search(test.change))
			require.NoError(t, err)
			assert.Equal(t, test.want, verdict.Refusal)
			assert.Contains(t, Outcomes(), Outcome(verdict, nil))
			if test.want != "" && test.want != recordguard.ProofInvalid {
				assert.Zero(t, proofs.asked, "a proof was used up for nothing")
			}
		})
	}
}

// TestClaimsAreReadStrictly has tokens whose names a header cannot hold.
func TestClaimsAreReadStrictly(t *testing.T) {
	for name, want := range map[string]recordguard.Refusal{
		"in words": recordguard.ClaimsMalformed, "for nobody": recordguard.OtherPatient, "of another": recordguard.OtherDataHolder,
		"of results": recordguard.NotCovered, "of nothing": recordguard.NotCovered,
		"with no key": "", // a claim of that name says nothing of a key: the token does
	} {
		t.Run(name, func(t *testing.T) {
			judge, tokens, _ := newJudge(t)
			tokens.live["live"] = tokens.live[name]
			verdict, err := judge.Judge(t.Context(), search(nil))
			require.NoError(t, err)
			assert.Equal(t, Verdict{Refusal: want, RequestID: "request-1"}, verdict)
		})
	}
}

func TestWhatNobodyCanTellIsNotAllowed(t *testing.T) {
	judge, tokens, proofs := newJudge(t)
	bound := search(func(r *Request) { r.Authorization, r.Proofs = []string{"DPoP bound"}, []string{"good"} })
	proofs.failing = errors.New("connection refused")
	verdict, err := judge.Judge(t.Context(), bound)
	require.ErrorIs(t, err, proofs.failing)
	assert.Equal(t, Undetermined, Outcome(verdict, err))
	tokens.failing = errors.New("connection refused")
	_, err = judge.Judge(t.Context(), bound)
	require.ErrorIs(t, err, tokens.failing)
}

// TestWhatGatewaysThatCanAskAgainAreTold: that nothing but the patient is missing, and no more.
func TestWhatGatewaysThatCanAskAgainAreTold(t *testing.T) {
	read := func(path, authorization string, proofs ...string) Request {
		return search(func(r *Request) {
			r.Method, r.URL, r.ContentType, r.Body, r.CanAskAgain = http.MethodGet, base+path, "", nil, true
			r.Authorization, r.Proofs = []string{authorization}, proofs
		})
	}
	const path = "/MedicationRequest/1"
	for name, test := range map[string]struct {
		request Request
		needed  bool
		refusal recordguard.Refusal
	}{
		"a read":                             {read(path, "Bearer live"), true, recordguard.PatientUnknown},
		"a search by id":                     {read("/MedicationRequest?patient=1", "Bearer live"), true, recordguard.PatientUnknown},
		"with a proof that it needs":         {read(path, "DPoP bound", "of a read"), true, recordguard.PatientUnknown},
		"with a wrong proof":                 {read(path, "DPoP bound", "wrong"), false, recordguard.ProofInvalid},
		"with a bound token alone":           {read(path, "DPoP bound"), false, recordguard.ProofMissing},
		"without a token":                    {read(path, ""), false, recordguard.TokenMissing},
		"with an unknown token":              {read(path, "Bearer unknown"), false, recordguard.TokenNotActive},
		"with a token of another subject":    {read(path, "Bearer elsewhere"), false, recordguard.TokenNotActive},
		"with a token that just expired":     {read(path, "Bearer expired"), false, recordguard.TokenExpired},
		"with a token of another scope":      {read(path, "Bearer plain"), false, recordguard.ScopeNotAccepted},
		"with a token without consent":       {read(path, "Bearer unguarded"), false, recordguard.NoConsent},
		"of what is not covered":             {read("/Condition/1", "Bearer live"), false, recordguard.PatientUnknown},
		"of what is not covered, and of who": {read("/Consent?patient=1", "Bearer live"), false, recordguard.PatientUnknown},
		"of what cannot be judged":           {read(path+"/_history", "Bearer live"), false, recordguard.HistoryRefused},
		"of nobody":                          {read("/MedicationRequest", "Bearer live"), false, recordguard.NoPatient},
	} {
		t.Run(name, func(t *testing.T) {
			judge, tokens, proofs := newJudge(t)
			proofs.good = live.Proof{JWT: "of a read", Token: "bound", Method: http.MethodGet, URL: base + path}
			verdict, err := judge.Judge(t.Context(), test.request)
			require.NoError(t, err)
			assert.Equal(t, test.needed, verdict.PatientNeeded)
			assert.Equal(t, test.refusal, verdict.Refusal, "it is no permission")
			assert.Zero(t, proofs.asked, "a proof was used up")
			if test.needed {
				assert.Equal(t, PatientNeeded, Outcome(verdict, nil))
				assert.Contains(t, Outcomes(), PatientNeeded)
				test.request.Told = &Told{Patient: testBSN}
				verdict, err = judge.Judge(t.Context(), test.request)
				require.NoError(t, err)
				assert.Empty(t, verdict.Refusal)
				assert.False(t, verdict.PatientNeeded)
				test.request.Told = &Told{Patient: otherBSN}
				verdict, err = judge.Judge(t.Context(), test.request)
				require.NoError(t, err)
				assert.Equal(t, Verdict{Refusal: recordguard.OtherPatient, RequestID: "request-1"}, verdict)
			}
			tokens.live["live"] = without("patient_bsn")
			test.request.CanAskAgain, test.request.Told = false, nil
			verdict, err = judge.Judge(t.Context(), test.request)
			require.NoError(t, err)
			assert.False(t, verdict.PatientNeeded, "of one that cannot ask again")
			assert.NotEmpty(t, verdict.Refusal)
		})
	}
	t.Run("with a token about nobody", func(t *testing.T) {
		judge, tokens, _ := newJudge(t)
		tokens.live["live"] = without("patient_bsn")
		verdict, err := judge.Judge(t.Context(), read(path, "Bearer live"))
		require.NoError(t, err)
		assert.False(t, verdict.PatientNeeded)
	})
	t.Run("of which nobody can tell", func(t *testing.T) {
		judge, _, proofs := newJudge(t)
		proofs.failing = errors.New("connection refused")
		verdict, err := judge.Judge(t.Context(), read(path, "DPoP bound", "of a read"))
		require.ErrorIs(t, err, proofs.failing)
		assert.Equal(t, Verdict{}, verdict)
	})
}

func TestNobodyIsAskedAboutWhatCannotBeJudged(t *testing.T) {
	judge, tokens, _ := newJudge(t)
	_, err := judge.Judge(t.Context(), search(func(r *Request) { r.Method = http.MethodDelete }))
	require.NoError(t, err)
	assert.Zero(t, tokens.asked)
}

func TestNew(t *testing.T) {
	_, err := New(Parts{})
	require.Error(t, err)
}
