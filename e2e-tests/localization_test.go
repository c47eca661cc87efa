// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

const (
	assertionIssuer = "urn:oid:2.999.7"
	lookUp          = `{"patient": "` + patient + `", "professional": {"id": "900012345", "role": "01.015"}, "purpose": "TREAT"}`
)

// permitTo records that organisations of a type may see treatment data at data holders.
func permitTo(t *testing.T, w *harness.World, requesterType consent.FacilityType, dataHolders ...consent.URA) {
	t.Helper()
	for _, each := range dataHolders {
		require.NoError(t, w.Mitz.Record(mitztest.Consent{
			Patient: patient, DataHolder: each, Category: "GGC002", RequesterType: requesterType, Decision: consent.Permit,
		}))
	}
}

// located is what a node answers to who asks where data are.
type located struct {
	RequestID   string `json:"requestId"`
	DataHolders []struct {
		URA        string
		Categories []string
		Systems    []struct{ Gateway, Source string }
		Nodes      []struct {
			DID                 string
			AuthorizationServer string `json:"authorizationServer"`
		}
	} `json:"dataHolders"`
}

// postTo sends a body to a node's internal address.
func postTo(t *testing.T, w *harness.World, node *harness.Node, path, body string) (status int, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, node.InternalURL()+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := w.Client().Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	require.NoError(t, err)
	assertNoPatients(t, string(answer))
	return response.StatusCode, answer
}

func locate(t *testing.T, w *harness.World, node *harness.Node) (found located) {
	t.Helper()
	status, answer := postTo(t, w, node, east+localizations, lookUp)
	require.Equal(t, http.StatusOK, status, string(answer))
	require.NoError(t, json.Unmarshal(answer, &found))
	return found
}

// TestARequesterFindsOutWhereDataAre: its node asks Mitz, signed, on behalf of the subject of the
// path, and Mitz's answer reaches the requester's system.
func TestARequesterFindsOutWhereDataAre(t *testing.T) {
	signing := filepath.Join(t.TempDir(), "signing.pem")
	w, node := startAnother(t, nil, func(section *harness.MitzConfig) {
		section.Issuer, section.SigningKeyFile = assertionIssuer, signing
		var content []byte
		for _, file := range []string{section.CertFile, section.CertKeyFile} {
			part, err := os.ReadFile(file)
			require.NoError(t, err)
			content = append(content, part...)
		}
		require.NoError(t, os.WriteFile(signing, content, 0o600))
	})
	permitTo(t, w, "V6", "00000661", "00000662")
	permitTo(t, w, "G3", "00000663") // which is not the requester's type
	w.Mitz.RequireSignedAssertions(true)
	defer w.Mitz.RequireSignedAssertions(false)

	found := locate(t, w, node)
	queries := w.Mitz.LocationQueries()
	require.Len(t, queries, 1)
	query := queries[0]
	assert.Equal(t, query.RequestID, found.RequestID)
	assert.True(t, query.Signed)
	assert.Equal(t, assertionIssuer, query.Issuer)
	assert.Equal(t, patient, query.PatientNumber())
	assert.Equal(t, consent.Requester{URA: "00000659", FacilityType: "V6", Responsible: consent.Professional{
		ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900012345"}, Role: "01.015",
	}}, query.Requester)
	require.Len(t, found.DataHolders, 2)
	for i, ura := range []string{"00000661", "00000662"} {
		assert.Equal(t, ura, found.DataHolders[i].URA)
		assert.Equal(t, []string{"GGC002"}, found.DataHolders[i].Categories)
		assert.Len(t, found.DataHolders[i].Systems, 1)
		assert.Empty(t, found.DataHolders[i].Nodes, "this node follows no discovery service")
	}
	assert.Empty(t, w.Mitz.Queries(), "no closed query")
}

// TestWhoMayNotAskOrGetsNoAnswerFindsNothing counts what reached Mitz.
func TestWhoMayNotAskOrGetsNoAnswerFindsNothing(t *testing.T) {
	w, node := startAnother(t, nil, func(section *harness.MitzConfig) { section.Issuer = assertionIssuer })
	for name, tc := range map[string]struct {
		prepare func()
		path    string
		body    string
		status  int
		queries int
	}{
		"a subject that is not listed":            {func() {}, nowhere + localizations, lookUp, http.StatusNotFound, 0},
		"a requester of the caller's choice":      {func() {}, east + localizations, strings.Replace(lookUp, `"purpose"`, `"requester": "00000001", "purpose"`, 1), http.StatusBadRequest, 0},
		"no professional":                         {func() {}, east + localizations, `{"patient": "` + patient + `", "purpose": "TREAT"}`, http.StatusBadRequest, 0},
		"an organisation that Mitz knows not":     {func() { w.Mitz.KnowOrganizations("00000001") }, east + localizations, lookUp, http.StatusServiceUnavailable, 0},
		"an assertion that Mitz wants signed":     {func() { w.Mitz.RequireSignedAssertions(true) }, east + localizations, lookUp, http.StatusServiceUnavailable, 0},
		"Mitz answers about another patient":      {func() { w.Mitz.Misbehave(mitztest.Locating{Behaviour: mitztest.WrongPatient}) }, east + localizations, lookUp, http.StatusServiceUnavailable, 1},
		"Mitz fails, and is asked once more":      {func() { w.Mitz.Misbehave(mitztest.Locating{Behaviour: mitztest.HTTPStatus(502)}) }, east + localizations, lookUp, http.StatusServiceUnavailable, 2},
		"Mitz fails otherwise, and is asked once": {func() { w.Mitz.Misbehave(mitztest.Locating{Behaviour: mitztest.HTTPStatus(500)}) }, east + localizations, lookUp, http.StatusServiceUnavailable, 1},
	} {
		t.Run(name, func(t *testing.T) {
			reset(w)
			permitTo(t, w, "V6", "00000661")
			tc.prepare()
			defer func() { w.Mitz.KnowOrganizations(); w.Mitz.RequireSignedAssertions(false) }()
			status, answer := postTo(t, w, node, tc.path, tc.body)
			assert.Equal(t, tc.status, status, string(answer))
			assert.Len(t, w.Mitz.LocationQueries(), tc.queries)
			assert.NotContains(t, string(answer), "00000661")
		})
	}
	t.Run("Mitz is down", func(t *testing.T) {
		reset(w)
		w.Mitz.Close()
		defer func() { require.NoError(t, w.Mitz.Restart(nil)) }()
		status, answer := postTo(t, w, node, east+localizations, lookUp)
		assert.Equal(t, http.StatusServiceUnavailable, status)
		assert.Contains(t, string(answer), "unreachable")
	})
}

