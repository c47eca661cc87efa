// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"crypto/tls"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/xacml"
)

// closedQueryPath is where the closed query is asked, under the endpoint.
const closedQueryPath = "/geslotenautorisatievraag/xacml3"

// ClosedQueryURL gives where the closed query is asked, which wsa:To names too.
func ClosedQueryURL(endpoint string) string {
	return strings.TrimRight(endpoint, "/") + closedQueryPath
}

// ClosedQueryMessage returns the message that asks q at a [ClosedQueryURL] under a request id,
// which is a uuid in its canonical form: what a [Client] sends. It holds the patient's number.
func ClosedQueryMessage(url, requestID string, q consent.Question) ([]byte, error) {
	return xacml.EncodeRequest(xacml.Header{MessageID: requestID, To: url}, q)
}

// Client asks Mitz the closed query, once for each consult: no retry, no limit but
// the number of connections. A [Link] is a Client with what it takes to rely on it.
// Use [New]; a Client is safe for concurrent use.
type Client struct {
	url         string
	config      Config
	connections atomic.Pointer[connections]
	overdue     overdue
}

var _ Consulter = (*Client)(nil)

// New checks cfg and makes a client. It does not connect. The error lists every
// problem of cfg.
func New(cfg Config) (*Client, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	client := &Client{url: ClosedQueryURL(cfg.Endpoint), config: cfg}
	client.connections.Store(newConnections(cfg, cfg.TLS))
	return client, nil
}

// Consult asks the closed query (Mitz guide OpenGesloten 3.8.2), once, while ctx
// lasts and at most for the configured time: connecting, waiting for a connection
// and reading the answer included. The error is an [*Error]; it and the answer then
// carry the request id.
func (c *Client) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	answer := Answer{RequestID: newRequestID()}
	message, err := xacml.EncodeRequest(xacml.Header{MessageID: answer.RequestID, To: c.url}, q)
	if err != nil {
		return answer, &Error{Code: InvalidQuestion, RequestID: answer.RequestID, cause: err}
	}
	connections := c.connections.Load()
	if connections.expired(time.Now()) {
		return answer, &Error{Code: TLS, Detail: "certificate_expired", RequestID: answer.RequestID}
	}
	ctx, cancel := c.bound(ctx)
	defer cancel()
	if ContextTrace(ctx).asking(ctx, answer.RequestID) != nil {
		return Answer{}, unrecorded(ctx)
	}
	answer.Attempts = 1
	decisions, failure := c.ask(ctx, connections, answer.RequestID, message, q)
	if c.connections.Load() != connections {
		connections.CloseIdleConnections() // the one just used, too
	}
	if failure != nil {
		failure.RequestID, failure.Attempts = answer.RequestID, answer.Attempts
		return answer, failure
	}
	answer.Decisions = decisions
	return answer, nil
}

// bound is the upper bound for a client that is used without a [Link], which sets
// the same deadline earlier.
func (c *Client) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if left(ctx) <= c.config.Timeout {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.config.Timeout)
}

func (c *Client) ask(ctx context.Context, via *connections, id string, message []byte, q consent.Question) (consent.Decisions, *Error) {
	body, failure := c.overdue.bound(ctx, func() ([]byte, *Error) { return c.exchange(ctx, via, id, message) })
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

// use makes the consults from now on use other keys and roots. Those in progress
// go on as they are.
func (c *Client) use(config *tls.Config) {
	c.connections.Swap(newConnections(c.config, config)).CloseIdleConnections()
}

// expiry is when the client certificate expires; zero when there is none.
func (c *Client) expiry() time.Time { return c.connections.Load().notAfter }

// Close closes the connections that are idle. Consults in progress go on.
func (c *Client) Close() { c.connections.Load().CloseIdleConnections() }

// newRequestID gives a random uuid in which no patient's number can be read: logs
// withhold what could be one, and operators look queries up by these ids.
func newRequestID() string {
	for {
		id := uuid.NewString()
		if !slices.ContainsFunc(digitRuns.FindAllString(id, -1), consent.IsBSN) {
			return id
		}
	}
}

var digitRuns = regexp.MustCompile(`[0-9]+`)
