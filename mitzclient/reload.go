// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/watch"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
)

type fingerprint [sha256.Size]byte

// reloader takes changed TLS files into use.
type reloader struct {
	files TLSFiles
	use   func(*tls.Config)
	hooks Hooks

	checking        sync.Mutex
	inUse, reported fingerprint
	rejected        atomic.Bool // the files are not those in use

	watch watch.Watch
}

// newReloader must come before the files are first loaded, or it may miss a change.
func newReloader(files TLSFiles, hooks Hooks) *reloader {
	r := &reloader{files: files, hooks: hooks, inUse: files.fingerprint()}
	r.watch.Look = func() { _ = r.check() } // reports by itself
	return r
}

// check validates changed files and only then uses them. It reports a failure once,
// and tries again at the next call: a set of files may be changed one by one, and a
// certificate may not be valid yet.
func (r *reloader) check() error {
	r.checking.Lock()
	defer r.checking.Unlock()
	now := r.files.fingerprint()
	if now == r.inUse {
		r.reported = fingerprint{} // a change was undone
		r.rejected.Store(false)
		return nil
	}
	config, err := r.load(now)
	if err != nil {
		if now != r.reported && r.hooks.ReloadFailed != nil {
			r.hooks.ReloadFailed(err)
		}
		r.reported = now
		r.rejected.Store(true)
		return err
	}
	r.inUse = now
	r.rejected.Store(false)
	r.use(config)
	if r.hooks.Reloaded != nil {
		r.hooks.Reloaded(wire.NotAfter(config))
	}
	return nil
}

func (r *reloader) load(expected fingerprint) (*tls.Config, error) {
	config, err := LoadTLS(r.files)
	if err != nil {
		return nil, err
	}
	if err := checkValidity(config, time.Now()); err != nil {
		return nil, err
	}
	if r.files.fingerprint() != expected {
		return nil, errors.New("tls: the files changed while they were read")
	}
	return config, nil
}

// checkValidity refuses to replace a client certificate by one that Mitz would refuse.
func checkValidity(config *tls.Config, now time.Time) error {
	for _, certificate := range config.Certificates {
		if now.Before(certificate.Leaf.NotBefore) {
			return fmt.Errorf("tls.certfile: not valid before %s", certificate.Leaf.NotBefore.Format(time.RFC3339))
		}
		if now.After(certificate.Leaf.NotAfter) {
			return fmt.Errorf("tls.certfile: expired at %s", certificate.Leaf.NotAfter.Format(time.RFC3339))
		}
	}
	return nil
}

// fingerprint differs when what the files hold differs, or whether they can be read.
func (f TLSFiles) fingerprint() fingerprint {
	sum := sha256.New()
	for _, path := range []string{f.CertFile, f.CertKeyFile, f.PasswordFile, f.TrustStoreFile} {
		if path == "" {
			continue
		}
		content, err := os.ReadFile(path)
		_, _ = fmt.Fprintf(sum, "%t %x\n", err == nil, sha256.Sum256(content))
	}
	return fingerprint(sum.Sum(nil))
}
