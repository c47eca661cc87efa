// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

const (
	proofType   = "openid4vci-proof+jwt"
	proofLife   = 5 * time.Minute  // how old a proof may be
	proofSkew   = 30 * time.Second // how far its time may be ahead
	maxDocument = 64 << 10         // bytes of a DID document
)

func proofAlgorithms() []string { return []string{"ES256", "ES384", "ES512", "PS256"} }

// checkProof checks that a wallet has the key of its DID (OpenID4VCI 1.0 appendix F.1):
// whose proof it is, that it is meant for this issuer, that it is new, and the signature, by
// a key that the DID document has for assertions. It is good once.
func (i *Issuer) checkProof(ctx context.Context, proof, wallet string) *refusal {
	if strings.Count(proof, ".") != 2 {
		return invalidProof("it is no JWT")
	}
	message, err := jws.Parse([]byte(proof), jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return invalidProof("it is no JWT")
	}
	header := message.Signatures()[0].ProtectedHeaders()
	if header.Type() != proofType {
		return invalidProof("its typ must be " + proofType)
	}
	if !slices.Contains(proofAlgorithms(), header.Algorithm().String()) {
		return invalidProof("its alg is not one of those that are supported")
	}
	if did, fragment, found := strings.Cut(header.KeyID(), "#"); !found || fragment == "" || did != wallet {
		return invalidProof("its kid must be a key of the wallet that the credential is for")
	}
	if reason := i.checkClaims(message.Payload(), wallet); reason != nil {
		return reason
	}
	key, err := i.resolve(ctx, wallet, header.KeyID())
	if err != nil {
		return invalidProof(err.Error())
	}
	if _, err := jws.Verify([]byte(proof), jws.WithKey(header.Algorithm(), key)); err != nil {
		return invalidProof("its signature is wrong")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	hash := sha256.Sum256([]byte(proof))
	if !i.flow.proofs.keep(i.clock(), base64.RawURLEncoding.EncodeToString(hash[:]), struct{}{}) {
		return invalidProof("it was used before")
	}
	return nil
}

func (i *Issuer) checkClaims(payload []byte, wallet string) *refusal {
	var claims struct {
		Issuer   string          `json:"iss"`
		Audience json.RawMessage `json:"aud"`
		IssuedAt *float64        `json:"iat"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return invalidProof("its claims cannot be read")
	}
	var audience string
	if list := []string{}; json.Unmarshal(claims.Audience, &list) == nil && len(list) == 1 {
		audience = list[0]
	} else if json.Unmarshal(claims.Audience, &audience) != nil {
		audience = ""
	}
	switch now := i.clock(); {
	case claims.Issuer != wallet:
		return invalidProof("its iss must be the wallet that the credential is for")
	case audience != i.url:
		return invalidProof("its aud must be this issuer")
	case claims.IssuedAt == nil:
		return invalidProof("it has no iat")
	default:
		issued := time.Unix(int64(*claims.IssuedAt), 0)
		if now.Sub(issued) > proofLife || issued.Sub(now) > proofSkew {
			return invalidProof("it is too old, or of the future")
		}
		return nil
	}
}

// resolve returns a wallet's key, from the DID document at its https address. No redirect is
// followed. The error repeats nothing that came from there.
func (i *Issuer) resolve(ctx context.Context, wallet, keyID string) (any, error) {
	document, err := i.fetch(ctx, wallet)
	if err != nil {
		return nil, err
	}
	for _, method := range document.Methods {
		if absolute(method.ID, wallet) != keyID || !document.asserts(keyID, wallet) {
			continue
		}
		key, err := jwk.ParseKey(method.Key)
		if err != nil {
			return nil, errors.New("the wallet's key cannot be read")
		}
		if kind := key.KeyType(); kind != jwa.EC && kind != jwa.RSA {
			return nil, errors.New("the wallet's key is of another kind")
		}
		return key, nil
	}
	return nil, errors.New("the wallet's DID document has no such key for assertions")
}

// didDocument is what is read of a DID document (DID Core 1.0 section 5).
type didDocument struct {
	ID      string `json:"id"`
	Methods []struct {
		ID  string          `json:"id"`
		Key json.RawMessage `json:"publicKeyJwk"`
	} `json:"verificationMethod"`
	Assertion []json.RawMessage `json:"assertionMethod"` // references, or methods themselves
}

// asserts reports whether a key is referred to for assertions.
func (d didDocument) asserts(keyID, wallet string) bool {
	return slices.ContainsFunc(d.Assertion, func(each json.RawMessage) bool {
		var reference string
		return json.Unmarshal(each, &reference) == nil && absolute(reference, wallet) == keyID
	})
}

// absolute returns a DID URL that may be relative (DID Core 1.0 section 3.2.2).
func absolute(id, wallet string) string {
	if strings.HasPrefix(id, "#") {
		return wallet + id
	}
	return id
}

func (i *Issuer) fetch(ctx context.Context, wallet string) (didDocument, error) {
	unreachable := errors.New("the wallet's DID document cannot be got")
	address, err := didAddress(wallet)
	if err != nil {
		return didDocument{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return didDocument{}, unreachable
	}
	client := *i.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return didDocument{}, unreachable
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil || response.StatusCode != http.StatusOK || len(content) > maxDocument {
		return didDocument{}, unreachable
	}
	var document didDocument
	if json.Unmarshal(content, &document) != nil || document.ID != wallet {
		return didDocument{}, errors.New("the wallet's DID document is no such, or another's")
	}
	return document, nil
}

// didWeb is a did:web: a host, perhaps with a port, and names below it.
var didWeb = regexp.MustCompile(`^did:web:[A-Za-z0-9.-]+(%3[Aa][0-9]{1,5})?(:[A-Za-z0-9._-]+)*$`)

func checkWallet(wallet string) error {
	if !didWeb.MatchString(wallet) || len(wallet) > 512 {
		return errors.New("the wallet must be a did:web")
	}
	return nil
}

// didAddress returns where the document of a did:web is (did:web method specification, "Read").
func didAddress(wallet string) (string, error) {
	if err := checkWallet(wallet); err != nil {
		return "", err
	}
	host, path, below := strings.Cut(strings.TrimPrefix(wallet, "did:web:"), ":")
	host, err := url.PathUnescape(host)
	if err != nil {
		return "", errors.New("the wallet must be a did:web")
	}
	if !below {
		return "https://" + host + "/.well-known/did.json", nil
	}
	return "https://" + host + "/" + strings.ReplaceAll(path, ":", "/") + "/did.json", nil
}
