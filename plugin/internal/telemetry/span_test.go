// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

const testBSN = "900186021"

// activeIf returns the flag that says whether to redact.
func activeIf(active bool) *atomic.Bool {
	var flag atomic.Bool
	flag.Store(active)
	return &flag
}

// values are attributes of every type, each with a number somewhere.
var values = []attribute.KeyValue{
	attribute.String("text", "a "+testBSN), attribute.StringSlice("texts", []string{"a", testBSN}), attribute.Int("int", 900186021),
	attribute.Int64Slice("ints", []int64{1, 900186021}), attribute.Float64("float", 900186021), attribute.Float64Slice("floats", []float64{900186021}),
	{Key: "bytes", Value: attribute.ByteSliceValue([]byte(testBSN))},
	{Key: "list", Value: attribute.SliceValue(attribute.StringValue(testBSN), attribute.Float64Value(900186021))},
	{Key: "map", Value: attribute.MapValue(attribute.String(testBSN, "key"))},
	attribute.String(testBSN, "in the key"), attribute.String("escaped", "%39%30%30%31%38%36%30%32%31"),
	attribute.String("db.statement", "SELECT * FROM x WHERE y = '"+testBSN+"'"),
}

// exported returns what comes out of the exporter for one span that is full of numbers.
func exported(t *testing.T, active bool) sdktrace.ReadOnlySpan {
	memory := tracetest.NewInMemoryExporter()
	var spans []sdktrace.ReadOnlySpan
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(RedactSpans(keeping{memory, &spans}, activeIf(active))))
	state, err := trace.ParseTraceState("vendor=" + testBSN)
	require.NoError(t, err)
	outer := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceState: state, TraceFlags: trace.FlagsSampled})
	_, span := provider.Tracer("test").Start(trace.ContextWithRemoteSpanContext(t.Context(), outer), "GET /"+testBSN,
		trace.WithAttributes(values...), trace.WithLinks(trace.Link{SpanContext: outer, Attributes: values}))
	span.SetAttributes(attribute.Bool("plain", true), attribute.Int("size", 12), attribute.StringSlice("plain texts", []string{"a"}))
	span.AddEvent("event "+testBSN, trace.WithAttributes(values...))
	span.RecordError(fmt.Errorf("no such patient: %s", testBSN))
	span.SetStatus(codes.Error, "status "+testBSN)
	span.End()
	require.Len(t, spans, 1)
	return spans[0]
}

// keeping keeps the spans that it gets: the exporter in memory makes copies of its own.
type keeping struct {
	sdktrace.SpanExporter
	spans *[]sdktrace.ReadOnlySpan
}

func (k keeping) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	*k.spans = append(*k.spans, spans...)
	return nil
}

// printed is all that a span says.
func printed(s sdktrace.ReadOnlySpan) string {
	var text strings.Builder
	_, _ = fmt.Fprintln(&text, s.Name(), s.SpanContext().TraceState(), s.Parent().TraceState(), s.Status().Description)
	write := func(attributes []attribute.KeyValue) {
		for _, each := range attributes {
			_, _ = fmt.Fprintln(&text, each.Key, each.Value.Type(), each.Value.String(), fmt.Sprint(each.Value.AsInterface()))
		}
	}
	write(s.Attributes())
	for _, event := range s.Events() {
		_, _ = fmt.Fprintln(&text, event.Name)
		write(event.Attributes)
	}
	for _, link := range s.Links() {
		_, _ = fmt.Fprintln(&text, link.SpanContext.TraceState())
		write(link.Attributes)
	}
	return text.String()
}

func TestASpanSaysNoPatientsNumber(t *testing.T) {
	span := exported(t, true)
	text := printed(span)
	assert.NotContains(t, text, testBSN)
	assert.NotContains(t, text, "9.00186021e+08")
	assert.NotContains(t, text, "57 48 48 49")
	assert.NotContains(t, text, "%39%30")
	assert.Equal(t, "GET /[BSN]", span.Name())
	assert.Equal(t, "status [BSN]", span.Status().Description)
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Len(t, span.Attributes(), len(values)+3)
	assert.Contains(t, span.Attributes(), attribute.Bool("plain", true))
	assert.Contains(t, span.Attributes(), attribute.Int("size", 12))
	assert.Contains(t, span.Attributes(), attribute.StringSlice("plain texts", []string{"a"}))
	assert.Contains(t, span.Attributes(), attribute.String("db.statement", "SELECT * FROM x WHERE y = '[BSN]'"))
	assert.Contains(t, span.Attributes(), attribute.StringSlice("texts", []string{"a", "[BSN]"}))
	assert.True(t, span.Parent().IsValid())
}

// TestASpanSaysNoSecretPath: by which Mitz notifies.
func TestASpanSaysNoSecretPath(t *testing.T) {
	var spans []sdktrace.ReadOnlySpan
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(RedactSpans(keeping{tracetest.NewInMemoryExporter(), &spans}, activeIf(true))))
	const address = "/mitz/notify/a-secret"
	_, span := provider.Tracer("test").Start(t.Context(), "POST "+address, trace.WithAttributes(
		attribute.String("url.path", address), attribute.String("http.target", address+"?a=b"), attribute.String("url.full", "https://node.example"+address)))
	span.End()
	require.Len(t, spans, 1)
	assert.NotContains(t, printed(spans[0]), "a-secret")
	assert.Contains(t, spans[0].Attributes(), attribute.String("url.full", "https://node.example/mitz/notify/[secret]"))
}

func TestTheStockNodesSpansStayAsTheyAre(t *testing.T) {
	assert.Equal(t, 2, strings.Count(printed(exported(t, false)), "vendor="+testBSN)-1)
}

func TestASpanIsExportedAsItWasWhenItHoldsNoNumber(t *testing.T) {
	state, err := trace.ParseTraceState("vendor=1")
	require.NoError(t, err)
	context := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceState: state})
	assert.True(t, context.Equal(spanContext(context)))
}

func TestNoNumberTravelsOn(t *testing.T) {
	header := func(state, bag string) http.Header {
		return http.Header{"Traceparent": {"00-0123456789abcdef0123456789abcdef-0123900186021abc-01"}, "Tracestate": {state}, "Baggage": {bag}}
	}
	plain := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	for _, tt := range []struct {
		name       string
		active     bool
		state, bag string
		hasState   bool
		hasBaggage bool
	}{
		{"what holds none goes on", true, "a=1", "b=2", true, true},
		{"a number in the trace state", true, "a=" + testBSN, "b=2", false, true},
		{"a number in the baggage", true, "a=1", "b=" + testBSN, true, false},
		{"an escaped one in the baggage", true, "a=1", "b=9%300186021", true, false},
		{"baggage that is too long", true, "a=1", "b=" + strings.Repeat("x", maxHeader), true, false},
		{"with the stock node", false, "a=" + testBSN, "b=" + testBSN, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, carrier := range []propagation.TextMapCarrier{propagation.HeaderCarrier(header(tt.state, tt.bag)), propagation.MapCarrier{
				"traceparent": header("", "").Get("traceparent"), "tracestate": tt.state, "baggage": tt.bag,
			}} {
				ctx := propagator{plain, activeIf(tt.active)}.Extract(t.Context(), carrier)
				span := trace.SpanContextFromContext(ctx)
				assert.True(t, span.IsValid(), "the trace goes on")
				assert.Equal(t, tt.hasState, span.TraceState().Len() > 0)
				assert.Equal(t, tt.hasBaggage, baggage.FromContext(ctx).Len() > 0)
			}
		})
	}
}
