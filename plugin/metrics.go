// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/version"
)

// metrics are what the node's /metrics tells about consent. Labels are stable codes:
// grounds, outcomes and reasons, never a scope, a subject or anything of a requester.
type metrics struct {
	consults        *prometheus.CounterVec
	consultDuration *prometheus.HistogramVec
	tokensRefused   *prometheus.CounterVec
	doorRefused     *prometheus.CounterVec
	panics          prometheus.Counter
	certificate     prometheus.Gauge
	circuit         prometheus.GaugeFunc
	guarded         prometheus.GaugeFunc
	heldBack        prometheus.GaugeFunc
	running         prometheus.GaugeFunc
	waiting         prometheus.GaugeFunc
	overdue         prometheus.Counter
	build           prometheus.Gauge
}

// consultBuckets are in seconds, around the 400 ms within which a token should come.
var consultBuckets = []float64{.005, .01, .025, .05, .1, .2, .3, .4, .6, 1, 2, 5, 10}

// newMetrics makes the metrics; circuit gives the state of the link's circuit, guarded how
// many scopes are guarded, and load what the link does.
func newMetrics(circuit func() mitzclient.CircuitState, guarded func() int, load func() mitzclient.Load) *metrics {
	const namespace, subsystem = "nuts", "mitz"
	m := &metrics{
		consults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "consults_total",
			Help: "Consults of Mitz, by the ground sought and the outcome.",
		}, []string{"ground", "outcome"}),
		consultDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "consult_duration_seconds",
			Help: "How long consults of Mitz took, retries included, in seconds.", Buckets: consultBuckets,
		}, []string{"ground"}),
		tokensRefused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "tokens_refused_total",
			Help: "Access tokens for guarded scopes that were refused, by reason.",
		}, []string{"reason"}),
		doorRefused: newDoorRefused(),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "panics_total",
			Help: "Panics while a request was handled, which were caught: the request was refused.",
		}),
		certificate: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "client_certificate_expiry_timestamp_seconds",
			Help: "When the client certificate for Mitz expires, in seconds since 1970; 0 without one.",
		}),
		// Asked for when it is read: open turns half-open by time alone.
		circuit: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "circuit_state",
			Help: "Whether consults reach Mitz: 0 they do, 1 one may try, 2 they are refused.",
		}, func() float64 { return float64(circuit()) }),
		// Also where nothing is guarded, so that an alert can tell that from a node that is gone.
		guarded: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "guarded_scopes",
			Help: "How many scopes need the patient's consent; 0: none, and the node is the stock node.",
		}, func() float64 { return float64(guarded()) }),
		heldBack: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "requesters_held_back",
			Help: "Requesters that are refused for a while, because their queries failed or Mitz asked them for fewer.",
		}, func() float64 { return float64(load().HeldBack) }),
		running: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "consults_running",
			Help: "Consults of Mitz that are under way.",
		}, func() float64 { return float64(load().Running) }),
		waiting: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "consults_waiting",
			Help: "Consults of Mitz that wait for their turn.",
		}, func() float64 { return float64(load().Waiting) }),
		overdue: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "overdue_consults_total",
			Help: "Consults of Mitz that did not end when their time was over, and were left behind.",
		}),
		build: newBuildInfo(version.Read()),
	}
	m.begin()
	return m
}

// begin has every counter exist before its first event: a rate can be told of what went
// from 0 to 1, not of what was not there.
func (m *metrics) begin() {
	ground := string(policy.GroundClosedQuery) // the others are not there yet
	m.consultDuration.WithLabelValues(ground)
	for _, outcome := range consultOutcomes() {
		m.consults.WithLabelValues(ground, outcome)
	}
	for _, reason := range refusalReasons() {
		m.tokensRefused.WithLabelValues(reason)
	}
}

func newBuildInfo(info version.Info) prometheus.Gauge {
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "nuts", Subsystem: "mitz", Name: "build_info",
		Help:        "Always 1; the labels tell the versions of the plugin and of the node that it is in.",
		ConstLabels: prometheus.Labels{"version": info.Plugin, "node": info.Node},
	})
	gauge.Set(1)
	return gauge
}

// newDoorRefused makes the counter of what nobody verified; all of its reasons are there
// from the start.
func newDoorRefused() *prometheus.CounterVec {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "nuts", Subsystem: "mitz", Name: "door_refused_total",
		Help: "OAuth requests that were refused before the node worked on them, by reason.",
	}, []string{"reason"})
	for _, reason := range door.Reasons() {
		counter.WithLabelValues(string(reason))
	}
	return counter
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{
		m.consults, m.consultDuration, m.tokensRefused, m.doorRefused, m.panics,
		m.certificate, m.circuit, m.guarded, m.heldBack, m.running, m.waiting, m.overdue, m.build,
	}
}

// register adds the metrics to the node's registry.
func (m *metrics) register(registry prometheus.Registerer) error {
	var problems []error
	for _, collector := range m.collectors() {
		problems = append(problems, registry.Register(collector))
	}
	return errors.Join(problems...)
}

func (m *metrics) unregister(registry prometheus.Registerer) {
	for _, collector := range m.collectors() {
		registry.Unregister(collector)
	}
}

// certificateExpires tells when the client certificate expires; zero: there is none.
func (m *metrics) certificateExpires(notAfter time.Time) {
	if notAfter.IsZero() {
		m.certificate.Set(0)
		return
	}
	m.certificate.Set(float64(notAfter.Unix()))
}
