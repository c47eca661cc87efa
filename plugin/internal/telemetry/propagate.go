// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package telemetry

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/propagation"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// maxHeader is the longest baggage or trace state that is taken, in bytes (W3C Baggage
// section 3.3.2).
const maxHeader = 8192

// propagator leaves baggage and trace state out, with which a number would travel on to
// every party that the node asks for something.
type propagator struct {
	propagation.TextMapPropagator
	active *atomic.Bool
}

func (p propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	if p.active.Load() {
		carrier = screened{carrier}
	}
	return p.TextMapPropagator.Extract(ctx, carrier)
}

// screened is what a requester sent, without values that hold a number. The trace's own id
// is left: by chance one in some hundreds has what looks like one.
type screened struct{ propagation.TextMapCarrier }

func (s screened) Get(key string) string {
	value := s.TextMapCarrier.Get(key)
	if !passes(key, value) {
		return ""
	}
	return value
}

func (s screened) Values(key string) (values []string) {
	several, ok := s.TextMapCarrier.(propagation.ValuesGetter)
	if !ok {
		return []string{s.Get(key)}
	}
	for _, value := range several.Values(key) {
		if passes(key, value) {
			values = append(values, value)
		}
	}
	return values
}

func passes(key, value string) bool {
	return key == "traceparent" || len(value) <= maxHeader && !redact.Holds(value)
}
