// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// Seen is a message that passed: a request, or the answer to it.
type Seen struct {
	Method, Path string
	// Status is that of the answer; 0: this is the request.
	Status int
	// Answer is the body of an answer that is looked into; it may hold a BSN. Keep none of it.
	Answer []byte
	// Request is the body of a request to an issuer, and Location where its answer sends a browser.
	// Both hold secrets: keep none of them.
	Request  []byte
	Location string
}

// Watch has somebody told of each message that passes the TLS in front of the node, before it goes
// on. Only the answers of token endpoints have a body. Nil: nobody. Requesters' nodes remember which
// proofs a node asks for; those of a watched node they ask for each time.
func (n *Node) Watch(told func(Seen)) {
	if told == nil {
		n.proxy.told.Store(nil)
		return
	}
	n.proxy.told.Store(&told)
}

// tell tells who watches.
func (p *proxy) tell(seen Seen) {
	if told := p.told.Load(); told != nil {
		(*told)(seen)
	}
}

// WatchedAPI returns the same node for who uses its internal API, and has somebody told of each
// message to it and of its answer.
func (n *Node) WatchedAPI(told func(Seen)) *Node {
	watched := *n
	client := *n.client
	client.Transport = watchedTransport{next: n.client.Transport, told: told}
	watched.client = &client
	return &watched
}

type watchedTransport struct {
	next http.RoundTripper
	told func(Seen)
}

// RoundTrip tells of the request, and of the answer if there is one.
func (t watchedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	t.told(Seen{Method: request.Method, Path: request.URL.Path})
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	t.told(Seen{Method: request.Method, Path: request.URL.Path, Status: response.StatusCode, Answer: body})
	return response, nil
}
