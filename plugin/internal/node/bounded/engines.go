// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"net/http"
	"slices"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/http/client"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/nuts-foundation/nuts-node/pki"
	"github.com/nuts-foundation/nuts-node/vcr"
	"github.com/nuts-foundation/nuts-node/vcr/revocation"
	"github.com/nuts-foundation/nuts-node/vcr/trust"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"
	"github.com/nuts-foundation/nuts-node/vdr/didweb"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/patience"
)

// Stock are the node's own engines that verify what a requester sends.
type Stock struct {
	VCR         vcr.VCR
	DIDs        resolver.DIDResolver
	JSONLD      jsonld.JSONLD
	PKI         pki.Validator
	Authorities Authorities
	SQL         *gorm.DB
	Patience    *patience.Patience // with the DIDs in it
	Server      *core.ServerConfig
}

// Engines are the same engines within the bounds of a visit.
type Engines struct {
	VCR    vcr.VCR
	DIDs   resolver.DIDResolver
	JSONLD jsonld.JSONLD
}

// Bound makes engines that do no more for a visit than it may ask; visit returns the one that
// is under way, and nil when there is none. The node's verifier
// gets documents by clients of its own, which cannot be reached. So another is made of the
// same parts, by the node's own constructors.
func (s Stock) Bound(visit func() *door.Visit) Engines {
	// Lists and DID documents are not cached, as the node does not either when it makes its
	// own: a revocation, and another key in the place of a lost one, must be seen.
	getLists := client.New(s.Server.HTTPClient.Timeout)
	getDocuments := client.New(door.OneFetch)
	getContexts := client.NewWithCache(door.OneFetch)
	contexts := boundedContexts{JSONLD: s.JSONLD, http: getContexts, strict: s.Server.Strictmode, visit: visit}
	dids := boundedResolver{DIDResolver: s.DIDs, http: getDocuments, visit: visit}
	if slices.Contains(s.Server.DIDMethods, didweb.MethodName) {
		dids.own = ownDIDs{database: s.SQL, patient: s.Patience}
	}
	documents := boundedDocuments{jsonld: contexts}
	lists := getter{HTTPRequestDoer: getLists, visit: visit, largest: door.MaxFetched, check: boundedLists{documents}.check}
	statuses := revocation.NewStatusList2021(listRows(s.SQL, visit), lists, s.Server.URL, 0)
	certificates := boundedPKI{
		Validator: s.PKI, authorities: s.Authorities, visit: visit,
		http: &http.Client{Transport: client.SafeHttpTransport, Timeout: door.OneFetch},
	}
	// Which issuers the node itself trusts is never asked about at the OAuth endpoints.
	inner := verifier.NewVerifier(revocations{s.VCR.Verifier()}, dids, resolver.DIDKeyResolver{Resolver: dids}, contexts, trust.NewConfig(""), statuses, certificates)
	return Engines{
		VCR:  boundedVCR{VCR: s.VCR, verifier: boundedVerifier{Verifier: inner, documents: documents, visit: visit}},
		DIDs: dids, JSONLD: contexts,
	}
}
