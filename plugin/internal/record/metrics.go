// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/access"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/notify"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// metrics count what is recorded. Labels are stable codes: grounds, outcomes and reasons,
// never a scope, a subject or anything of a requester.
type metrics struct {
	consults        *prometheus.CounterVec
	consultDuration *prometheus.HistogramVec
	tokensRefused   *prometheus.CounterVec
	decisions       *prometheus.CounterVec
	tokensRevoked   *prometheus.CounterVec
	rechecks        *prometheus.CounterVec
	notifications   *prometheus.CounterVec
	localizations   *prometheus.CounterVec
	accesses        *prometheus.CounterVec
	panics          prometheus.Counter
}

// consultBuckets are in seconds, around the 400 ms within which a token should come.
var consultBuckets = []float64{.005, .01, .025, .05, .1, .2, .3, .4, .6, 1, 2, 5, 10}

func newMetrics() metrics {
	const namespace, subsystem = "nuts", "mitz"
	m := metrics{
		consults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "consults_total",
			Help: "How grounds for consent were sought, by the ground and the outcome: a consult of Mitz, or what the requester brought.",
		}, []string{"ground", "outcome"}),
		consultDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "consult_duration_seconds",
			Help: "How long it took to seek a ground for consent, in seconds: of a consult of Mitz with its retries.", Buckets: consultBuckets,
		}, []string{"ground"}),
		tokensRefused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "tokens_refused_total",
			Help: "Access tokens for guarded scopes that were refused, by reason.",
		}, []string{"reason"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "decisions_total",
			Help: "What the decision point was asked, by what the answer rests on and the outcome: permit, or why it is not permitted.",
		}, []string{"basis", "outcome"}),
		tokensRevoked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "tokens_revoked_total",
			Help: "How often live tokens were ended, by cause: one token, or all of a patient that it was about.",
		}, []string{"cause"}),
		rechecks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "rechecks_total",
			Help: "Live tokens whose consent was looked at again, by how that ended.",
		}, []string{"result"}),
		notifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "notifications_total",
			Help: "What came to the address for notifications of Mitz, by how that ended.",
		}, []string{"outcome"}),
		localizations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "localizations_total",
			Help: "How often Mitz was to be asked which data holders may share a patient's data with a requester, by the outcome.",
		}, []string{"outcome"}),
		accesses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "access_total",
			Help: "Requests to record servers that their gateways asked about, by the outcome.",
		}, []string{"outcome"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "panics_total",
			Help: "Panics while a request was handled, which were caught: the request was refused, unless it had its token already.",
		}),
	}
	// Every counter exists before its first event: a rate can be told of what went from 0 to
	// 1, not of what was not there.
	for _, ground := range policy.GroundNames() {
		m.consultDuration.WithLabelValues(string(ground))
		outcomes := broughtOutcomes()
		if ground.AsksMitz() {
			outcomes = consultOutcomes()
		}
		for _, outcome := range outcomes {
			m.consults.WithLabelValues(string(ground), outcome)
		}
	}
	for _, reason := range refusalReasons() {
		m.tokensRefused.WithLabelValues(reason)
	}
	for _, basis := range decisionBases() {
		for _, outcome := range decisionOutcomes() {
			m.decisions.WithLabelValues(string(basis), outcome)
		}
	}
	for _, cause := range withdrawal.Causes() {
		m.tokensRevoked.WithLabelValues(string(cause))
	}
	for _, result := range recheckResults() {
		m.rechecks.WithLabelValues(result)
	}
	for _, outcome := range notify.Outcomes() {
		m.notifications.WithLabelValues(string(outcome))
	}
	for _, outcome := range locationOutcomes() {
		m.localizations.WithLabelValues(outcome)
	}
	for _, outcome := range access.Outcomes() {
		m.accesses.WithLabelValues(outcome)
	}
	return m
}

func (m metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.consults, m.consultDuration, m.tokensRefused, m.decisions, m.tokensRevoked, m.rechecks, m.notifications, m.localizations, m.accesses, m.panics}
}
