// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"net/http"
	"slices"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/piprate/json-gold/ld"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// boundedContexts is the node's JSON-LD engine, except that it gets contexts of others as
// fetches of a visit, and keeps none. The node's own loader keeps them for ever, in a map
// that concurrent requests write to, and outside strict mode opens files of that name.
type boundedContexts struct {
	jsonld.JSONLD
	http   core.HTTPRequestDoer
	strict bool
	visit  func() *door.Visit
}

var (
	_ jsonld.JSONLD     = boundedContexts{}
	_ ld.DocumentLoader = boundedContexts{}
)

// DocumentLoader returns a loader whose work is the visit's.
func (c boundedContexts) DocumentLoader() ld.DocumentLoader { return c }

// largeContext is about how long it takes to read the context of schema.org, so that a
// request has the node read it once; all others that are on board take no time.
const largeContext = 15 * time.Millisecond

// LoadDocument loads a context.
func (c boundedContexts) LoadDocument(address string) (*ld.RemoteDocument, error) {
	contexts := c.config()
	if _, onBoard := contexts.LocalFileMapping[address]; onBoard {
		if address == jsonld.SchemaOrgContext {
			if err := c.visit().Spend(largeContext); err != nil {
				return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, err)
			}
		}
		return c.JSONLD.DocumentLoader().LoadDocument(address)
	}
	if c.strict && !slices.Contains(contexts.RemoteAllowList, address) {
		return nil, ld.NewJsonLdError(ld.LoadingRemoteContextFailed, jsonld.ContextURLNotAllowedErr)
	}
	loaded, err := c.visit().Once("context "+address, func() (any, error) { return c.get(address) })
	if err != nil {
		return nil, err
	}
	return loaded.(*ld.RemoteDocument), nil
}

func (c boundedContexts) config() jsonld.ContextsConfig {
	if engine, ok := c.JSONLD.(core.Injectable); ok {
		if config, ok := engine.Config().(*jsonld.Config); ok {
			return config.Contexts
		}
	}
	return jsonld.DefaultContextConfig()
}

func (c boundedContexts) get(address string) (*ld.RemoteDocument, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil) //nolint:noctx // the getter gives it the end of the visit
	if err != nil || request.URL.Scheme != "https" && request.URL.Scheme != "http" {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, "it is no address")
	}
	request.Header.Set("Accept", "application/ld+json, application/json;q=0.9")
	response, err := getter{HTTPRequestDoer: c.http, visit: c.visit, largest: maxDocument}.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, "it cannot be got")
	}
	document, err := ld.DocumentFromReader(response.Body)
	if err != nil {
		return nil, err
	}
	return &ld.RemoteDocument{DocumentURL: address, Document: document}, nil
}
