// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"
	"crypto"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"

	"github.com/nuts-mitz/nuts-mitz/internal/htu"
	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
)

const (
	// maxProof is how large a proof may be, in bytes: as at the token endpoint.
	maxProof = 8 << 10
	// maxProofAge is how long ago a proof may have been made. The node remembers proofs for longer,
	// and takes none that was made later than now.
	maxProofAge = time.Minute
)

// Proofs validates DPoP proofs as the node does, and looks at what the node leaves open: how old
// a proof is, the scheme and port of the URL, and whether the proof can be read in one way. The
// key is compared first, so that no stranger's key is worked with.
type Proofs struct {
	node     *iam.Wrapper
	looking  *iam.Wrapper // the same, and remembers nothing
	panicked func(message string)
}

var _ live.Proofs = (*Proofs)(nil)

// Proofs returns what validates proofs, with the node's own memory of those that were used.
func (r *Router) Proofs() *Proofs {
	with := func(sessions storage.Engine) *iam.Wrapper {
		return iam.New(nil, nil, resolver.DIDKeyResolver{}, nil, sessions, nil, nil, nil)
	}
	return &Proofs{node: with(r.outside()), looking: with(unchanged{r.Storage}), panicked: r.Panicked}
}

// IsGood reports whether a proof is good. See [live.Proofs].
func (p *Proofs) IsGood(ctx context.Context, token live.Token, proof live.Proof) (bool, error) {
	return p.validate(ctx, p.node, token, proof)
}

// WouldBeGood reports whether a proof would be good. See [live.Proofs].
func (p *Proofs) WouldBeGood(ctx context.Context, token live.Token, proof live.Proof) (bool, error) {
	return p.validate(ctx, p.looking, token, proof)
}

func (p *Proofs) validate(ctx context.Context, node *iam.Wrapper, token live.Token, proof live.Proof) (good bool, err error) {
	if token.Thumbprint == "" || !hasRightForm(token.Thumbprint, proof, time.Now()) {
		return false, nil
	}
	defer func() {
		if recover() != nil { // its cause may hold anything
			p.panicked("Panic while validating a DPoP proof")
			good, err = false, errors.New("mitz: the node panicked on a DPoP proof")
		}
	}()
	answer, err := node.ValidateDPoPProof(ctx, iam.ValidateDPoPProofRequestObject{Body: &iam.ValidateDPoPProofJSONRequestBody{
		DpopProof: proof.JWT, Method: proof.Method, Url: proof.URL, Token: proof.Token, Thumbprint: token.Thumbprint,
	}})
	if err != nil {
		return false, errors.New("mitz: whether a DPoP proof was used before cannot be told")
	}
	validated, isAnswer := answer.(iam.ValidateDPoPProof200JSONResponse)
	return isAnswer && validated.Valid, nil
}

// unchanged is a storage engine whose session database is read, and keeps what it has.
type unchanged struct{ storage.Engine }

func (u unchanged) GetSessionDatabase() storage.SessionDatabase {
	return unchangedSessions{u.Engine.GetSessionDatabase()}
}

type unchangedSessions struct{ storage.SessionDatabase }

func (u unchangedSessions) GetStore(ttl time.Duration, keys ...string) storage.SessionStore {
	return unchangedStore{u.SessionDatabase.GetStore(ttl, keys...)}
}

type unchangedStore struct{ storage.SessionStore }

func (unchangedStore) Put(string, any, ...storage.SessionOption) error { return nil }

// compactJWS is the only form in which a proof is taken (RFC 7515 section 7.1).
var compactJWS = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// hasRightForm reports whether a proof says that it is by the holder of a key, for this request
// and of just now. Whether the signature is right, the node says.
func hasRightForm(thumbprint string, proof live.Proof, now time.Time) bool {
	if len(proof.JWT) > maxProof || !compactJWS.MatchString(proof.JWT) {
		return false
	}
	parts := strings.Split(proof.JWT, ".")
	var header struct {
		Key json.RawMessage `json:"jwk"`
	}
	var claims struct {
		Method   string  `json:"htm"`
		URL      string  `json:"htu"`
		ID       string  `json:"jti"`
		IssuedAt float64 `json:"iat"`
	}
	return readPart(parts[0], &header, "alg", "typ", "jwk") && hasThumbprint(header.Key, thumbprint) &&
		readPart(parts[1], &claims, "htm", "htu", "jti", "iat", "ath", "exp", "nbf") &&
		claims.Method == proof.Method && htu.Same(claims.URL, proof.URL) && isPlainID(claims.ID) &&
		float64(now.Unix())-claims.IssuedAt <= maxProofAge.Seconds()
}

// readPart reads a part of a JWS, which must be an object that has one reading.
func readPart(part string, into any, members ...string) bool {
	content, err := base64.RawURLEncoding.Strict().DecodeString(part)
	known := &strictjson.Object{Members: map[string]*strictjson.Object{}}
	for _, member := range members {
		known.Members[member] = nil
	}
	return err == nil && json.Valid(content) && strictjson.Check(content, known) == nil && json.Unmarshal(content, into) == nil
}

// hasThumbprint reports whether a key is the one of a thumbprint.
func hasThumbprint(key json.RawMessage, thumbprint string) bool {
	return subtle.ConstantTimeCompare([]byte(thumbprintOf(key)), []byte(thumbprint)) == 1
}

// thumbprintOf returns the thumbprint of a key (RFC 7638), in base64url; empty: it is none.
func thumbprintOf(key json.RawMessage) string {
	parsed, err := jwk.ParseKey(key)
	if err != nil {
		return ""
	}
	hash, err := parsed.Thumbprint(crypto.SHA256)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(hash)
}

// isPlainID reports whether an id can be kept in any session database.
func isPlainID(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return id != "" && len(id) <= 256
}
