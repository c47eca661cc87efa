// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// Wallet is a party with a did:web and a key of its own, outside any node. It signs
// what no node would sign, as a holder and as an issuer.
type Wallet struct {
	DID string

	key    *ecdsa.PrivateKey
	client *http.Client
}

// didHost serves the DID documents of a workspace's wallets.
type didHost struct {
	mu        sync.RWMutex
	url       string
	documents map[string][]byte
}

func (h *didHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.RLock()
	document, ok := h.documents[r.URL.Path]
	h.mu.RUnlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/did+json")
	w.Header().Set("Cache-Control", "max-age=60")
	_, _ = w.Write(document)
}

// NewWallet makes a wallet, whose DID document the workspace serves.
func (w *Workspace) NewWallet() (*Wallet, error) {
	return w.NewNamedWallet("wallet", uuid.NewString())
}

// NewNamedWallet makes a wallet whose DID ends in the names: did:web:<host>:<name>:...
func (w *Workspace) NewNamedWallet(names ...string) (*Wallet, error) {
	base, err := w.DIDBase()
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	wallet := &Wallet{DID: base + ":" + strings.Join(names, ":"), key: key, client: w.Client()}
	document, err := wallet.document()
	if err != nil {
		return nil, err
	}
	w.wallets.mu.Lock()
	defer w.wallets.mu.Unlock()
	path, err := url.PathUnescape("/" + strings.Join(names, "/") + "/did.json")
	w.wallets.documents[path] = document
	return wallet, err
}

// DIDBase is what the DIDs of all of the workspace's wallets begin with, without a
// colon at the end.
func (w *Workspace) DIDBase() (string, error) {
	host, err := w.didHost()
	if err != nil {
		return "", err
	}
	return "did:web:" + strings.ReplaceAll(strings.TrimPrefix(host.url, "https://"), ":", "%3A"), nil
}

// didHost starts the server of DID documents when the first wallet needs it.
func (w *Workspace) didHost() (*didHost, error) {
	w.walletsOnce.Do(func() {
		host := &didHost{documents: map[string][]byte{}}
		host.url, w.walletsErr = w.ServeTLS(w.unique("wallets"), host)
		w.wallets = host
	})
	return w.wallets, w.walletsErr
}

func (w *Wallet) keyID() string { return w.DID + "#0" }

func (w *Wallet) document() ([]byte, error) {
	key, err := jwk.FromRaw(w.key.Public())
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"@context": []string{
			"https://www.w3.org/ns/did/v1", "https://w3c-ccg.github.io/lds-jws2020/contexts/lds-jws2020-v1.json",
		},
		"id": w.DID,
		"verificationMethod": []any{map[string]any{
			"id": w.keyID(), "type": "JsonWebKey2020", "controller": w.DID, "publicKeyJwk": key,
		}},
		"assertionMethod": []string{w.keyID()},
		"authentication":  []string{w.keyID()},
	})
}

// Issue issues a JWT credential to the holder, signed by this wallet, valid for twelve hours.
func (w *Wallet) Issue(holder, credentialType string, claims map[string]any) (Credential, error) {
	return w.IssueWith(IssueOptions{}, holder, credentialType, claims)
}

// IssueUntil issues a JWT credential that expires then, which may be in the past.
func (w *Wallet) IssueUntil(expires time.Time, holder, credentialType string, claims map[string]any) (Credential, error) {
	return w.IssueWith(IssueOptions{Expires: expires}, holder, credentialType, claims)
}

// IssueBroken issues a JWT credential with a wrong signature.
func (w *Wallet) IssueBroken(holder, credentialType string, claims map[string]any) (Credential, error) {
	return w.IssueWith(IssueOptions{WrongSignature: true}, holder, credentialType, claims)
}

// IssueWith issues a JWT credential that differs from what is right.
func (w *Wallet) IssueWith(options IssueOptions, holder, credentialType string, claims map[string]any) (Credential, error) {
	all := options.claims(orElse(options.Issuer, w.DID), holder, credentialType, claims)
	return signCredential(all, map[string]any{"kid": w.keyID()}, jwa.ES256, w.key, options.WrongSignature)
}

// Attest makes a credential without proof, as a holder attests about itself. Another
// issuer than the wallet itself can be claimed.
func (w *Wallet) Attest(issuer, credentialType string, claims map[string]any) Credential {
	credentialSubject := map[string]any{"id": w.DID}
	for name, value := range claims {
		credentialSubject[name] = value
	}
	// Maps of texts always marshal.
	encoded, _ := json.Marshal(map[string]any{
		"@context":          []string{credentialsContext, nutsContext},
		"id":                fmt.Sprintf("%s#%s", w.DID, uuid.NewString()),
		"type":              []string{"VerifiableCredential", credentialType},
		"issuer":            issuer,
		"issuanceDate":      time.Now().Add(-time.Second).UTC().Format(time.RFC3339),
		"credentialSubject": credentialSubject,
	})
	return encoded
}
