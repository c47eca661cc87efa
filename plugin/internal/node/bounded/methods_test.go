// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"reflect"
	"testing"

	"github.com/nuts-foundation/nuts-node/auth/client/iam"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/nuts-foundation/nuts-node/pki"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
	"github.com/stretchr/testify/assert"
)

// TestEveryMethodOfTheNodeIsBoundedOrKnown fails when a new version of the node has a method
// of which nobody has judged whether a stranger can have it called: the types here hand on
// whatever they do not have themselves.
func TestEveryMethodOfTheNodeIsBoundedOrKnown(t *testing.T) {
	for _, tc := range []struct {
		of             reflect.Type
		bounded, known []string // known: not called for what is not verified, or cheap
	}{
		{
			reflect.TypeFor[verifier.Verifier](),
			[]string{"Verify", "VerifyVP", "VerifySignature", "GetRevocation"},
			[]string{"IsRevoked", "RegisterRevocation"},
		},
		{
			reflect.TypeFor[iam.Client](),
			[]string{"ClientMetadata", "OpenIDConfiguration", "PostAuthorizationResponse", "PostError", "PresentationDefinition", "RequestObjectByGet", "RequestObjectByPost"},
			[]string{"AccessToken", "AuthorizationServerMetadata", "OpenIdCredentialIssuerMetadata", "RequestRFC021AccessToken", "VerifiableCredentials"},
		},
		{reflect.TypeFor[storage.SessionStore](), []string{"Get", "GetAndDelete", "Put"}, []string{"Delete", "Exists"}},
		{reflect.TypeFor[storage.SessionDatabase](), []string{"GetStore"}, []string{"Close", "getFullKey"}},
		{reflect.TypeFor[pki.Validator](), []string{"CheckCRL", "CheckCRLStrict"}, []string{"SetVerifyPeerCertificateFunc", "SubscribeDenied"}},
		{reflect.TypeFor[resolver.DIDResolver](), []string{"Resolve"}, nil},
		{reflect.TypeFor[jsonld.JSONLD](), []string{"DocumentLoader"}, nil},
	} {
		t.Run(tc.of.String(), func(t *testing.T) {
			var methods []string
			for i := range tc.of.NumMethod() {
				methods = append(methods, tc.of.Method(i).Name)
			}
			assert.ElementsMatch(t, append(tc.bounded, tc.known...), methods)
		})
	}
}
