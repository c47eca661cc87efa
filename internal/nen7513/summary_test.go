// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testSigner signs with a key of its own, unless it fails or hangs.
type testSigner struct {
	key     *ecdsa.PrivateKey
	failing atomic.Pointer[error]
	hanging atomic.Bool // until its context ends
	calls   atomic.Int32
	wait    chan struct{} // until it is closed
}

func newTestSigner(t *testing.T) *testSigner {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &testSigner{key: key}
}

func (s *testSigner) Sign(ctx context.Context, payload []byte) (string, error) {
	s.calls.Add(1)
	if s.hanging.Load() {
		<-ctx.Done()
		return "", ctx.Err()
	}
	if failure := s.failing.Load(); failure != nil {
		return "", *failure
	}
	if s.wait != nil {
		<-s.wait
	}
	headers := jws.NewHeaders()
	public, err := jwk.FromRaw(s.key.Public())
	if err != nil {
		return "", err
	}
	if err := headers.Set(jws.JWKKey, public); err != nil {
		return "", err
	}
	token, err := jws.Sign(payload, jws.WithKey(jwa.ES256, s.key, jws.WithProtectedHeaders(headers)))
	return string(token), err
}

// wrongSigner returns what is no signature.
type wrongSigner struct{}

func (wrongSigner) Sign(context.Context, []byte) (string, error) { return "signed", nil }

func (s *testSigner) thumbprint(t *testing.T) string {
	t.Helper()
	public, err := jwk.FromRaw(s.key.Public())
	require.NoError(t, err)
	thumbprint, err := Thumbprint(public)
	require.NoError(t, err)
	return thumbprint
}

func openSigned(t *testing.T, path string, hooks Hooks, signer Signer) *Log {
	t.Helper()
	log, err := open(path, hooks, (&disk{}).sync, SignedBy(signer))
	require.NoError(t, err)
	return log
}

