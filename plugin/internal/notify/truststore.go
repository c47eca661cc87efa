// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"os"
	"sync"
	"sync/atomic"

	"github.com/nuts-mitz/nuts-mitz/internal/watch"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// TrustHooks are told what becomes of a changed trust store. Both may be nil.
type TrustHooks struct {
	Changed func()      // it is good, and in use from now on
	Refused func(error) // it is not; told once for each change
}

// TrustStore are the CAs in a PEM file. While it is started, a changed file is taken into use
// when it is good.
type TrustStore struct {
	file  string
	hooks TrustHooks
	roots atomic.Pointer[x509.CertPool]

	looking         sync.Mutex
	inUse, reported fingerprint
	refused         atomic.Bool // the file is not what is in use

	watch watch.Watch
}

// fingerprint differs when what a file holds differs. That of a file that cannot be read is zero.
type fingerprint [sha256.Size]byte

// OpenTrustStore reads a file, and makes a trust store that is not started yet.
func OpenTrustStore(file string, hooks TrustHooks) (*TrustStore, error) {
	s := &TrustStore{file: file, hooks: hooks}
	s.watch.Look = s.look
	s.inUse = s.fingerprint() // before the file is read, or a change may be missed
	s.reported = s.inUse
	roots, err := mitzclient.LoadRoots(file)
	if err != nil {
		return nil, err
	}
	s.roots.Store(roots)
	return s, nil
}

// Roots returns the CAs in use.
func (s *TrustStore) Roots() *x509.CertPool { return s.roots.Load() }

// Refused reports whether the file is another than the one in use, because it is not good.
func (s *TrustStore) Refused() bool { return s.refused.Load() }

// Start begins to look whether the file changes.
func (s *TrustStore) Start() { s.watch.Start() }

// Stop ends looking, and waits until it has ended, but not for a disk that hangs.
func (s *TrustStore) Stop() { s.watch.Stop() }

// look checks a changed file whole, and only then takes it into use. One that is refused is
// tried again: it may have been read while it was written.
func (s *TrustStore) look() {
	s.looking.Lock()
	defer s.looking.Unlock()
	now := s.fingerprint()
	if now == s.inUse {
		s.reported = s.inUse // a change was undone
		s.refused.Store(false)
		return
	}
	roots, err := mitzclient.LoadRoots(s.file)
	if err == nil && s.fingerprint() != now {
		err = errors.New("the file changed while it was read")
	}
	if err != nil {
		s.refuse(now, err)
		return
	}
	s.inUse, s.reported = now, now
	s.refused.Store(false)
	s.roots.Store(roots)
	if s.hooks.Changed != nil {
		s.hooks.Changed()
	}
}

func (s *TrustStore) refuse(changed fingerprint, err error) {
	if changed != s.reported && s.hooks.Refused != nil {
		s.hooks.Refused(err)
	}
	s.reported = changed
	s.refused.Store(true)
}

func (s *TrustStore) fingerprint() fingerprint {
	content, err := os.ReadFile(s.file)
	if err != nil {
		return fingerprint{}
	}
	return sha256.Sum256(content)
}
