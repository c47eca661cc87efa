// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"
	"errors"
	"testing"
	"time"

	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/discovery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// services stands in for the node's discovery client.
type services struct {
	discovery.Client
	found   map[string][]discovery.SearchResult // by the text that was searched for
	asked   []map[string]string
	failing error
}

func (s *services) Services() []discovery.ServiceDefinition {
	return []discovery.ServiceDefinition{{ID: "care"}}
}

func (s *services) Search(_ string, query map[string]string) ([]discovery.SearchResult, error) {
	s.asked = append(s.asked, query)
	for _, text := range query {
		return s.found[text], s.failing
	}
	return nil, errors.New("a search without a query returns everything")
}

func TestEveryPlaceWhereACredentialNamesAnOrganizationIsSearched(t *testing.T) {
	assert.ElementsMatch(t, []map[string]string{
		{"credentialSubject.san.otherName": "*-S-00000659-*"},
		{"credentialSubject.organization.ura": "00000659"}, {"credentialSubject.organization.ura": "*|00000659"}, {"credentialSubject.organization.ura.value": "00000659"},
		{"credentialSubject.identifier": "00000659"}, {"credentialSubject.identifier": "*|00000659"}, {"credentialSubject.identifier.value": "00000659"},
	}, queriesFor("00000659"))
}

func TestWhatIsNoRegistrationIsPassedOver(t *testing.T) {
	id := ssi.MustParseURI("did:web:a.example#1")
	s := &services{found: map[string][]discovery.SearchResult{"00000659": {
		{}, // nobody signed it
		{Presentation: vc.VerifiablePresentation{ID: &id}},
	}}}
	nodes, err := Directory{client: s}.Nodes(t.Context(), "00000659")
	require.NoError(t, err)
	assert.Empty(t, nodes)
	assert.Len(t, s.asked, len(queriesFor("00000659")))
}

func TestADirectoryThatFailsOrIsSlowSaysSo(t *testing.T) {
	gone := errors.New("no such table")
	_, err := Directory{client: &services{failing: gone}}.Nodes(t.Context(), "00000659")
	require.ErrorIs(t, err, gone)
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	s := &services{}
	_, err = Directory{client: s}.Nodes(late, "00000659")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Empty(t, s.asked)
}

func TestOnlyAPlainURLIsAnAuthorizationServer(t *testing.T) {
	for text, isOne := range map[string]bool{
		"https://node.example/oauth2/hospital-east": true, "http://node.example/oauth2/hospital-east": false,
		"": false, "node.example": false, "javascript:alert(1)": false, "https://user:pass@node.example": false,
		"https://node.example/?a=b": false, "https://node.example/#a": false, "file:///etc/passwd": false, "https://": false,
		"https://node.example/" + string(make([]byte, maxServer)): false,
	} {
		assert.Equal(t, isOne, Directory{strict: true}.isServer(text), text)
	}
	assert.True(t, Directory{}.isServer("http://localhost:8080/oauth2/a"))
}
