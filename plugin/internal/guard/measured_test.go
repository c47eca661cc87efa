// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

func TestConsultsAreMeasured(t *testing.T) {
	for _, tc := range []struct {
		outcome string
		consult consulter
	}{
		{"permit", deciding(consent.Permit)},
		{"denied", deciding(consent.Deny)},
		{"indeterminate", deciding(consent.Indeterminate)},
		{"timeout", func(context.Context, consent.Question) (mitzclient.Answer, error) {
			return mitzclient.Answer{RequestID: "request-1"}, &mitzclient.Error{Code: mitzclient.Timeout}
		}},
		{"internal", func(context.Context, consent.Question) (mitzclient.Answer, error) {
			return mitzclient.Answer{RequestID: "request-1"}, errors.New("something else")
		}},
	} {
		t.Run(tc.outcome, func(t *testing.T) {
			spans := tracetest.NewInMemoryExporter()
			provider := trace.NewTracerProvider(trace.WithSyncer(spans))
			before := otel.GetTracerProvider()
			otel.SetTracerProvider(provider)
			t.Cleanup(func() { otel.SetTracerProvider(before) })
			g := newTestGuard(t, tc.consult)
			ctx, parent := provider.Tracer("test").Start(t.Context(), "token request")
			token := testToken(guarded)

			err := g.Issue(ctx, token)

			parent.End()
			assert.Equal(t, tc.outcome == "permit", err == nil)
			assert.InDelta(t, 1, g.counted(t, "consults_total", "mitz-closed-query", tc.outcome), 0)
			if tc.outcome != "permit" {
				assert.InDelta(t, 1, g.counted(t, "tokens_refused_total", tc.outcome), 0)
			}

			recorded := spans.GetSpans()
			require.Len(t, recorded, 2)
			span := recorded[0]
			assert.Equal(t, "mitz.consult", span.Name)
			assert.Equal(t, parent.SpanContext().SpanID(), span.Parent.SpanID(), "under the token request's span")
			attributes := map[string]string{}
			for _, attribute := range span.Attributes {
				attributes[string(attribute.Key)] = attribute.Value.String()
			}
			assert.Equal(t, map[string]string{
				"mitz.ground": "mitz-closed-query", "mitz.categories": "1", "mitz.outcome": tc.outcome, "mitz.request_id": "request-1",
			}, attributes)
		})
	}
}
