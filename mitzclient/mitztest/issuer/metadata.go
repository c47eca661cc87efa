// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"encoding/json"
	"net/http"

	"github.com/lestrrat-go/jwx/v2/jwk"
)

// keyID is the DID URL of the one key.
func (i *Issuer) keyID() string { return i.did + "#0" }

// serveDID serves the DID document (did:web method specification, "Read").
func (i *Issuer) serveDID(w http.ResponseWriter, _ *http.Request) {
	key, err := jwk.FromRaw(i.key.Public())
	if err != nil {
		http.Error(w, "the key cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/did+json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"@context": []string{"https://www.w3.org/ns/did/v1", "https://w3c-ccg.github.io/lds-jws2020/contexts/lds-jws2020-v1.json"},
		"id":       i.did,
		"verificationMethod": []any{map[string]any{
			"id": i.keyID(), "type": "JsonWebKey2020", "controller": i.did, "publicKeyJwk": key,
		}},
		"assertionMethod": []string{i.keyID()},
	})
}

// serveIssuerMetadata serves the metadata of the credential issuer (OpenID4VCI 1.0 section
// 12.2). What it can issue has texts only: logos make the pinned node's parser fail.
func (i *Issuer) serveIssuerMetadata(w http.ResponseWriter, _ *http.Request) {
	configurations := map[string]any{}
	for _, kind := range []string{TypeAttestation, TypeMembership} {
		configurations[kind] = map[string]any{
			"format": format, "cryptographic_binding_methods_supported": []string{"did:web"},
			"credential_signing_alg_values_supported": []string{"ES256"},
			"proof_types_supported":                   map[string]any{"jwt": map[string]any{"proof_signing_alg_values_supported": proofAlgorithms()}},
			"credential_definition":                   map[string]any{"type": []string{"VerifiableCredential", kind}},
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"credential_issuer": i.url, "authorization_servers": []string{i.url}, "credential_endpoint": i.url + "/credential",
		"credential_configurations_supported": configurations,
	})
}

// serveServerMetadata serves the metadata of the authorization server (RFC 8414 section 3.2).
func (i *Issuer) serveServerMetadata(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": i.url, "authorization_endpoint": i.url + "/authorize", "token_endpoint": i.url + "/token",
		"response_types_supported": []string{"code"}, "grant_types_supported": []string{"authorization_code"},
		"code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"none"},
	})
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}