func TestSummariesAreSigned(t *testing.T) {
	t.Run("every hour, after a thousand entries, and at the end", func(t *testing.T) {
		path, signer, entry := newPath(t), newTestSigner(t), testEntry(t)
		synctest.Test(t, func(t *testing.T) {
			var places []Place
			log := openSigned(t, path, Hooks{Signed: func(place Place) { places = append(places, place) }}, signer)
			time.Sleep(24 * time.Hour)
			assert.Zero(t, signer.calls.Load(), "there is nothing to sign")
			require.NoError(t, log.Append(t.Context(), entry))
			time.Sleep(signAfter - time.Second)
			assert.Zero(t, signer.calls.Load())
			time.Sleep(2 * time.Second)
			synctest.Wait()
			assert.Equal(t, int32(1), signer.calls.Load())
			require.Len(t, places, 1)
			assert.Equal(t, uint64(1), places[0].Number)
			time.Sleep(24 * time.Hour)
			assert.Equal(t, int32(1), signer.calls.Load(), "a signature needs none")

			for range signEvery {
				require.NoError(t, log.Tell(entry))
			}
			require.NoError(t, log.Flush(t.Context()))
			synctest.Wait()
			assert.Equal(t, int32(2), signer.calls.Load())
			require.NoError(t, log.Append(t.Context(), entry))
			require.NoError(t, log.Close())
			assert.Equal(t, int32(3), signer.calls.Load(), "at the end")
		})
		report := verified(t, Expected{Keys: []string{signer.thumbprint(t)}}, path)
		assert.Nil(t, report.Break)
		assert.Equal(t, 3, report.Signatures)
		assert.Equal(t, 1+signEvery+1+3, report.Entries)
		assert.Equal(t, report.Last.Number-1, report.Signed.Number, "all but the signature itself")
		assert.Equal(t, []string{signer.thumbprint(t)}, report.Keys)
	})
	t.Run("and trouble with the key holds nothing up, is told, and passes", func(t *testing.T) {
		path, signer, entry := newPath(t), newTestSigner(t), testEntry(t)
		failure := errors.New("no key")
		signer.failing.Store(&failure)
		synctest.Test(t, func(t *testing.T) {
			var changes []error
			log := openSigned(t, path, Hooks{SigningChanged: func(failure error) { changes = append(changes, failure) }}, signer)
			require.NoError(t, log.Append(t.Context(), entry))
			require.NoError(t, log.SigningFailure())
			time.Sleep(signAfter + 5*signAgainAfter + time.Second)
			require.ErrorIs(t, log.SigningFailure(), failure)
			require.NoError(t, log.Failure(), "entries are written all the same")
			require.NoError(t, log.Append(t.Context(), entry))
			assert.Equal(t, int32(6), signer.calls.Load(), "once a minute")
			signer.failing.Store(nil)
			time.Sleep(signAgainAfter)
			synctest.Wait()
			require.NoError(t, log.SigningFailure())
			require.Len(t, changes, 2)
			require.NoError(t, changes[1])
			require.NoError(t, log.Close())
		})
		report := verified(t, Expected{}, path)
		assert.Nil(t, report.Break)
		assert.Equal(t, 1, report.Signatures)
		assert.Equal(t, 3, report.Entries)
	})
	t.Run("and one that does not come holds neither entries nor the end", func(t *testing.T) {
		path, signer, entry := newPath(t), newTestSigner(t), testEntry(t)
		signer.hanging.Store(true)
		synctest.Test(t, func(t *testing.T) {
			log := openSigned(t, path, Hooks{}, signer)
			require.NoError(t, log.Append(t.Context(), entry))
			time.Sleep(signAfter + time.Second)
			require.NoError(t, log.Append(t.Context(), entry))
			time.Sleep(signPatience)
			require.Error(t, log.SigningFailure())
			began := time.Now()
			require.NoError(t, log.Close())
			assert.Equal(t, lastPatience, time.Since(began))
			time.Sleep(signPatience) // until the last attempt has ended
		})
		assertWhole(t, 2, path)
	})
	t.Run("also for what is written while one is being made", func(t *testing.T) {
		path, signer, entry := newPath(t), newTestSigner(t), testEntry(t)
		synctest.Test(t, func(t *testing.T) {
			proceed := make(chan struct{})
			signer.wait = proceed
			log := openSigned(t, path, Hooks{}, signer)
			require.NoError(t, log.Append(t.Context(), entry))
			time.Sleep(signAfter + time.Second)
			require.NoError(t, log.Append(t.Context(), entry))
			close(proceed)
			synctest.Wait()
			require.NoError(t, log.Close())
		})
		report := verified(t, Expected{}, path)
		assert.Nil(t, report.Break)
		assert.Equal(t, 2, report.Signatures)
		assert.Equal(t, uint64(3), report.Signed.Number, "the second entry and the first signature")
	})
	t.Run("and a signature that cannot be verified is not written", func(t *testing.T) {
		path, entry := newPath(t), testEntry(t)
		synctest.Test(t, func(t *testing.T) {
			log := openSigned(t, path, Hooks{}, wrongSigner{})
			require.NoError(t, log.Append(t.Context(), entry))
			require.NoError(t, log.Close())
			require.ErrorIs(t, log.SigningFailure(), errNoJWS)
		})
		assertWhole(t, 1, path)
	})
	t.Run("and a panic is trouble with the key", func(t *testing.T) {
		path, entry := newPath(t), testEntry(t)
		synctest.Test(t, func(t *testing.T) {
			log := openSigned(t, path, Hooks{}, (*testSigner)(nil))
			require.NoError(t, log.Append(t.Context(), entry))
			require.NoError(t, log.Close())
			require.Error(t, log.SigningFailure())
		})
		assertWhole(t, 1, path)
	})
	t.Run("across a restart and a rotation", func(t *testing.T) {
		path, signer := newPath(t), newTestSigner(t)
		for i := range 3 {
			log := openSigned(t, path, Hooks{}, signer)
			require.NoError(t, log.Append(t.Context(), testEntry(t)))
			require.NoError(t, log.Close())
			if i == 1 {
				require.NoError(t, os.Rename(path, path+".1"))
			}
		}
		report := verified(t, Expected{Keys: []string{signer.thumbprint(t)}}, path+".1", path)
		assert.Nil(t, report.Break)
		assert.Equal(t, 3, report.Signatures)
	})
}

