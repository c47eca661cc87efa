// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/auth"
	"github.com/nuts-foundation/nuts-node/auth/client/iam"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// Auth is the node's authentication engine, except that what its OAuth client gets and
// sends for a request is a fetch of the visit: an authorization request can have it ask
// anybody for anything.
type Auth struct {
	auth.AuthenticationServices
	Visit func() *door.Visit
}

// IAMClient returns the client.
func (a Auth) IAMClient() iam.Client {
	return boundedClient{Client: a.AuthenticationServices.IAMClient(), visit: a.Visit}
}

// boundedClient is the node's OAuth client. What the operator's own systems have it do, and
// what follows a callback with a known state, is not bounded here.
type boundedClient struct {
	iam.Client
	visit func() *door.Visit
}

var errRequestObject = errors.New("mitz: a request object that is larger than this node accepts, or holds too much")

func fetch[T any](ctx context.Context, c boundedClient, get func(ctx context.Context) (T, error)) (result T, err error) {
	err = c.visit().Fetch(func(bounded context.Context) (int, error) {
		// The values of the one, the end of the other: a trace is in the first.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(bounded, cancel)()
		result, err = get(ctx)
		return 0, err
	})
	return result, err
}

func (c boundedClient) RequestObjectByGet(ctx context.Context, requestURI string) (string, error) {
	return c.requestObject(fetch(ctx, c, func(ctx context.Context) (string, error) { return c.Client.RequestObjectByGet(ctx, requestURI) }))
}

func (c boundedClient) RequestObjectByPost(ctx context.Context, requestURI string, metadata oauth.AuthorizationServerMetadata) (string, error) {
	return c.requestObject(fetch(ctx, c, func(ctx context.Context) (string, error) {
		return c.Client.RequestObjectByPost(ctx, requestURI, metadata)
	}))
}

func (boundedClient) requestObject(object string, err error) (string, error) {
	if err == nil && door.CheckRequestObject(object) != nil {
		err = errRequestObject
	}
	return object, err
}

func (c boundedClient) OpenIDConfiguration(ctx context.Context, issuer string) (*oauth.OpenIDConfiguration, error) {
	return fetch(ctx, c, func(ctx context.Context) (*oauth.OpenIDConfiguration, error) {
		return c.Client.OpenIDConfiguration(ctx, issuer)
	})
}

func (c boundedClient) ClientMetadata(ctx context.Context, endpoint string) (*oauth.OAuthClientMetadata, error) {
	return fetch(ctx, c, func(ctx context.Context) (*oauth.OAuthClientMetadata, error) {
		return c.Client.ClientMetadata(ctx, endpoint)
	})
}

func (c boundedClient) PresentationDefinition(ctx context.Context, endpoint string) (*pe.PresentationDefinition, error) {
	definition, err := fetch(ctx, c, func(ctx context.Context) (*pe.PresentationDefinition, error) {
		return c.Client.PresentationDefinition(ctx, endpoint)
	})
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(definition)
	if err == nil {
		err = door.CheckDefinition(content)
	}
	if err != nil {
		return nil, err
	}
	return definition, nil
}

func (c boundedClient) PostError(ctx context.Context, failure oauth.OAuth2Error, responseURI, state string) (string, error) {
	return fetch(ctx, c, func(ctx context.Context) (string, error) { return c.Client.PostError(ctx, failure, responseURI, state) })
}

func (c boundedClient) PostAuthorizationResponse(ctx context.Context, presentation vc.VerifiablePresentation, submission pe.PresentationSubmission, responseURI, state string) (string, error) {
	return fetch(ctx, c, func(ctx context.Context) (string, error) {
		return c.Client.PostAuthorizationResponse(ctx, presentation, submission, responseURI, state)
	})
}
