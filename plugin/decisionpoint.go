// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/decisionpoint"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
)

// decisionPath is what the routes of the decision point begin with. The node serves them on its
// internal address.
const decisionPath = "/internal/mitz/authzen/:subject"

// decisionEndpoints serve the decision point of each data holder on the node.
type decisionEndpoints struct {
	point  *decisionpoint.Point
	server *authzen.Server
}

// newDecisionPoint makes the decision point that is beside the token endpoint.
func (e *Engine) newDecisionPoint(read *config.Config, grounds *policy.Grounds, tokens live.Tokens) (decisionEndpoints, error) {
	point, err := decisionpoint.New(decisionpoint.Parts{
		Policy: read.Policy, Grounds: grounds, Recorder: e.recorder, Requests: e.requests, Timeout: read.Timeout, Now: e.now, Tokens: tokens,
		Categories: read.Resources,
	})
	if err != nil {
		return decisionEndpoints{}, err
	}
	return decisionEndpoints{point: point, server: authzen.NewServer(point, nil)}, nil
}

// routes registers the routes.
func (d decisionEndpoints) routes(server core.EchoRouter) {
	server.POST(decisionPath+authzen.EvaluationPath, d.at(d.server.Evaluation))
	server.POST(decisionPath+authzen.EvaluationsPath, d.at(d.server.Evaluations))
	// The standard has it between host and path (AuthZEN 1.0, section 9.2), which the node would
	// serve on its public address.
	server.GET(decisionPath+authzen.MetadataPath, d.metadata)
}

// at answers for data holders alone.
func (d decisionEndpoints) at(handle func(w http.ResponseWriter, r *http.Request, place string)) echo.HandlerFunc {
	return func(c echo.Context) error {
		subject := c.Param("subject")
		if !d.point.Serves(subject) {
			return errUnlisted()
		}
		handle(c.Response(), c.Request(), subject)
		return nil
	}
}

// metadata tells what there is (AuthZEN 1.0, section 9), at the address by which the node was
// asked: it knows no other of its internal interface.
func (d decisionEndpoints) metadata(c echo.Context) error {
	subject := c.Param("subject")
	if !d.point.Serves(subject) {
		return errUnlisted()
	}
	address := url.URL{Scheme: "http", Host: c.Request().Host, Path: strings.Replace(decisionPath, ":subject", subject, 1)}
	if c.Request().TLS != nil {
		address.Scheme = "https"
	}
	return c.JSON(http.StatusOK, authzen.MetadataOf(address.String()))
}

func errUnlisted() error {
	return echo.NewHTTPError(http.StatusNotFound, "the subject is not in mitz.dataholders")
}
