// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"time"

	"github.com/nuts-foundation/nuts-node/tracing"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// measured makes every consult visible: it is counted, timed, and a span under the
// token request's. Neither says anything about the patient or who asked.
type measured struct {
	next    mitzclient.Consulter
	ground  policy.Ground
	metrics *metrics
	now     func() time.Time
}

var _ mitzclient.Consulter = measured{}

func (m measured) Consult(ctx context.Context, question consent.Question) (mitzclient.Answer, error) {
	ctx, span := tracing.GetTracerProvider().Tracer("nuts-mitz").Start(ctx, "mitz.consult",
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(
			attribute.String("mitz.ground", string(m.ground)),
			attribute.Int("mitz.categories", len(question.Categories)),
		))
	defer span.End()
	began := m.now()
	answer, err := m.next.Consult(ctx, question)
	outcome := outcomeOf(question, answer, err)
	m.metrics.consultDuration.WithLabelValues(string(m.ground)).Observe(m.now().Sub(began).Seconds())
	m.metrics.consults.WithLabelValues(string(m.ground), outcome).Inc()
	span.SetAttributes(attribute.String("mitz.outcome", outcome), attribute.String("mitz.request_id", answer.RequestID))
	if err != nil {
		span.SetStatus(codes.Error, outcome)
	}
	return answer, err
}

// outcomePermit is the outcome of a consult that permits everything asked.
const outcomePermit = "permit"

// outcomeOf gives the stable code of how a consult ended.
func outcomeOf(question consent.Question, answer mitzclient.Answer, err error) string {
	if err == nil {
		err = policy.Decide(question, answer.Decisions)
	}
	if err == nil {
		return outcomePermit
	}
	return reason(err)
}
