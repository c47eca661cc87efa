// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
)

// Client asks Mitz the closed query, once for each consult: no retry, no limit but
// the number of connections. A [Link] is a Client with what it takes to rely on it.
// Use [New]; a Client is safe for concurrent use.
type Client struct {
	config Config
	peer   *wire.Peer
	query  closedQuery
}

var _ Consulter = (*Client)(nil)

// New checks cfg and makes a client. It does not connect. The error lists every
// problem of cfg.
func New(cfg Config) (*Client, error) { return newClient(cfg, nil) }

func newClient(cfg Config, overdue func()) (*Client, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	peer := wire.NewPeer(cfg.TLS, cfg.Timeout)
	query := closedQuery{inquiry{url: closedQueryURL(cfg.Endpoint), contentType: contentType, line: peer.Line(cfg.MaxConnections, overdue), timeout: cfg.Timeout}}
	return &Client{config: cfg, peer: peer, query: query}, nil
}

// Consult asks the closed query (Mitz guide OpenGesloten 3.8.2), once, while ctx
// lasts and at most for the configured time: connecting, waiting for a connection
// and reading the answer included. The error is an [*Error]; it and the answer then
// carry the request id.
func (c *Client) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	var answer Answer
	return outcome(&answer, c.query.ask(ctx, q, &answer))
}

// outcome returns the answer, or why there is none.
func outcome(answer *Answer, failure *link.Failure) (Answer, error) {
	if failure != nil {
		return Answer{RequestID: failure.RequestID, Attempts: failure.Attempts}, errorOf(failure)
	}
	return *answer, nil
}

// bound is the upper bound of what is not done over a [Link], which sets the same deadline
// earlier.
func bound(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if link.Left(ctx) <= timeout {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}

// Close closes the connections that are idle. Consults in progress go on.
func (c *Client) Close() { c.peer.Close() }
