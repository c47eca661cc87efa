// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

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
	"github.com/nuts-foundation/nuts-node/vdr/didsubject"
	"github.com/nuts-foundation/nuts-node/vdr/didweb"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
	"gorm.io/gorm"
)

// Engines are the node's engines that verify what a requester sends.
type Engines struct {
	VCR         vcr.VCR
	DIDs        resolver.DIDResolver
	JSONLD      jsonld.JSONLD
	PKI         pki.Validator
	Authorities Authorities
	SQL         *gorm.DB
	Server      *core.ServerConfig
}

// Bounded are the same engines with the bounds of the visit that is under way; visit gives
// the nil visit when there is none.
type Bounded struct {
	VCR    vcr.VCR
	DIDs   resolver.DIDResolver
	JSONLD jsonld.JSONLD
}

// Bound makes engines that do no more for a visit than it may ask. The node's verifier
// gets documents by clients of its own, which cannot be reached. So another is made of the
// same parts, by the node's own constructors.
func (e Engines) Bound(visit func() *Visit) Bounded {
	// Lists and DID documents are not cached, as the node does not either when it makes its
	// own: a revocation, and another key in the place of a lost one, must be seen.
	getLists := client.New(e.Server.HTTPClient.Timeout)
	getDocuments := client.New(oneFetch)
	getContexts := client.NewWithCache(oneFetch)
	contexts := boundedContexts{JSONLD: e.JSONLD, http: getContexts, strict: e.Server.Strictmode, visit: visit}
	dids := boundedResolver{DIDResolver: e.DIDs, http: getDocuments, visit: visit}
	if slices.Contains(e.Server.DIDMethods, didweb.MethodName) {
		dids.own = didsubject.Resolver{DB: e.SQL}
	}
	documents := boundedDocuments{jsonld: contexts}
	lists := getter{HTTPRequestDoer: getLists, visit: visit, largest: maxFetched, check: boundedLists{documents}.check}
	statuses := revocation.NewStatusList2021(listRows(e.SQL, visit), lists, e.Server.URL, 0)
	certificates := boundedPKI{
		Validator: e.PKI, authorities: e.Authorities, visit: visit,
		http: &http.Client{Transport: client.SafeHttpTransport, Timeout: oneFetch},
	}
	// Which issuers the node itself trusts is never asked about at the OAuth endpoints.
	inner := verifier.NewVerifier(revocations{e.VCR.Verifier()}, dids, resolver.DIDKeyResolver{Resolver: dids}, contexts, trust.NewConfig(""), statuses, certificates)
	return Bounded{
		VCR:  boundedVCR{VCR: e.VCR, verifier: boundedVerifier{Verifier: inner, documents: documents, visit: visit}},
		DIDs: dids, JSONLD: contexts,
	}
}
