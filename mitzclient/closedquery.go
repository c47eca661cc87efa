// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/xacml"
)

const (
	// closedQueryPath is where the closed query is asked, under the endpoint.
	closedQueryPath = "/geslotenautorisatievraag/xacml3"
	contentType     = mediaType + `; charset=UTF-8; action="` + xacml.ActionRequest + `"`
)

// closedQueryURL returns where the closed query is asked, which wsa:To names too.
func closedQueryURL(endpoint string) string {
	return strings.TrimRight(endpoint, "/") + closedQueryPath
}

// ClosedQueryMessage returns the message by which a [Client] asks q at an endpoint, under a
// request id, which is a uuid in its canonical form. It is for showing it: the message holds
// the patient's number.
func ClosedQueryMessage(endpoint, requestID string, q consent.Question) ([]byte, error) {
	return xacml.EncodeRequest(xacml.Header{MessageID: requestID, To: closedQueryURL(endpoint)}, q)
}

// closedQuery is the operation of asking the closed query ("gesloten autorisatievraag").
type closedQuery struct{ inquiry }

// budget is what the closed query may spend on a [Link]. It changes nothing at Mitz, so it is
// asked again when it failed in passing.
func (c Config) budget() link.Budget {
	return link.Budget{Timeout: c.Timeout, AtOnce: c.MaxConnections, PerMinute: c.QueriesPerMinute, Again: link.InPassing}
}

// ask sends one query, and fills the answer. It is called once more for a query that is sent
// again.
func (c *closedQuery) ask(ctx context.Context, q consent.Question, answer *Answer) *link.Failure {
	id := newRequestID()
	message, err := xacml.EncodeRequest(xacml.Header{MessageID: id, To: c.url}, q)
	if err != nil {
		return &link.Failure{Code: link.Code(InvalidQuestion), RequestID: id, Cause: err}
	}
	return c.send(ctx, id, message, func() {
		answer.RequestID = id
		answer.Attempts++
	}, func(body []byte) *link.Failure {
		response, err := xacml.DecodeResponse(body)
		if err != nil {
			return unreadable(err)
		}
		answer.Decisions, err = response.Match(id, q)
		return mismatched(err)
	})
}
