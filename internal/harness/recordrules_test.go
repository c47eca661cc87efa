// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// claimsWith returns the introspection answer of a token that opens the records, with one
// claim changed.
func claimsWith(claim string, value any) map[string]any {
	claims := map[string]any{
		"active": true, "scope": "other birth-care", "mitz_consent": true, "patient_bsn": testBSN,
		"consent_categories": []string{"GGC012", "GGC002"}, "data_holder_organization_id": "00000659",
	}
	if claim != "" {
		claims[claim] = value
	}
	return claims
}

var bound = map[string]any{"jkt": "thumbprint"}

// recordNode is a node that says these things of every token and proof.
type recordNode struct {
	claims map[string]any
	proof  string // what it answers about a proof
	asked  map[string]string
}

func (n *recordNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/introspect") {
		_ = json.NewEncoder(w).Encode(n.claims)
		return
	}
	_ = json.NewDecoder(r.Body).Decode(&n.asked)
	if n.proof == "" {
		w.WriteHeader(http.StatusInternalServerError)
	}
	_, _ = w.Write([]byte(n.proof))
}

// startRecords starts a record server at a node of this kind.
func startRecords(t *testing.T, workspace *Workspace, node *recordNode) *RecordServer {
	t.Helper()
	api := httptest.NewServer(node)
	t.Cleanup(api.Close)
	records, err := workspace.StartRecordServer("records", RecordServerConfig{
		Node: &Node{API: API{base: api.URL, client: api.Client()}}, URA: "00000659", Scope: "birth-care", Category: "GGC002",
		Patients: map[string]Patient{testBSN: {Name: "A. Patient", Notes: []string{"first pregnancy"}}},
	})
	require.NoError(t, err)
	return records
}

func TestRecordServerGivesOnlyWhatTheTokenIsFor(t *testing.T) {
	workspace := newWorkspace(t)
	bearer := http.Header{"Authorization": {"Bearer t"}}
	tests := map[string]struct {
		claims map[string]any
		header http.Header
		bsn    string
		want   int
	}{
		"the patient of the token":             {claimsWith("", nil), bearer, testBSN, http.StatusOK},
		"a scheme in small letters":            {claimsWith("", nil), http.Header{"Authorization": {"bearer t"}}, testBSN, http.StatusOK},
		"another patient":                      {claimsWith("", nil), bearer, "999996642", http.StatusForbidden},
		"no token":                             {claimsWith("", nil), http.Header{}, testBSN, http.StatusUnauthorized},
		"an empty token":                       {claimsWith("", nil), http.Header{"Authorization": {"Bearer "}}, testBSN, http.StatusUnauthorized},
		"another scheme":                       {claimsWith("", nil), http.Header{"Authorization": {"Basic t"}}, testBSN, http.StatusUnauthorized},
		"two tokens":                           {claimsWith("", nil), http.Header{"Authorization": {"Bearer t", "Bearer u"}}, testBSN, http.StatusUnauthorized},
		"inactive":                             {map[string]any{"active": false}, bearer, testBSN, http.StatusUnauthorized},
		"inactive, with all the claims":        {claimsWith("active", false), bearer, testBSN, http.StatusUnauthorized},
		"no consent":                           {claimsWith("mitz_consent", nil), bearer, testBSN, http.StatusForbidden},
		"consent that is a text":               {claimsWith("mitz_consent", "true"), bearer, testBSN, http.StatusBadGateway},
		"no patient":                           {claimsWith("patient_bsn", nil), bearer, "", http.StatusForbidden},
		"another scope":                        {claimsWith("scope", "other"), bearer, testBSN, http.StatusForbidden},
		"a longer scope":                       {claimsWith("scope", "birth-care-plus"), bearer, testBSN, http.StatusForbidden},
		"another data holder":                  {claimsWith("data_holder_organization_id", "99999999"), bearer, testBSN, http.StatusForbidden},
		"no data category":                     {claimsWith("consent_categories", nil), bearer, testBSN, http.StatusForbidden},
		"another data category":                {claimsWith("consent_categories", []string{"GGC013"}), bearer, testBSN, http.StatusForbidden},
		"data categories that are a text":      {claimsWith("consent_categories", "GGC002"), bearer, testBSN, http.StatusBadGateway},
		"bound to a key, as a Bearer token":    {claimsWith("cnf", bound), bearer, testBSN, http.StatusUnauthorized},
		"bound in a way that is not known":     {claimsWith("cnf", map[string]any{"x5t#S256": "x"}), bearer, testBSN, http.StatusUnauthorized},
		"bound in a way that cannot be read":   {claimsWith("cnf", "thumbprint"), bearer, testBSN, http.StatusBadGateway},
		"bound to a key, without a proof":      {claimsWith("cnf", bound), DPoPHeader("t"), testBSN, http.StatusUnauthorized},
		"bound to no key, as a DPoP token":     {claimsWith("", nil), DPoPHeader("t", "p"), testBSN, http.StatusUnauthorized},
		"bound to a key, with two proofs":      {claimsWith("cnf", bound), DPoPHeader("t", "p", "p"), testBSN, http.StatusUnauthorized},
		"bound to a key, with a proof refused": {claimsWith("cnf", bound), DPoPHeader("t", "p"), testBSN, http.StatusUnauthorized},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			records := startRecords(t, workspace, &recordNode{claims: test.claims, proof: `{"valid": false}`})
			answer, err := SearchPatientWith(t.Context(), workspace.Client(), records.URL, test.header, test.bsn)
			require.NoError(t, err)
			assert.Equal(t, test.want, answer.Status, "%s", answer.Body)
			assert.Equal(t, test.want == http.StatusOK, answer.Contains("first pregnancy"))
			assert.Equal(t, test.want == http.StatusUnauthorized, answer.Header.Get("WWW-Authenticate") != "")
		})
	}
}

