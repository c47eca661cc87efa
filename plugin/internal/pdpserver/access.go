// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/watch"
)

// AnyName stands for every name that a client's certificate can have.
const AnyName = "*"

// Hooks are told what becomes of changed files. Both may be nil.
type Hooks struct {
	Changed func()      // they are good, and in use from now on
	Refused func(error) // they are not; told once for each change
}

// Access is what a decision point proves itself with and who may ask it. While it is started,
// changed files are taken into use when all of them are good.
type Access struct {
	files Files
	names []string // of which a client's certificate must have one
	hooks Hooks
	now   func() time.Time

	current atomic.Pointer[credentials]

	looking         sync.Mutex
	inUse, reported fingerprint
	refused         atomic.Bool // the files are not what is in use

	watch watch.Watch
}

// Open reads the files, and makes an access that is not started yet. The names are those of
// which a client's certificate must have one, as a DNS name or its common name, or [AnyName].
func Open(files Files, names []string, hooks Hooks) (*Access, error) {
	a := &Access{files: files, names: names, hooks: hooks, now: time.Now}
	a.watch.Look = a.look
	a.inUse = files.fingerprint() // before the files are read, or a change may be missed
	a.reported = a.inUse
	loaded, err := files.load()
	if err != nil {
		return nil, err
	}
	a.current.Store(loaded)
	return a, nil
}

// Start begins to look whether the files change.
func (a *Access) Start() { a.watch.Start() }

// Stop ends looking, and waits until it has ended, but not for a disk that hangs.
func (a *Access) Stop() { a.watch.Stop() }

// Refused reports whether the files are others than those in use, because they are not good.
func (a *Access) Refused() bool { return a.refused.Load() }

// Expires returns when the server's certificate does; zero: there is none.
func (a *Access) Expires() time.Time {
	if config := a.current.Load().tls; config != nil {
		return config.Certificates[0].Leaf.NotAfter
	}
	return time.Time{}
}

// Warnings are about what is in the files, each with its key of the configuration.
func (a *Access) Warnings() (warnings []string) {
	current := a.current.Load()
	if err := current.checkValidity(a.now()); err != nil {
		warnings = append(warnings, err.Error()+": no client will take it")
	}
	if current.tokens != nil && current.tokens.short > 0 {
		warnings = append(warnings, fmt.Sprintf("pdp.tokenfile: the token on line %d could be guessed, and whoever does may ask about every patient: make one with 'openssl rand -hex 32'",
			current.tokens.short))
	}
	return warnings
}

// encrypts reports whether there is TLS. That never changes.
func (a *Access) encrypts() bool { return a.files.Certificate != "" }

// tls is how connections are made.
func (a *Access) tls() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return a.current.Load().tls, nil },
	}
}

// look checks changed files whole, and only then takes them into use. Those that are refused
// are tried again: they may have been read while they were written, one after the other.
func (a *Access) look() {
	a.looking.Lock()
	defer a.looking.Unlock()
	now := a.files.fingerprint()
	if now == a.inUse {
		a.reported = a.inUse // a change was undone
		a.refused.Store(false)
		return
	}
	loaded, err := a.files.load()
	if err == nil {
		err = loaded.checkValidity(a.now())
	}
	if err == nil && a.files.fingerprint() != now {
		err = errors.New("pdp: the files changed while they were read")
	}
	if err != nil {
		a.refuse(now, err)
		return
	}
	a.inUse, a.reported = now, now
	a.refused.Store(false)
	a.current.Store(loaded)
	if a.hooks.Changed != nil {
		a.hooks.Changed()
	}
}

func (a *Access) refuse(changed fingerprint, err error) {
	if changed != a.reported && a.hooks.Refused != nil {
		a.hooks.Refused(err)
	}
	a.reported = changed
	a.refused.Store(true)
}
