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

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/internal/recordattacks"
)

// recordServer starts the record server of hospital-east, for data of a category. Besides the
// guarded scope it accepts, by mistake, one without a guard.
func recordServer(t *testing.T, w *harness.World, category consent.Category) *harness.RecordServer {
	t.Helper()
	records, err := w.StartRecordServer("records", harness.RecordServerConfig{
		Node: w.DataHolder, URA: "00000659", Scopes: []string{birthCare, sly}, Category: category,
		Patients: map[string]harness.Patient{
			patient:      {ID: "first", Name: "A. Patient", Notes: []string{"first pregnancy"}},
			otherPatient: {ID: "second", Name: "B. Patient", Notes: []string{"knee operation"}},
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

// attacker has all tokens and keys that an attack on a record server can be made with.
type attacker struct {
	wallet, thief *harness.Wallet
	tokens        map[recordattacks.Presents]string
}

// newAttacker has a real node issue the tokens.
func newAttacker(t *testing.T, w *harness.World) *attacker {
	t.Helper()
	a := &attacker{wallet: must[*harness.Wallet](t)(w.NewWallet()), thief: must[*harness.Wallet](t)(w.NewWallet()), tokens: map[recordattacks.Presents]string{}}
	permit(t, w, patient, "00000659", "GGC002")
	permit(t, w, patient, "00000660", "GGC002")
	atEast := func(scope string) string { return tokenAt(t, w, "hospital-east", scope) }
	a.tokens[recordattacks.ExpiredToken] = atEast(birthCare)
	w.Sessions.Pass(time.Hour)
	a.tokens[recordattacks.Good] = atEast(birthCare)
	a.tokens[recordattacks.RevokedToken] = atEast(birthCare)
	a.tokens[recordattacks.UnguardedToken] = atEast(plain)
	a.tokens[recordattacks.NoConsent] = atEast(sly)
	a.tokens[recordattacks.OtherHolder] = tokenAt(t, w, "hospital-west", birthCare)
	a.tokens[recordattacks.Bound] = boundToken(t, w, a.wallet)
	return a
}

func tokenAt(t *testing.T, w *harness.World, subject, scope string) string {
	t.Helper()
	answer, err := w.RequestTokenAt(t.Context(), w.DataHolder.Issuer(subject), harness.BSNIdentifier(patient), scope)
	require.NoError(t, err)
	require.NotEmpty(t, answer.Token(), "%s", answer.Body)
	return answer.Token()
}

// boundToken is a token that is bound to a wallet's key.
func boundToken(t *testing.T, w *harness.World, wallet *harness.Wallet) string {
	t.Helper()
	credentials, err := w.CredentialsFor(t.Context(), wallet, patient)
	require.NoError(t, err)
	proof, err := wallet.Prove(harness.DPoPProof{Method: http.MethodPost, URL: w.Issuer() + "/token"})
	require.NoError(t, err)
	answer, err := wallet.RequestToken(t.Context(), harness.TokenRequest{
		Issuer: w.Issuer(), Scope: birthCare, Credentials: credentials.All(), Header: http.Header{"Dpop": {proof}},
	})
	require.NoError(t, err)
	require.NotEmpty(t, answer.Token(), "%s", answer.Body)
	return answer.Token()
}

// present makes the headers of an attack.
func (a *attacker) present(t *testing.T, presents recordattacks.Presents, method, address string) http.Header {
	t.Helper()
	bound := a.tokens[recordattacks.Bound]
	right := harness.DPoPProof{Method: method, URL: address, Token: bound}
	prove := func(by *harness.Wallet, change func(*harness.DPoPProof)) string {
		wrong := right
		change(&wrong)
		return must[string](t)(by.Prove(wrong))
	}
	with := func(change func(*harness.DPoPProof)) http.Header {
		return harness.DPoPHeader(bound, prove(a.wallet, change))
	}
	as := func(change func(*harness.DPoPProof), authorization string) http.Header {
		header := with(change)
		header.Set("Authorization", authorization)
		return header
	}
	nothing := func(*harness.DPoPProof) {}
	good := a.tokens[recordattacks.Good]
	switch presents {
	case recordattacks.NoToken:
		return http.Header{}
	case recordattacks.TwoTokens:
		return http.Header{"Authorization": {"Bearer " + good, "Bearer " + good}}
	case recordattacks.UnknownToken:
		return bearer(good + "x")
	case recordattacks.Bound, recordattacks.Replayed:
		return with(nothing)
	case recordattacks.BoundAsBearer:
		return bearer(bound)
	case recordattacks.BoundWithBearer:
		return as(nothing, "Bearer "+bound)
	case recordattacks.NoProof:
		return harness.DPoPHeader(bound)
	case recordattacks.TwoProofs:
		return harness.DPoPHeader(bound, prove(a.wallet, nothing), prove(a.wallet, nothing))
	case recordattacks.OtherMethod:
		return with(func(p *harness.DPoPProof) { p.Method = http.MethodGet })
	case recordattacks.OtherPath:
		return with(func(p *harness.DPoPProof) { p.URL += "x" })
	case recordattacks.OtherHost:
		return with(func(p *harness.DPoPProof) { p.URL = strings.Replace(address, "localhost", "records.example", 1) })
	case recordattacks.OtherPort:
		return with(func(p *harness.DPoPProof) {
			p.URL = "https://localhost:1/fhir" + strings.SplitN(address, "/fhir", 2)[1]
		})
	case recordattacks.OtherKey:
		return harness.DPoPHeader(bound, prove(a.thief, nothing))
	case recordattacks.OtherToken:
		return with(func(p *harness.DPoPProof) { p.Token = good })
	case recordattacks.OldProof:
		return with(func(p *harness.DPoPProof) { p.IssuedAt = time.Now().Add(-10 * time.Minute) })
	case recordattacks.EarlyProof:
		return with(func(p *harness.DPoPProof) { p.IssuedAt = time.Now().Add(10 * time.Minute) })
	case recordattacks.UnboundAsDPoP:
		return as(func(p *harness.DPoPProof) { p.Token = good }, "DPoP "+good)
	default:
		require.NotEmpty(t, a.tokens[presents], "unknown: %s", presents)
		return bearer(a.tokens[presents])
	}
}

// TestAttacksOnTheRecordServer runs the table of docs/recordserver.md, with tokens and proofs of
// real nodes and wallets.
func TestAttacksOnTheRecordServer(t *testing.T) {
	w := fresh(t)
	attacker := newAttacker(t, w)
	recordattacks.Target{
		Base: recordServer(t, w, "GGC002").URL + "/fhir", Client: w.Client(), Secret: "first pregnancy", OtherSecret: "knee operation",
		Patient: recordattacks.Patient{BSN: patient, ID: "first"}, Other: recordattacks.Patient{BSN: otherPatient, ID: "second"},
		Present: attacker.present,
		Revoke: func(t *testing.T) {
			token := map[string]string{"token": attacker.tokens[recordattacks.RevokedToken]}
			require.Equal(t, http.StatusNoContent, revoke(t, w.DataHolder, "hospital-east", token))
		},
	}.Run(t)

	t.Run("data of a category that was not permitted", func(t *testing.T) {
		search(t, w, recordServer(t, w, "GGC013"), bearer(attacker.tokens[recordattacks.Good]), patient, http.StatusForbidden)
	})
	records := recordServer(t, w, "GGC002")
	for name, change := range map[string]func(*harness.DPoPProof){
		"a proof for no token":                   func(p *harness.DPoPProof) { p.Token = "" },
		"a proof that is another kind of JWT":    func(p *harness.DPoPProof) { p.WrongType = true },
		"a proof on which this node would panic": func(p *harness.DPoPProof) { p.URL = "https://[::1" },
	} {
		t.Run(name, func(t *testing.T) {
			proof := harness.DPoPProof{Method: http.MethodPost, URL: records.SearchURL(), Token: attacker.tokens[recordattacks.Bound]}
			change(&proof)
			header := harness.DPoPHeader(attacker.tokens[recordattacks.Bound], must[string](t)(attacker.wallet.Prove(proof)))
			search(t, w, records, header, patient, http.StatusUnauthorized)
		})
	}
}

// TestWithdrawalClosesTheRecordServer has the patient withdraw while a token is in use.
func TestWithdrawalClosesTheRecordServer(t *testing.T) {
	w := fresh(t)
	permit(t, w, patient, "00000659", "GGC002")
	records := recordServer(t, w, "GGC002")
	token := bearer(tokenAt(t, w, "hospital-east", birthCare))
	search(t, w, records, token, patient, http.StatusOK)
	require.Equal(t, http.StatusNoContent, revoke(t, w.DataHolder, "hospital-east", map[string]string{"patient": patient}))
	search(t, w, records, token, patient, http.StatusUnauthorized)
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
	t.Run("docs/recordserver.md tells every claim", func(t *testing.T) {
		root, err := harness.RepositoryRoot()
		require.NoError(t, err)
		document, err := os.ReadFile(filepath.Join(root, "docs", "recordserver.md"))
		require.NoError(t, err)
		_, section, _ := strings.Cut(string(document), "## What the token says")
		section, _, _ = strings.Cut(section, "\n## ")
		for claim := range introspection.Claims {
			assert.Contains(t, section, "`"+claim+"`")
		}
	})
	prove := func() http.Header {
		proof, err := w.Requester.CreateDPoP(t.Context(), answer.DPoPKeyID(), answer.Token(), http.MethodPost, records.SearchURL())
		require.NoError(t, err)
		return harness.DPoPHeader(answer.Token(), proof)
	}
	first := prove()
	search(t, w, records, first, patient, http.StatusOK)
	search(t, w, records, first, patient, http.StatusUnauthorized)
	search(t, w, records, prove(), otherPatient, http.StatusForbidden)
	search(t, w, records, prove(), patient, http.StatusOK)
	search(t, w, records, bearer(answer.Token()), patient, http.StatusUnauthorized)
}