// TestRecordServerLooksAtWhatTheNodeDoesNot has a node that takes every proof.
func TestRecordServerLooksAtWhatTheNodeDoesNot(t *testing.T) {
	workspace := newWorkspace(t)
	wallet, err := workspace.NewWallet()
	require.NoError(t, err)
	node := &recordNode{claims: claimsWith("cnf", bound), proof: `{"valid": true}`}
	records := startRecords(t, workspace, node)
	tests := map[string]struct {
		proof DPoPProof
		want  int
	}{
		"a proof of now":              {DPoPProof{}, http.StatusOK},
		"a clock half a minute ahead": {DPoPProof{IssuedAt: time.Now().Add(30 * time.Second)}, http.StatusOK},
		"a clock far ahead":           {DPoPProof{IssuedAt: time.Now().Add(10 * time.Minute)}, http.StatusUnauthorized},
		"an old proof":                {DPoPProof{IssuedAt: time.Now().Add(-10 * time.Minute)}, http.StatusUnauthorized},
		"another port":                {DPoPProof{URL: "https://localhost:1" + searchPath}, http.StatusUnauthorized},
		"another scheme":              {DPoPProof{URL: strings.Replace(records.SearchURL(), "https", "http", 1)}, http.StatusUnauthorized},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.proof.Method, test.proof.Token = http.MethodPost, "t"
			test.proof.URL = orElse(test.proof.URL, records.SearchURL())
			proof, err := wallet.Prove(test.proof)
			require.NoError(t, err)
			answer, err := SearchPatientWith(t.Context(), workspace.Client(), records.URL, DPoPHeader("t", proof), testBSN)
			require.NoError(t, err)
			assert.Equal(t, test.want, answer.Status, "%s", answer.Body)
			assert.Equal(t, map[string]string{
				"dpop_proof": proof, "method": "POST", "url": records.SearchURL(), "token": "t", "thumbprint": "thumbprint",
			}, node.asked, "what the node is asked")
		})
	}
	t.Run("a bound token as a Bearer token, with a good proof beside it", func(t *testing.T) {
		proof, err := wallet.Prove(DPoPProof{Method: http.MethodPost, URL: records.SearchURL(), Token: "t"})
		require.NoError(t, err)
		header := DPoPHeader("t", proof)
		header.Set("Authorization", "Bearer t")
		answer, err := SearchPatientWith(t.Context(), workspace.Client(), records.URL, header, testBSN)
		require.NoError(t, err)
		assert.Equal(t, http.StatusUnauthorized, answer.Status)
	})
	t.Run("a node that fails", func(t *testing.T) {
		node.proof = ""
		answer, err := SearchPatientWith(t.Context(), workspace.Client(), records.URL, DPoPHeader("t", "p"), testBSN)
		require.NoError(t, err)
		assert.Equal(t, http.StatusBadGateway, answer.Status)
	})
	t.Run("a proof that is no JWT, at a node that takes it", func(t *testing.T) {
		node.proof = `{"valid": true}`
		for _, proof := range []string{"p", "a.b.c", "a.e30.c"} {
			answer, err := SearchPatientWith(t.Context(), workspace.Client(), records.URL, DPoPHeader("t", proof), testBSN)
			require.NoError(t, err)
			assert.Equal(t, http.StatusUnauthorized, answer.Status)
		}
	})
}

func TestRecordServerWithoutARuleDoesNotStart(t *testing.T) {
	workspace := newWorkspace(t)
	_, err := workspace.StartRecordServer("records", RecordServerConfig{Node: &Node{}, URA: "00000659", Scope: "birth-care"})
	require.ErrorContains(t, err, "a data category")
}
