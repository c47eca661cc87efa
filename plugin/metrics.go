// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/evidence"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/version"
)

// metrics are what the node's /metrics tells of the plugin, besides what is recorded of
// requests. Labels are stable codes, never a scope, a subject or anything of a requester.
type metrics struct {
	recorded    []prometheus.Collector
	doorRefused *prometheus.CounterVec
	certificate prometheus.Gauge
	circuit     prometheus.GaugeFunc
	guarded     prometheus.GaugeFunc
	heldBack    prometheus.GaugeFunc
	running     prometheus.GaugeFunc
	waiting     prometheus.GaugeFunc
	overdue     prometheus.Counter
	withoutSQL  prometheus.CounterFunc
	build       prometheus.Gauge
	// subscribed are about subscriptions.
	subscribed []prometheus.Collector
	// registered are about recorded consents.
	registered []prometheus.Collector
	// linked tells that Mitz is asked. Where it never is, there is no link to measure.
	linked bool
	// alone tells that there is no node: what is about its requests is not measured.
	alone bool
}

// measured is what the metrics ask for when they are read.
type measured interface {
	circuit() mitzclient.CircuitState // open turns half-open by time alone
	guardedScopes() int
	load() mitzclient.Load
	subscriptionsIn(state subscriptions.State) int
	oldestWaiting() time.Duration
	wishesDropped() int64
	registrationsIn(state evidence.State) int
	oldestUnregistered() time.Duration
	claimedWithoutTable() int64
}

func newMetrics(of measured, recorded ...prometheus.Collector) *metrics {
	gauge := func(name, help string, value func() float64) prometheus.GaugeFunc {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "nuts", Subsystem: "mitz", Name: name, Help: help}, value)
	}
	return &metrics{
		recorded:    recorded,
		doorRefused: newDoorRefused(),
		certificate: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "nuts", Subsystem: "mitz", Name: "client_certificate_expiry_timestamp_seconds",
			Help: "When the client certificate for Mitz expires, in seconds since 1970; 0 without one.",
		}),
		circuit: gauge("circuit_state", "Whether consults reach Mitz: 0 they do, 1 one may try, 2 they are refused.",
			func() float64 { return float64(of.circuit()) }),
		// Also where nothing is guarded, so that an alert can tell that from a node that is gone.
		guarded: gauge("guarded_scopes", "How many scopes need the patient's consent; 0: none, and the node is the stock node.",
			func() float64 { return float64(of.guardedScopes()) }),
		heldBack: gauge("requesters_held_back", "Requesters that are refused for a while, because their queries failed or Mitz asked them for fewer.",
			func() float64 { return float64(of.load().HeldBack) }),
		running: gauge("consults_running", "Consults of Mitz that are under way.",
			func() float64 { return float64(of.load().Running) }),
		waiting: gauge("consults_waiting", "Consults of Mitz that wait for their turn.",
			func() float64 { return float64(of.load().Waiting) }),
		overdue: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "nuts", Subsystem: "mitz", Name: "overdue_consults_total",
			Help: "Consults of Mitz that did not end when their time was over, and were left behind.",
		}),
		withoutSQL: prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "nuts", Subsystem: "mitz", Name: "claims_without_sql_total",
			Help: "Requests for guarded tokens whose presentations were kept in the session database alone, because the SQL database failed.",
		}, func() float64 { return float64(of.claimedWithoutTable()) }),
		build: newBuildInfo(version.Read()), linked: true,
		subscribed: newSubscribed(of),
		registered: newRegistered(of),
	}
}

// newSubscribed makes the metrics of subscriptions.
func newSubscribed(of measured) []prometheus.Collector {
	made := []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "nuts", Subsystem: "mitz", Name: "subscriptions_oldest_waiting_seconds",
			Help: "How long the oldest subscription waits that Mitz has not accepted or ended, in seconds; 0: none does.",
		}, func() float64 { return of.oldestWaiting().Seconds() }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "nuts", Subsystem: "mitz", Name: "subscription_wishes_dropped_total",
			Help: "Subscriptions that were wished for when a token was issued, and dropped because the SQL database took none for too long.",
		}, func() float64 { return float64(of.wishesDropped()) }),
	}
	for _, state := range subscriptions.States() {
		made = append(made, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "nuts", Subsystem: "mitz", Name: "subscriptions", Help: "Subscriptions to patients' consents, by state.",
			ConstLabels: prometheus.Labels{"state": string(state)},
		}, func() float64 { return float64(of.subscriptionsIn(state)) }))
	}
	return made
}

// newRegistered makes the metrics of recorded consents.
func newRegistered(of measured) []prometheus.Collector {
	made := []prometheus.Collector{prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "nuts", Subsystem: "mitz", Name: "registrations_oldest_waiting_seconds",
		Help: "How long the oldest recorded consent waits that Mitz has not accepted, in seconds; 0: none does.",
	}, func() float64 { return of.oldestUnregistered().Seconds() })}
	for _, state := range evidence.States() {
		made = append(made, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "nuts", Subsystem: "mitz", Name: "registrations",
			Help:        "Consents that requesters recorded and tokens rested on, as they are kept, by how far they are registered at Mitz.",
			ConstLabels: prometheus.Labels{"state": string(state)},
		}, func() float64 { return float64(of.registrationsIn(state)) }))
	}
	return made
}

func (e *Engine) guardedScopes() int { return len(e.config.Profiles) }

func (e *Engine) circuit() mitzclient.CircuitState {
	if !e.enabled() || e.client == nil {
		return mitzclient.StateClosed
	}
	return e.client.Circuit()
}

func (e *Engine) load() mitzclient.Load {
	if !e.enabled() || e.client == nil {
		return mitzclient.Load{}
	}
	return e.client.Load()
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
	collectors := append([]prometheus.Collector{m.guarded, m.build}, m.recorded...)
	if !m.alone {
		collectors = append(append(collectors, m.doorRefused, m.withoutSQL), slices.Concat(m.subscribed, m.registered)...)
	}
	if m.linked {
		collectors = append(collectors, m.certificate, m.circuit, m.heldBack, m.running, m.waiting, m.overdue)
	}
	return collectors
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
