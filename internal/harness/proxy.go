// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// proxy is the TLS in front of a node. It passes cancellation on, and remembers what
// the node's token endpoint answered: a requester's node reports errors in words of
// its own.
type proxy struct {
	url       string
	target    atomic.Pointer[string]
	transport *http.Transport
	mu        sync.Mutex
	answers   []Answer
	holding   string // the end of the paths whose forms are held; empty: none
	held      []url.Values
	told      atomic.Pointer[func(Seen)] // who watches; nil: nobody
	detained  atomic.Pointer[detention]  // requests that wait on their way; nil: none
}

// detention is which requests wait on their way, and for what.
type detention struct {
	part string
	*Held
}

func (w *Workspace) startProxy(name string) (*proxy, error) {
	p := &proxy{transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second}}
	logger, err := w.openLog(name + "-proxy")
	if err != nil {
		return nil, err
	}
	w.onClose(p.rest)
	p.url, err = w.ServeTLS(name+"-tls", p.hold(&httputil.ReverseProxy{
		Rewrite: p.rewrite, Transport: p.transport, ErrorLog: logger, ModifyResponse: p.remember,
	}))
	return p, err
}

// hold answers in the node's place what is to be held, and keeps its form.
func (p *proxy) hold(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait := p.detained.Load(); wait != nil && strings.Contains(r.URL.Path, wait.part) && !wait.pauses(r.Context().Done()) {
			return
		}
		p.mu.Lock()
		holds := p.holding != "" && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, p.holding)
		p.mu.Unlock()
		if !holds {
			p.tell(Seen{Method: r.Method, Path: r.URL.Path})
			next.ServeHTTP(w, r)
			return
		}
		_ = r.ParseForm()
		p.mu.Lock()
		p.held = append(p.held, r.PostForm)
		p.mu.Unlock()
		http.Error(w, "held", http.StatusServiceUnavailable)
	})
}

// Hold keeps the forms that are posted to paths with this end from the node, until they are
// asked for: what somebody has who came between.
func (n *Node) Hold(end string) (held func() []url.Values) {
	n.proxy.mu.Lock()
	defer n.proxy.mu.Unlock()
	n.proxy.holding, n.proxy.held = end, nil
	return func() []url.Values {
		n.proxy.mu.Lock()
		defer n.proxy.mu.Unlock()
		n.proxy.holding = ""
		return n.proxy.held
	}
}

// Detain has the requests to paths with this part wait on their way to the node, from now on until
// they may pass. Then all others pass too.
func (n *Node) Detain(part string) *Held {
	held := newHeld()
	n.proxy.detained.Store(&detention{part, held})
	return held
}

// rest closes the connections that are idle. Without it a node that is stopped waits five
// seconds for a request on each that never had one (net/http, Server.Shutdown).
func (p *proxy) rest() error {
	p.transport.CloseIdleConnections()
	return nil
}

func (p *proxy) rewrite(r *httputil.ProxyRequest) {
	target := "http://127.0.0.1:0" // refused: the node is not up yet
	if known := p.target.Load(); known != nil {
		target = *known
	}
	address, _ := url.Parse(target)
	r.SetURL(address)
	r.Out.Host = r.In.Host
}

func (p *proxy) remember(response *http.Response) error {
	request := response.Request
	seen := Seen{Method: request.Method, Path: request.URL.Path, Status: response.StatusCode}
	if p.told.Load() != nil && strings.HasSuffix(request.URL.Path, "/presentation_definition") {
		response.Header.Set("Cache-Control", "no-store")
	}
	if request.Method != http.MethodPost || !strings.HasSuffix(request.URL.Path, "/token") {
		p.tell(seen)
		return nil
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	seen.Answer = body
	p.tell(seen)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, Answer{Status: response.StatusCode, Header: response.Header.Clone(), Body: body})
	return nil
}

// TokenAnswers are the answers that this node's token endpoints gave since the last
// call, whoever asked, in order.
func (n *Node) TokenAnswers() []Answer {
	n.proxy.mu.Lock()
	defer n.proxy.mu.Unlock()
	answers := n.proxy.answers
	n.proxy.answers = nil
	return answers
}

// PostForm posts a form to a path of the node's public interface, without the TLS in front
// of it.
func (n *Node) PostForm(ctx context.Context, path string, form url.Values) (Answer, error) {
	return postForm(ctx, n.client, n.public+path, form, nil)
}
