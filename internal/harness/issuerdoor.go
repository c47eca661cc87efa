// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// issuerDoor is where an issuer is reached. It is served before the issuer is there: its address is
// known first.
type issuerDoor struct {
	issuer atomic.Pointer[issuer.Issuer]
	told   atomic.Pointer[func(Seen)] // who watches; nil: nobody
}

// WatchIssuer has somebody told of each message that an issuer of this workspace gets, and of each
// answer, before it goes on. Nil: nobody.
func (w *Workspace) WatchIssuer(of *issuer.Issuer, told func(Seen)) {
	w.mu.Lock()
	door := w.issuers[of]
	w.mu.Unlock()
	if told == nil {
		door.told.Store(nil)
		return
	}
	door.told.Store(&told)
}

func (d *issuerDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	there, told := d.issuer.Load(), d.told.Load()
	switch {
	case there == nil:
		http.Error(w, "not yet", http.StatusServiceUnavailable)
	case told == nil:
		there.ServeHTTP(w, r)
	default:
		watchIssuer(there, *told, w, r)
	}
}

// maxWatched is how many bytes of a request are looked into. The issuer takes less.
const maxWatched = 64 << 10

func watchIssuer(there http.Handler, told func(Seen), w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxWatched))
	if err != nil {
		http.Error(w, "the request could not be read", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	told(Seen{Method: r.Method, Path: r.URL.Path, Request: body})
	answer := &keptAnswer{header: w.Header(), status: http.StatusOK}
	there.ServeHTTP(answer, r)
	told(Seen{
		Method: r.Method, Path: r.URL.Path, Request: body,
		Status: answer.status, Answer: answer.body.Bytes(), Location: answer.header.Get("Location"),
	})
	w.WriteHeader(answer.status)
	_, _ = answer.body.WriteTo(w)
}

// keptAnswer is an answer that is not sent yet.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) WriteHeader(status int)      { k.status = status }
func (k *keptAnswer) Write(p []byte) (int, error) { return k.body.Write(p) }
