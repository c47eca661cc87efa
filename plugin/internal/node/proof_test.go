// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/recordattacks"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
)

const provenURL = "https://records.example/fhir/Patient/_search"

// prover makes proofs, right ones unless a test changes them.
type prover struct {
	t          *testing.T
	key        *ecdsa.PrivateKey
	thumbprint string
}

func newProver(t *testing.T) prover {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public, err := jwk.FromRaw(key.Public())
	require.NoError(t, err)
	hash, err := public.Thumbprint(5) // SHA-256
	require.NoError(t, err)
	return prover{t, key, base64.RawURLEncoding.EncodeToString(hash)}
}

// prove makes a proof for the token "the-token". What a test gives replaces claims; nil leaves
// one out.
func (p prover) prove(changed map[string]any) string {
	p.t.Helper()
	hash := sha256.Sum256([]byte("the-token"))
	claims := map[string]any{
		"jti": rand.Text(), "iat": time.Now().Unix(), "htm": "POST", "htu": provenURL, "ath": base64.RawURLEncoding.EncodeToString(hash[:]),
	}
	for name, value := range changed {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	content, err := json.Marshal(claims)
	require.NoError(p.t, err)
	return p.sign(content, "dpop+jwt")
}

func (p prover) sign(content []byte, typ string) string {
	public, err := jwk.FromRaw(p.key.Public())
	require.NoError(p.t, err)
	headers := jws.NewHeaders()
	require.NoError(p.t, headers.Set(jws.TypeKey, typ))
	require.NoError(p.t, headers.Set(jws.JWKKey, public))
	signed, err := jws.Sign(content, jws.WithKey(jwa.ES256, p.key, jws.WithProtectedHeaders(headers)))
	require.NoError(p.t, err)
	return string(signed)
}

func newProofs(t *testing.T) *Proofs {
	t.Helper()
	router := &Router{Engines: Engines{Storage: sessionsOnly{sessions: storage.NewTestInMemorySessionDatabase(t)}}}
	router.Panicked = func(message string) { t.Error(message) }
	return router.Proofs()
}

func TestProofs(t *testing.T) {
	holder, thief := newProver(t), newProver(t)
	proofs := newProofs(t)
	ago := func(d time.Duration) map[string]any { return map[string]any{"iat": time.Now().Add(-d).Unix()} }
	for name, test := range map[string]struct {
		jwt  string
		good bool
	}{
		"by the holder of the key":             {holder.prove(nil), true},
		"half a minute old":                    {holder.prove(ago(30 * time.Second)), true},
		"none":                                 {"", false},
		"by another key":                       {thief.prove(nil), false},
		"two minutes old":                      {holder.prove(ago(2 * time.Minute)), false},
		"of the future":                        {holder.prove(ago(-10 * time.Second)), false},
		"of no time":                           {holder.prove(map[string]any{"iat": nil}), false},
		"of a time in words":                   {holder.prove(map[string]any{"iat": "now"}), false},
		"that expired":                         {holder.prove(map[string]any{"exp": time.Now().Add(-5 * time.Second).Unix()}), false},
		"for another method":                   {holder.prove(map[string]any{"htm": "GET"}), false},
		"for a method in another case":         {holder.prove(map[string]any{"htm": "post"}), false},
		"for no URL":                           {holder.prove(map[string]any{"htu": nil}), false},
		"for another token":                    {holder.prove(map[string]any{"ath": "b3RoZXI"}), false},
		"for no token":                         {holder.prove(map[string]any{"ath": nil}), false},
		"without an id":                        {holder.prove(map[string]any{"jti": nil}), false},
		"with an id that breaks a line":        {holder.prove(map[string]any{"jti": "a\r\nb"}), false},
		"with a long id":                       {holder.prove(map[string]any{"jti": strings.Repeat("a", 257)}), false},
		"that is too large":                    {holder.prove(map[string]any{"padding": strings.Repeat("a", maxProof)}), false},
		"of which a claim is there twice":      {holder.sign([]byte(`{"htm":"GET","htm":"POST"}`), "dpop+jwt"), false},
		"that is another kind of JWT":          {holder.sign([]byte(holder.payload(nil)), "JWT"), false},
		"whose signature is of something else": {spliced(holder.prove(nil), holder.prove(nil)), false},
		"two of them":                          {holder.prove(nil) + ", " + holder.prove(nil), false},
	} {
		t.Run(name, func(t *testing.T) {
			proof := live.Proof{JWT: test.jwt, Token: "the-token", Method: "POST", URL: provenURL}
			would := func() bool {
				good, err := proofs.WouldBeGood(t.Context(), live.Token{Thumbprint: holder.thumbprint}, proof)
				require.NoError(t, err)
				return good
			}
			assert.Equal(t, test.good, would())
			assert.Equal(t, test.good, would(), "to look uses nothing up")
			good, err := proofs.IsGood(t.Context(), live.Token{Thumbprint: holder.thumbprint}, proof)
			require.NoError(t, err)
			assert.Equal(t, test.good, good)
			assert.False(t, would(), "it was used")
			good, err = proofs.IsGood(t.Context(), live.Token{Thumbprint: holder.thumbprint}, proof)
			require.NoError(t, err)
			assert.False(t, good, "it was used")
			good, err = proofs.IsGood(t.Context(), live.Token{}, proof)
			require.NoError(t, err)
			assert.False(t, good, "of a token that is bound to no key")
		})
	}
}

func TestProofsCompareAddressesAsAllDo(t *testing.T) {
	holder := newProver(t)
	proofs := newProofs(t)
	for _, each := range recordattacks.ProvenAddresses() {
		proof := live.Proof{JWT: holder.prove(map[string]any{"htu": each.Address}), Token: "the-token", Method: "POST", URL: recordattacks.RequestedAddress}
		good, err := proofs.IsGood(t.Context(), live.Token{Thumbprint: holder.thumbprint}, proof)
		require.NoError(t, err)
		assert.Equal(t, each.Good, good, each.Name)
	}
}

func (p prover) payload(changed map[string]any) string {
	content, err := base64.RawURLEncoding.DecodeString(strings.Split(p.prove(changed), ".")[1])
	require.NoError(p.t, err)
	return string(content)
}

// spliced puts the signature of one proof under another.
func spliced(one, other string) string {
	return one[:strings.LastIndex(one, ".")] + other[strings.LastIndex(other, "."):]
}

func TestAProofIsGoodOnceHoweverManyUseItAtOnce(t *testing.T) {
	holder := newProver(t)
	proofs := newProofs(t)
	proof := live.Proof{JWT: holder.prove(nil), Token: "the-token", Method: "POST", URL: provenURL}
	var good atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if ok, err := proofs.IsGood(t.Context(), live.Token{Thumbprint: holder.thumbprint}, proof); ok && assert.NoError(t, err) {
				good.Add(1)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 1, good.Load())
}

func TestAProofOfWhichNobodyCanTell(t *testing.T) {
	holder := newProver(t)
	panics := 0
	proof := live.Proof{JWT: holder.prove(nil), Token: "the-token", Method: "POST", URL: provenURL}
	for name, sessions := range map[string]storage.SessionDatabase{"the session database fails": sessionsThatFail{}, "it panics": nil} {
		t.Run(name, func(t *testing.T) {
			router := &Router{Engines: Engines{Storage: sessionsOnly{sessions: sessions}}, Panicked: func(string) { panics++ }}
			good, err := router.Proofs().IsGood(t.Context(), live.Token{Thumbprint: holder.thumbprint}, proof)
			require.Error(t, err)
			assert.False(t, good)
			good, err = router.Proofs().WouldBeGood(t.Context(), live.Token{Thumbprint: holder.thumbprint}, proof)
			require.Error(t, err)
			assert.False(t, good)
		})
	}
	assert.Equal(t, 2, panics)
}
