// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package telemetry

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// RedactSpans returns an exporter that takes patients' numbers out of all that a span says
// while active is true, and then exports by another.
func RedactSpans(next sdktrace.SpanExporter, active *atomic.Bool) sdktrace.SpanExporter {
	return spanExporter{next, active}
}

type spanExporter struct {
	sdktrace.SpanExporter
	active *atomic.Bool
}

func (e spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if !e.active.Load() {
		return e.SpanExporter.ExportSpans(ctx, spans)
	}
	redacted := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, each := range spans {
		redacted[i] = span{each}
	}
	return e.SpanExporter.ExportSpans(ctx, redacted)
}

// span is a span without patients' numbers. Its ids are random, and its resource and scope
// are the node's own.
type span struct{ sdktrace.ReadOnlySpan }

func (s span) Name() string                     { return redact.Text(s.ReadOnlySpan.Name()) }
func (s span) SpanContext() trace.SpanContext   { return spanContext(s.ReadOnlySpan.SpanContext()) }
func (s span) Parent() trace.SpanContext        { return spanContext(s.ReadOnlySpan.Parent()) }
func (s span) Attributes() []attribute.KeyValue { return attributes(s.ReadOnlySpan.Attributes()) }

func (s span) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	status.Description = redact.Text(status.Description)
	return status
}

func (s span) Events() []sdktrace.Event {
	events := slices.Clone(s.ReadOnlySpan.Events())
	for i := range events {
		events[i].Name, events[i].Attributes = redact.Text(events[i].Name), attributes(events[i].Attributes)
	}
	return events
}

func (s span) Links() []sdktrace.Link {
	links := slices.Clone(s.ReadOnlySpan.Links())
	for i := range links {
		links[i].SpanContext, links[i].Attributes = spanContext(links[i].SpanContext), attributes(links[i].Attributes)
	}
	return links
}

// spanContext leaves out the whole trace state, which its sender chose, when there is a
// number in it: of a list with a hole nothing could be made.
func spanContext(context trace.SpanContext) trace.SpanContext {
	if state := context.TraceState(); state.Len() > 0 && redact.Text(state.String()) != state.String() {
		return context.WithTraceState(trace.TraceState{})
	}
	return context
}

func attributes(given []attribute.KeyValue) []attribute.KeyValue {
	redacted := make([]attribute.KeyValue, len(given))
	for i, each := range given {
		redacted[i] = attribute.KeyValue{Key: attribute.Key(redact.Text(string(each.Key))), Value: value(each.Value)}
	}
	return redacted
}

// value returns an attribute's value. A number, or bytes, with a patient's number in it becomes
// the text that it reads as.
func value(given attribute.Value) attribute.Value {
	var text string
	switch given.Type() {
	case attribute.STRING:
		return attribute.StringValue(redact.Text(given.AsString()))
	case attribute.STRINGSLICE:
		texts := slices.Clone(given.AsStringSlice())
		for i := range texts {
			texts[i] = redact.Text(texts[i])
		}
		return attribute.StringSliceValue(texts)
	case attribute.SLICE:
		values := slices.Clone(given.AsSlice())
		for i := range values {
			values[i] = value(values[i])
		}
		return attribute.SliceValue(values...)
	case attribute.MAP:
		return attribute.MapValue(attributes(given.AsMap())...)
	case attribute.INT64, attribute.INT64SLICE:
		text = given.String()
	case attribute.FLOAT64:
		text = decimals([]float64{given.AsFloat64()})
	case attribute.FLOAT64SLICE:
		text = decimals(given.AsFloat64Slice())
	case attribute.BYTESLICE:
		text = string(given.AsByteSlice())
	}
	if redacted := redact.Text(text); redacted != text {
		return attribute.StringValue(redacted)
	}
	return given
}

// decimals writes numbers without exponent.
func decimals(numbers []float64) string {
	var text []byte
	for i, each := range numbers {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = strconv.AppendFloat(text, each, 'f', -1, 64)
	}
	return string(text)
}
