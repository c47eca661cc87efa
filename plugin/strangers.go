// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/pdpserver"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

// Why a client of the decision point got no answer, besides those of [pdpserver.Strangers].
const (
	strangerConnection = "connection" // it did not come about
	strangerBusy       = "busy"       // too many asked at once
)

// strangers tells of clients that got no answer from a decision point without a node. Anybody
// can be one, so they are counted together.
type strangers struct {
	refused *prometheus.CounterVec
	tally   *tally.Tally
}

func newStrangers() *strangers {
	s := &strangers{refused: prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "nuts", Subsystem: "mitz", Name: "pdp_refused_total",
		Help: "Requests to the decision point that were refused before they were read, by reason.",
	}, []string{"reason"})}
	for _, reason := range append(pdpserver.Strangers(), strangerConnection, strangerBusy) {
		s.refused.WithLabelValues(string(reason))
	}
	s.tally = tally.New(tally.Limits{OfOne: 6, OfAll: 60}, func(sum tally.Sum) {
		log().WithField("from", sum.Who).WithField("reason", sum.Code).WithField("count", sum.Count).
			Warn("Clients got no answer from the decision point")
	})
	return s
}

// tell counts a client, and tells of it unless there are many.
func (s *strangers) tell(from, reason string) {
	s.refused.WithLabelValues(reason).Inc()
	if s.tally.Single(tally.Key{Who: from, Code: reason}) {
		log().WithField("from", from).WithField("reason", reason).Warn("A client got no answer from the decision point")
	}
}

func (s *strangers) hooks(recorder *record.Recorder) pdpserver.ServerHooks {
	return pdpserver.ServerHooks{
		Stranger: func(from string, why pdpserver.Stranger) { s.tell(from, string(why)) },
		Broken:   func(from string) { s.tell(from, strangerConnection) },
		Busy:     func() { s.tell("", strangerBusy) },
		Panicked: func() { recorder.Panic("Panic while a request to the decision point was handled") },
		Trouble:  func(text string) { log().Error(text) },
	}
}
