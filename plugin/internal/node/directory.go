// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/discovery"
	"github.com/nuts-foundation/nuts-node/vcr/credential"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/localization"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/plainjson"
)

// Directory finds nodes by organisation in the discovery services that the node follows. The
// node has verified what is registered there: signatures, and whether anything was revoked by
// then. Anybody can register, so only the word of trusted issuers counts; and what is registered
// tells where to ask, no more.
type Directory struct {
	client   discovery.Client
	policy   *policy.Policy
	verifier credentialVerifier
	strict   bool // only https counts
}

var _ localization.Directory = Directory{}

// Directory makes a directory of the node's discovery services, by the trust of a policy.
func (e Engines) Directory(p *policy.Policy, strict bool) Directory {
	return Directory{
		client: e.Discovery, policy: p, strict: strict,
		verifier: credentialVerifier{Verifier: e.VCR.Verifier(), jsonld: e.JSONLD},
	}
}

const (
	// maxNodes is how many nodes of one organisation are told.
	maxNodes = 16
	// maxFound is how many registrations that name an organisation are looked at: whoever
	// registers chooses what his credentials say.
	maxFound = 256
	// maxServer is how long the URL of an authorization server may be.
	maxServer = 2048
)

// Nodes returns the nodes that answer for an organisation, in the order of their DIDs.
func (d Directory) Nodes(ctx context.Context, ura consent.URA) ([]localization.Node, error) {
	var nodes []localization.Node
	looked := 0
	for _, service := range d.client.Services() {
		for _, query := range queriesFor(ura) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			found, err := d.client.Search(service.ID, query)
			if err != nil {
				return nil, err
			}
			for _, each := range found[:min(len(found), max(0, maxFound-looked))] {
				looked++
				if node, known := d.node(each, ura); known && !slices.Contains(nodes, node) {
					nodes = append(nodes, node)
				}
			}
		}
	}
	slices.SortFunc(nodes, func(a, b localization.Node) int {
		return cmp.Or(strings.Compare(a.DID, b.DID), strings.Compare(a.AuthorizationServer, b.AuthorizationServer))
	})
	return nodes[:min(len(nodes), maxNodes)], nil
}

// queriesFor returns the searches for registrations with a credential that names an
// organisation, by the forms of those that can. A search takes the text that a credential has,
// with a star for any other.
func queriesFor(ura consent.URA) (queries []map[string]string) {
	add := func(path, text string) {
		query := map[string]string{"credentialSubject." + path: text}
		if !slices.ContainsFunc(queries, func(q map[string]string) bool { return q["credentialSubject."+path] == text }) {
			queries = append(queries, query)
		}
	}
	for _, form := range definition.Forms() {
		if form.Attribute != trust.Organization {
			continue
		}
		for _, path := range form.Claims[definition.ClaimOrganizationURA] {
			if slices.Contains(form.Types, definition.TypeX509) {
				add(path, "*-S-"+string(ura)+"-*") // in the name on a server certificate
				continue
			}
			add(path, string(ura))
			add(path, "*|"+string(ura))
			add(path+".value", string(ura))
		}
	}
	return queries
}

// node reads a registration, and reports whether it is of a node that answers for the
// organisation.
func (d Directory) node(found discovery.SearchResult, ura consent.URA) (node localization.Node, known bool) {
	presentation := found.Presentation
	signer, err := credential.PresentationSigner(presentation)
	if err != nil || plainjson.Presentation(presentation.Raw()) != nil {
		return node, false
	}
	var presented []policy.Credential
	for _, each := range presentation.VerifiableCredential {
		evidence := CredentialEvidence(each, signer.String())
		if d.isAbout(each, signer.String()) && d.verifier.verifyForm(each, evidence) == nil {
			presented = append(presented, evidence)
		}
	}
	if named, isOne := d.policy.OrganizationOf(presented); !isOne || named != ura {
		return node, false
	}
	server, _ := found.Parameters["authServerURL"].(string)
	if !d.isServer(server) {
		server = ""
	}
	return localization.Node{DID: signer.String(), AuthorizationServer: server}, true
}

// isAbout reports whether a credential is about who presented it.
func (d Directory) isAbout(presented vc.VerifiableCredential, presenter string) bool {
	subject, err := presented.SubjectDID()
	return err == nil && subject.String() == presenter
}

// isServer reports whether a text is the URL of an authorization server (RFC 8414, section 2).
func (d Directory) isServer(text string) bool {
	server, err := url.Parse(text)
	return err == nil && len(text) <= maxServer && server.Host != "" && server.User == nil && server.RawQuery == "" &&
		!server.ForceQuery && !strings.Contains(text, "#") &&
		(server.Scheme == "https" || server.Scheme == "http" && !d.strict)
}
