// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/xacml"
)

// closedQueryPath is where the closed query is asked, under the endpoint.
const closedQueryPath = "/geslotenautorisatievraag/xacml3"

const (
	// maxHeader bounds the headers of an answer, in bytes.
	maxHeader = 16 << 10
	// idleTimeout is how long an unused connection is kept: shorter than what
	// gateways commonly do, for a query on a connection that they just closed
	// fails, and cannot be repeated without being recorded twice.
	idleTimeout = 30 * time.Second
)

// Client asks Mitz the closed query. Use [New]; a Client is safe for concurrent use.
type Client struct {
	url       string
	timeout   time.Duration
	transport *http.Transport
}

var _ Consulter = (*Client)(nil)

// New checks cfg and makes a client. It does not connect. The error lists every
// problem of cfg.
func New(cfg Config) (*Client, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	return &Client{
		url:       cfg.Endpoint + closedQueryPath,
		timeout:   cfg.Timeout,
		transport: newTransport(cfg),
	}, nil
}

// newTransport has no proxy: a connection to Mitz goes to Mitz. It speaks
// HTTP/1.1, in which a slow answer holds up no other.
func newTransport(cfg Config) *http.Transport {
	dialer := &net.Dialer{Timeout: cfg.Timeout, KeepAlive: idleTimeout}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    cfg.Timeout,
		DisableCompression:     true,
		MaxConnsPerHost:        cfg.MaxConnections,
		MaxIdleConns:           cfg.MaxConnections,
		MaxIdleConnsPerHost:    cfg.MaxConnections,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}
	if cfg.TLS != nil {
		transport.TLSClientConfig = cfg.TLS.Clone()
	}
	return transport
}

// Consult asks the closed query (Mitz guide OpenGesloten 3.8.2), once, within the
// configured time: connecting, waiting for a connection and reading the answer
// included. The error is an [*Error]; it and the answer then carry the request id.
func (c *Client) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	answer := Answer{RequestID: uuid.NewString()}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	decisions, failure := c.ask(ctx, answer.RequestID, q)
	if failure != nil {
		failure.RequestID = answer.RequestID
		return answer, failure
	}
	answer.Decisions = decisions
	return answer, nil
}

func (c *Client) ask(ctx context.Context, id string, q consent.Question) (consent.Decisions, *Error) {
	message, err := xacml.EncodeRequest(xacml.Header{MessageID: id, To: c.url}, q)
	if err != nil {
		return nil, &Error{Code: InvalidQuestion, cause: err}
	}
	body, failure := c.exchange(ctx, id, message)
	if failure != nil {
		return nil, failure
	}
	response, err := xacml.DecodeResponse(body)
	if err != nil {
		return nil, decodeError(err)
	}
	decisions, err := response.Match(id, q)
	if err != nil {
		return nil, &Error{Code: MismatchedAnswer, Detail: detailOf(err), cause: err}
	}
	return decisions, nil
}

// Close closes the connections that are idle. Consults in progress go on.
func (c *Client) Close() { c.transport.CloseIdleConnections() }