// signedChain is a file with two entries and a signature over them.
func signedChain(t *testing.T, signer Signer) []string {
	t.Helper()
	path := newPath(t)
	log := openSigned(t, path, Hooks{}, signer)
	for range 2 {
		require.NoError(t, log.Append(t.Context(), testEntry(t)))
	}
	require.NoError(t, log.Close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.SplitAfter(strings.TrimSuffix(string(content), "\n"), "\n")
}

func TestSignaturesThatAreNotRight(t *testing.T) {
	signer, other := newTestSigner(t), newTestSigner(t)
	lines := signedChain(t, signer)
	token := signatureIn([]byte(lines[2]))
	parts := strings.Split(token, ".")
	foreign := signatureIn([]byte(signedChain(t, signer)[2]))
	vouch := func(signer *testSigner, summary string) string {
		token, err := signer.Sign(t.Context(), []byte(summary))
		require.NoError(t, err)
		return token
	}
	here := placeOf(t, lines[1])
	pinned := Expected{Keys: []string{signer.thumbprint(t)}}
	for _, test := range []struct {
		name     string
		token    string
		expected Expected
		fault    Fault
		detail   string
	}{
		{"of an altered summary", parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2], Expected{}, FaultSignature, errSignature.Error()},
		{"altered itself", parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])), Expected{}, FaultSignature, errSignature.Error()},
		{"of another chain", foreign, pinned, FaultSignature, "another chain"},
		{"of other entries", vouch(signer, `{"chain":"`+here.Chain+`","number":2,"hash":"`+noHash+`"}`), pinned, FaultSignature, "other entries"},
		{"of an entry to come", vouch(signer, `{"chain":"`+here.Chain+`","number":3,"hash":"`+noHash+`"}`), pinned, FaultSignature, "after it"},
		{"of no summary", vouch(signer, `{}`), pinned, FaultSignature, errPayload.Error()},
		{"by another key", vouch(other, `{"chain":"`+here.Chain+`","number":2,"hash":"`+here.Hash+`"}`), pinned, FaultKey, other.thumbprint(t)},
		{"that is none", "what is this", Expected{}, FaultSignature, errNoJWS.Error()},
		{"without an algorithm", "eyJhbGciOiJub25lIn0." + parts[1] + ".", Expected{}, FaultSignature, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := breakIn(t, test.expected, lines[0], lines[1], resealed(t, lines[2], token, test.token))
			require.NotNil(t, found)
			assert.Equal(t, test.fault, found.Fault)
			assert.Equal(t, 3, found.Line)
			assert.Contains(t, found.Detail, test.detail)
		})
	}
	t.Run("are told from those that are", func(t *testing.T) {
		assert.Nil(t, breakIn(t, pinned, lines...))
	})
	t.Run("by nobody, where a key is pinned", func(t *testing.T) {
		assert.Equal(t, &Break{Fault: FaultUnsigned}, breakIn(t, pinned, lines[:2]...))
	})
	t.Run("about entries that are not given cannot be checked", func(t *testing.T) {
		assert.Nil(t, breakIn(t, Expected{}, lines[2]))
		assert.Equal(t, FaultUnsigned, breakIn(t, pinned, lines[2]).Fault)
	})
	t.Run("do not hide that a chain was made anew", func(t *testing.T) {
		made := signedChain(t, other)
		assert.Nil(t, breakIn(t, Expected{}, made...))
		assert.Equal(t, FaultKey, breakIn(t, pinned, made...).Fault)
	})
}
