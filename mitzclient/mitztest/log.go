// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"log/slog"
	"regexp"
	"strings"
)

// logQuery tells who asked what. What it tells has the form of a code or of a number of
// an organisation, so no patient's number can be among it.
func (s *Simulator) logQuery(q Query) {
	s.logger.Info("query",
		"request_id", q.RequestID,
		"requester", q.Requester.URA, "requester_type", q.Requester.FacilityType,
		"data_holder", q.DataHolder.URA, "data_holder_type", q.DataHolder.FacilityType,
		"categories", q.Categories, "purpose", q.Purpose,
		"decisions", q.Decisions, "behaviour", q.Behaviour.String())
}

// logSubscription leaves out the endpoint, whose path may be a secret.
func (s *Simulator) logSubscription(did string, of Subscription) {
	s.logger.Info(did, "id", of.ID, "data_holder", of.DataHolder, "data_holder_type", of.DataHolderType, "payload", of.Payload)
}

func (s *Simulator) logNotification(n Notification) {
	s.logger.Info("notification", "subscription", n.Subscription, "data_holder", n.DataHolder,
		"category", n.Category, "status", n.Status, "problem", n.Problem, "behaviour", n.Behaviour.String())
}

func (s *Simulator) logRefusal(r Refusal) {
	s.logger.Warn("refused", "status", r.Status, "reason", r.Reason)
}

// nineDigits is what a patient's number could be.
var nineDigits = regexp.MustCompile(`[0-9]{9,}`)

// handshakeLog takes what the HTTP server logs, and passes on why a handshake failed:
// whoever has the wrong certificate finds the reason here.
type handshakeLog struct{ logger *slog.Logger }

func (l handshakeLog) Write(line []byte) (int, error) {
	if _, failure, found := strings.Cut(strings.TrimSpace(string(line)), "TLS handshake error from "); found {
		// A certificate is named in some errors, in words of who made it.
		l.logger.Warn("TLS handshake failed", "client", nineDigits.ReplaceAllString(failure, "[number]"))
	}
	return len(line), nil
}
