// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/tracing"
	"github.com/sirupsen/logrus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// Decision is the record of one request. Its methods are called by one goroutine, in the
// order in which things happen: Presented, Asks, Trying, Announce, and then Issued or Refused.
// Of a token that is looked at again: RestsOn, Asks, Trying, Settle, and then Confirmed, Ended or
// Unchecked.
type Decision struct {
	recorder   *Recorder
	subject    string
	presenters []string
	scope      string
	ending     ending

	credentials []policy.Credential // what was presented
	question    *consent.Question   // nil until there is one
	origin      string              // the query that a token which is looked at again rests on; empty: none, or there is no token yet
	ground      policy.GroundName   // that is being tried, or the last that was judged
	requestIDs  []string            // under which Mitz knows the queries so far
	ended       []string            // those of which it was told how they ended
	brought     []string            // the ids of credentials with which consent was brought along, or an objection
	failed      []string            // grounds that met with trouble, and what it was
	announced   bool                // the NEN 7513 file may say that a token is issued
	unwritten   error               // something that happened could not be written, so there may be no token
}

var _ policy.Trace = (*Decision)(nil)

// Presented keeps what was presented.
func (d *Decision) Presented(credentials []policy.Credential) { d.credentials = credentials }

// Asks keeps the question that the request asks.
func (d *Decision) Asks(question consent.Question) { d.question = &question }

// Trying records one attempt at a ground: in a span, in the metrics, and in the logs when
// Mitz is asked. Its end fails when that could not be written.
func (d *Decision) Trying(ctx context.Context, ground policy.GroundName) (context.Context, func(policy.Attempt) error) {
	before := d.ground
	d.ground = ground
	ctx, span := tracing.GetTracerProvider().Tracer("nuts-mitz").Start(ctx, "mitz.consult",
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("mitz.ground", string(ground))))
	if d.question != nil {
		span.SetAttributes(attribute.Int("mitz.categories", len(d.question.Categories)))
	}
	began := d.recorder.now()
	return mitzclient.WithTrace(ctx, d.link(ctx)), func(attempt policy.Attempt) error {
		defer span.End()
		if errors.Is(attempt.Err, policy.ErrNotEstablished) {
			span.SetAttributes(attribute.String("mitz.outcome", outcomeNotPresented))
			d.ground = before // the outcome is not its doing
			return nil        // nobody was asked, and nothing was judged
		}
		outcome := outcomePermit
		if attempt.Err != nil {
			outcome = Reason(attempt.Err)
			span.SetStatus(codes.Error, outcome)
		}
		span.SetAttributes(attribute.String("mitz.outcome", outcome))
		if ground.AsksMitz() {
			span.SetAttributes(attribute.String("mitz.request_id", attempt.Finding.ID))
		}
		d.recorder.metrics.consultDuration.WithLabelValues(string(ground)).Observe(d.recorder.now().Sub(began).Seconds())
		d.recorder.metrics.consults.WithLabelValues(string(ground), outcome).Inc()
		return d.consulted(ctx, attempt, outcome)
	}
}

// link returns what the link to Mitz tells of its queries: each before it leaves, and that
// one failed in passing and another follows. The patient sees both.
func (d *Decision) link(ctx context.Context) *mitzclient.Trace {
	return &mitzclient.Trace{
		Asking: d.asking,
		Retrying: func(failed *mitzclient.Error) {
			log().WithField("request_id", failed.RequestID).WithError(failed).Info("Mitz is asked again")
			d.query(ctx, failed.RequestID, string(failed.Code))
		},
	}
}

// asking writes that Mitz is about to be asked. On an error it is not: the patient sees every
// query. It waits until the file has the entry, not until that is on disk.
func (d *Decision) asking(ctx context.Context, requestID string) error {
	d.requestIDs = append(d.requestIDs, requestID)
	file := d.recorder.file
	if file == nil {
		return nil
	}
	if err := file.Write(ctx, d.entry(nen7513.Query, []string{requestID}, outcomeAsked)); err != nil {
		d.requestIDs = slices.DeleteFunc(d.requestIDs, func(id string) bool { return id == requestID })
		if !errors.Is(ctx.Err(), context.Canceled) {
			d.unwritten = unwritten(err)
		}
		return err
	}
	return nil
}

// consulted tells how an attempt ended, and fails when nothing may rest on it. A refusal too
// rests on an answer that is written.
func (d *Decision) consulted(ctx context.Context, attempt policy.Attempt, outcome string) error {
	if attempt.Ground.AsksMitz() {
		d.query(ctx, attempt.Finding.ID, outcome)
	} else if attempt.Finding.ID != "" {
		d.brought = []string{attempt.Finding.ID}
	}
	if attempt.Err != nil && outcome != string(policy.ReasonDenied) {
		d.failed = append(d.failed, string(attempt.Ground)+": "+outcome)
	}
	if d.unwritten != nil {
		return d.unwritten // also where that is why Mitz was not asked
	}
	if errors.As(attempt.Err, new(*policy.Refusal)) {
		return d.flush(ctx)
	}
	return nil
}

// query tells how a query ended, once. A query that failed is told when another is to follow;
// when that one cannot be sent, the consult ends with the first, which is not told again.
func (d *Decision) query(ctx context.Context, requestID, outcome string) {
	if requestID == "" || slices.Contains(d.ended, requestID) {
		return // nothing was asked, or it was told
	}
	d.ended = append(d.ended, requestID)
	if !slices.Contains(d.requestIDs, requestID) {
		d.requestIDs = append(d.requestIDs, requestID)
	}
	fields := d.fields(outcome)
	fields["request_id"] = requestID
	auditEntry(ctx, auditConsult, "Mitz consulted", fields)
	d.tell(nen7513.Consult, []string{requestID}, outcome)
}

// Issued tells that there is a token, or that the decision point permits.
func (d *Decision) Issued(ctx context.Context) {
	d.ending.count(outcomePermit)
	message, fields := d.ending.permittedMessage, d.fields(outcomePermit)
	log().WithFields(fields).Log(d.ending.permittedLevel, message)
	auditEntry(ctx, d.ending.permittedEvent, message, fields)
}

// fields are what every line about the decision says.
func (d *Decision) fields(outcome string) logrus.Fields {
	fields := logrus.Fields{
		"subject":    d.subject,
		"scope":      d.scope,
		"requester":  redact.Text(strings.Join(d.presenters, " ")), // chosen by the requester
		"ground":     string(d.ground),
		"request_id": strings.Join(d.requestIDs, " "),
		"outcome":    outcome,
	}
	if d.ending.basis != "" {
		fields["basis"] = d.ending.basis
	}
	if len(d.brought) > 0 {
		fields["credential_id"] = redact.Text(strings.Join(d.brought, " ")) // chosen by its issuer
	}
	if len(d.failed) > 0 && outcome == outcomePermit {
		fields["after"] = strings.Join(d.failed, ", ")
	}
	if d.question != nil && !d.question.Requester.FacilityType.Known() {
		fields["note"] = "the requester's facility type is not one that this software knows"
	}
	return fields
}