// service is the definition of a discovery service in which organisations with a certificate of
// the UZI register can be found.
const service = `{"id": "care", "endpoint": %q, "presentation_max_validity": 36000, "presentation_definition": {
  "id": "care", "format": {"jwt_vp": {"alg": ["ES256"]}, "jwt_vc": {"alg": ["ES256", "PS256"]}, "ldp_vc": {"proof_type": ["JsonWebSignature2020"]}},
  "input_descriptors": [
    {"id": "organization", "constraints": {"fields": [
      {"path": ["$.type"], "filter": {"type": "string", "const": "X509Credential"}}]}},
    {"id": "registration", "constraints": {"fields": [
      {"path": ["$.type"], "filter": {"type": "string", "const": "DiscoveryRegistrationCredential"}},
      {"id": "server", "path": ["$.credentialSubject.authServerURL"], "filter": {"type": "string"}}]}}]}}`

// discovery returns the settings of a node that knows the service at an address.
func discovery(t *testing.T, endpoint string, settings map[string]any) map[string]any {
	t.Helper()
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, "care.json"), fmt.Appendf(nil, service, endpoint), 0o600))
	settings["discovery.definitions.directory"] = directory
	return settings
}

// TestDataHoldersAreFoundInADiscoveryService: who registered with the number of a data holder is
// told, if a trusted issuer attests that, and nobody else.
func TestDataHoldersAreFoundInADiscoveryService(t *testing.T) {
	w := fresh(t)
	start := func(name string, settings map[string]any) *harness.Node {
		node, err := w.StartNode(t.Context(), harness.NodeConfig{Name: name, Binary: binaries.Stock, Settings: settings})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, node.Stop()) })
		return node
	}
	// The server reads its service's definition too, but not where that is.
	server := start("discovery", discovery(t, "https://discovery.example/care", map[string]any{"discovery.server.ids": []string{"care"}}))
	place := server.URL + "/discovery/care"
	holders := start("holders", discovery(t, place, map[string]any{}))
	strangers, err := harness.NewUZICA("Another CA")
	require.NoError(t, err)
	registered := map[string]harness.Subject{}
	for subject, authority := range map[string]*harness.UZICA{"hospital-north": w.UZI, "hospital-south": w.UZI, "impostor": strangers} {
		registered[subject], err = holders.CreateSubject(t.Context(), subject)
		require.NoError(t, err)
		pass, err := authority.Issue(harness.UZISubject{Organization: subject, Locality: "Utrecht", URA: "00000661"})
		require.NoError(t, err)
		credential, err := pass.X509Credential(registered[subject].DID, harness.X509CredentialOptions{})
		require.NoError(t, err)
		require.NoError(t, holders.StoreCredential(t.Context(), subject, credential))
		status, answer := postTo(t, w, holders, "/internal/discovery/v1/care/"+subject, `{}`)
		require.Equal(t, http.StatusOK, status, string(answer))
	}
	_, node := startAnother(t, discovery(t, place, map[string]any{"discovery.client.refreshinterval": "1s"}),
		func(section *harness.MitzConfig) { section.Issuer = assertionIssuer })
	permitTo(t, w, "V6", "00000661", "00000662")
	await(t, func() bool { // the impostor is registered, and is not told
		answer, err := node.Get(t.Context(), "/internal/discovery/v1/care")
		require.NoError(t, err)
		return answer.Contains(registered["impostor"].DID)
	})
	var found located
	await(t, func() bool {
		found = locate(t, w, node)
		return len(found.DataHolders) == 2 && len(found.DataHolders[0].Nodes) == 2
	})
	for _, each := range found.DataHolders[0].Nodes {
		assert.Contains(t, []string{registered["hospital-north"].DID, registered["hospital-south"].DID}, each.DID)
		assert.True(t, strings.HasPrefix(each.AuthorizationServer, holders.URL+"/oauth2/hospital-"), each.AuthorizationServer)
	}
	assert.NotEqual(t, found.DataHolders[0].Nodes[0], found.DataHolders[0].Nodes[1])
	assert.NotNil(t, found.DataHolders[1].Nodes)
	assert.Empty(t, found.DataHolders[1].Nodes, "nobody registered with this number")
}
