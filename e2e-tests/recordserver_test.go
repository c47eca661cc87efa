// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// recordServer starts the record server of hospital-east, for treatment data.
func recordServer(t *testing.T, w *harness.World, category string) *harness.RecordServer {
	t.Helper()
	records, err := w.StartRecordServer("records", harness.RecordServerConfig{
		Node: w.DataHolder, URA: "00000659", Scope: birthCare, Category: category,
		Patients: map[string]harness.Patient{
			patient:      {Name: "A. Patient", Notes: []string{"first pregnancy"}},
			otherPatient: {Name: "B. Patient", Notes: []string{"knee operation"}},
		},
	})
	require.NoError(t, err)
	return records
}

// search asks for a patient, and wants a status: the notes come with 200 and with no other.
func search(t *testing.T, w *harness.World, records *harness.RecordServer, header http.Header, bsn string, want int) {
	t.Helper()
	answer, err := harness.SearchPatientWith(t.Context(), w.Client(), records.URL, header, bsn)
	require.NoError(t, err)
	assert.Equal(t, want, answer.Status, "%s", answer.Body)
	assert.Equal(t, want == http.StatusOK, answer.Contains("first pregnancy"))
	assert.False(t, answer.Contains("knee operation"))
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// TestRecordServerKeepsTheRules is about what README asks of a record server, with tokens
// and proofs of real nodes.
func TestRecordServerKeepsTheRules(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000659", "GGC002")
	records := recordServer(t, w, "GGC002")

	answer, err := w.RequestToken(t.Context(), patient, birthCare)
	require.NoError(t, err)
	token := assertPermitted(t, w, answer).Answer
	require.False(t, token.Contains(`"cnf"`), "a Bearer token is bound to no key")

	t.Run("the patient of the token is shown", func(t *testing.T) {
		search(t, w, records, bearer(answer.Token()), patient, http.StatusOK)
	})
	t.Run("another patient is not", func(t *testing.T) {
		search(t, w, records, bearer(answer.Token()), otherPatient, http.StatusForbidden)
	})
	t.Run("a token that does not exist opens nothing", func(t *testing.T) {
		search(t, w, records, bearer(answer.Token()+"x"), patient, http.StatusUnauthorized)
	})
	t.Run("data of a category that was not permitted are not shown", func(t *testing.T) {
		search(t, w, recordServer(t, w, "GGC013"), bearer(answer.Token()), patient, http.StatusForbidden)
	})
	t.Run("a token of a scope without a guard opens nothing", func(t *testing.T) {
		unguarded, err := w.RequestToken(t.Context(), patient, plain)
		require.NoError(t, err)
		require.NotEmpty(t, unguarded.Token(), "%s", unguarded.Body)
		search(t, w, records, bearer(unguarded.Token()), patient, http.StatusForbidden)
	})
	t.Run("a token for another data holder opens nothing", func(t *testing.T) {
		permit(t, w, patient, "00000660", "GGC002")
		west, err := w.RequestTokenAt(t.Context(), w.DataHolder.Issuer("hospital-west"), harness.BSNIdentifier(patient), birthCare)
		require.NoError(t, err)
		require.NotEmpty(t, west.Token(), "%s", west.Body)
		search(t, w, records, bearer(west.Token()), patient, http.StatusForbidden)
	})
}

// TestDPoPThroughTheRequestersNode has a stock node get a token bound to its key, and make
// the proofs of it.
func TestDPoPThroughTheRequestersNode(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000659", "GGC002")
	records := recordServer(t, w, "GGC002")
	request := w.ServiceTokenRequest(w.Issuer(), harness.BSNIdentifier(patient), birthCare)
	request.DPoP = true
	answer, err := w.Requester.RequestServiceToken(t.Context(), w.RequesterOrg.Name, request)
	require.NoError(t, err)
	introspection := assertPermitted(t, w, answer)
	require.NotEmpty(t, answer.DPoPKeyID())
	assert.Contains(t, introspection.Claims, "cnf")
	assert.Equal(t, patient, introspection.Text("patient_bsn"))
	t.Run("README tells every claim", func(t *testing.T) {
		root, err := harness.RepositoryRoot()
		require.NoError(t, err)
		readme, err := os.ReadFile(filepath.Join(root, "README.md"))
		require.NoError(t, err)
		_, section, _ := strings.Cut(string(readme), "## What a record server must do")
		section, _, _ = strings.Cut(section, "\n## ")
		for claim := range introspection.Claims {
			assert.Contains(t, section, "`"+claim+"`")
		}
	})
	prove := func(method, url string) string {
		proof, err := w.Requester.CreateDPoP(t.Context(), answer.DPoPKeyID(), answer.Token(), method, url)
		require.NoError(t, err)
		return proof
	}
	proof := prove(http.MethodPost, records.SearchURL())

	t.Run("with a proof for the request the patient is shown", func(t *testing.T) {
		search(t, w, records, harness.DPoPHeader(answer.Token(), proof), patient, http.StatusOK)
	})
	t.Run("a proof is good for one request", func(t *testing.T) {
		search(t, w, records, harness.DPoPHeader(answer.Token(), proof), patient, http.StatusUnauthorized)
	})
	t.Run("the next request needs the next proof", func(t *testing.T) {
		search(t, w, records, harness.DPoPHeader(answer.Token(), prove(http.MethodPost, records.SearchURL())), patient, http.StatusOK)
	})
	t.Run("it is no Bearer token", func(t *testing.T) {
		search(t, w, records, bearer(answer.Token()), patient, http.StatusUnauthorized)
		header := bearer(answer.Token())
		header.Add("DPoP", prove(http.MethodPost, records.SearchURL()))
		search(t, w, records, header, patient, http.StatusUnauthorized)
	})
	t.Run("without a proof, or with two, it opens nothing", func(t *testing.T) {
		search(t, w, records, harness.DPoPHeader(answer.Token()), patient, http.StatusUnauthorized)
		two := []string{prove(http.MethodPost, records.SearchURL()), prove(http.MethodPost, records.SearchURL())}
		search(t, w, records, harness.DPoPHeader(answer.Token(), two...), patient, http.StatusUnauthorized)
	})
	t.Run("a proof for another request opens nothing", func(t *testing.T) {
		for name, other := range map[string]string{
			"method": prove(http.MethodGet, records.SearchURL()),
			"path":   prove(http.MethodPost, records.URL+"/fhir/Patient"),
			"host":   prove(http.MethodPost, strings.Replace(records.SearchURL(), "localhost", "records.example", 1)),
			"port":   prove(http.MethodPost, recordServer(t, w, "GGC002").SearchURL()),
		} {
			t.Run(name, func(t *testing.T) {
				search(t, w, records, harness.DPoPHeader(answer.Token(), other), patient, http.StatusUnauthorized)
			})
		}
	})
	t.Run("another patient is not shown, whatever is proven", func(t *testing.T) {
		search(t, w, records, harness.DPoPHeader(answer.Token(), prove(http.MethodPost, records.SearchURL())), otherPatient, http.StatusForbidden)
	})
}

// TestProofsThatProveNothing has a wallet make proofs that no node makes.
func TestProofsThatProveNothing(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000659", "GGC002")
	records := recordServer(t, w, "GGC002")
	wallet, err := w.NewWallet()
	require.NoError(t, err)
	thief, err := w.NewWallet()
	require.NoError(t, err)
	token := func(t *testing.T, bound bool) string {
		t.Helper()
		credentials, err := w.CredentialsFor(t.Context(), wallet, patient)
		require.NoError(t, err)
		request := harness.TokenRequest{Issuer: w.Issuer(), Scope: birthCare, Credentials: credentials.All()}
		if bound {
			proof, err := wallet.Prove(harness.DPoPProof{Method: http.MethodPost, URL: w.Issuer() + "/token"})
			require.NoError(t, err)
			request.Header = http.Header{"Dpop": {proof}}
		}
		answer, err := wallet.RequestToken(t.Context(), request)
		require.NoError(t, err)
		require.NotEmpty(t, answer.Token(), "%s", answer.Body)
		return answer.Token()
	}
	bound, unbound := token(t, true), token(t, false)
	right := harness.DPoPProof{Method: http.MethodPost, URL: records.SearchURL(), Token: bound}
	with := func(change func(*harness.DPoPProof)) harness.DPoPProof {
		proof := right
		change(&proof)
		return proof
	}
	tests := map[string]struct {
		token string
		by    *harness.Wallet
		proof harness.DPoPProof
		want  int
	}{
		"by the holder of the key":          {bound, wallet, right, http.StatusOK},
		"by another key":                    {bound, thief, right, http.StatusUnauthorized},
		"for another token":                 {bound, wallet, with(func(p *harness.DPoPProof) { p.Token = unbound }), http.StatusUnauthorized},
		"for no token":                      {bound, wallet, with(func(p *harness.DPoPProof) { p.Token = "" }), http.StatusUnauthorized},
		"made long ago":                     {bound, wallet, with(func(p *harness.DPoPProof) { p.IssuedAt = time.Now().Add(-10 * time.Minute) }), http.StatusUnauthorized},
		"that is another kind of JWT":       {bound, wallet, with(func(p *harness.DPoPProof) { p.WrongType = true }), http.StatusUnauthorized},
		"whose URL is none":                 {bound, wallet, with(func(p *harness.DPoPProof) { p.URL = "https://[::1" }), 0},
		"beside a token bound to no key":    {unbound, wallet, with(func(p *harness.DPoPProof) { p.Token = unbound }), http.StatusUnauthorized},
		"by another key, for another token": {unbound, thief, right, http.StatusUnauthorized},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			proof, err := test.by.Prove(test.proof)
			require.NoError(t, err)
			header := harness.DPoPHeader(test.token, proof)
			if test.want != 0 {
				search(t, w, records, header, patient, test.want)
				return
			}
			// This version of the node panics on it: whatever it says, nothing is shown.
			answer, err := harness.SearchPatientWith(t.Context(), w.Client(), records.URL, header, patient)
			require.NoError(t, err)
			assert.NotEqual(t, http.StatusOK, answer.Status)
			assert.False(t, answer.Contains("first pregnancy"))
		})
	}
	t.Run("by a token that was never bound, as the Bearer token that it is", func(t *testing.T) {
		search(t, w, records, bearer(unbound), patient, http.StatusOK)
	})
}
