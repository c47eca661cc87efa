// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/vcr/credential"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// The events in the node's audit log.
const (
	auditConsult      = "MitzConsult"      // Mitz was asked
	auditTokenIssued  = "MitzTokenIssued"  // a token for a guarded scope was issued
	auditTokenRefused = "MitzTokenRefused" // a token for a guarded scope was refused
)

// auditEntry writes to the node's audit log who asked for what and how it ended. The
// patient is not in it: the request id leads to the query, which Mitz keeps. It is
// written also when the requester has gone meanwhile.
func auditEntry(ctx context.Context, event, message string, fields logrus.Fields) {
	if audit.InfoFromContext(ctx) == nil {
		// Outside a request: audit.Log would panic.
		ctx = audit.Context(ctx, "system", moduleName, "Guard")
	}
	audit.Log(ctx, log().WithFields(fields), event).Info(message)
}

// decisionLog gathers what is told about a decision: in one line of the log, in the
// node's audit log, and in the NEN 7513 log.
type decisionLog struct {
	engine      *Engine
	subject     string          // the data holder's, as it was listed when the request came
	presenters  []string        // the DIDs that signed the presentations
	profile     *policy.Profile // nil until it is known which one guards
	ground      policy.Ground
	credentials []policy.Credential // what was presented
	question    *consent.Question   // nil until there is one
	requestIDs  []string            // under which Mitz knows the queries so far
	ended       []string            // those of which it was told how they ended
	announced   bool                // the NEN 7513 log may say that a token is issued
	unlogged    error               // something that happened could not be logged, so there may be no token
}

// maxPresenter is how much of a presenter's DID is kept, in bytes: a did:jwk holds what
// its owner likes, and would fill the logs. One with an RSA key of 8192 bits fits.
const maxPresenter = 4 << 10

// presented keeps who presents the token request. It comes before every refusal: the
// NEN 7513 log says who was refused, also when there is no question yet.
func (d *decisionLog) presented(presentations []vc.VerifiablePresentation) {
	for _, presentation := range presentations {
		presenter, err := credential.PresentationSigner(presentation)
		if err != nil {
			continue
		}
		id := presenter.String()
		if id = id[:min(len(id), maxPresenter)]; !slices.Contains(d.presenters, id) {
			d.presenters = append(d.presenters, id)
		}
	}
}

// fields are what every line about the decision says.
func (d *decisionLog) fields(outcome string) logrus.Fields {
	fields := logrus.Fields{
		"subject":    d.subject,
		"scope":      d.scope(),
		"requester":  redactBSN(strings.Join(d.presenters, " ")), // chosen by the requester
		"ground":     string(d.ground),
		"request_id": d.allRequestIDs(),
		"outcome":    outcome,
	}
	if d.question != nil && !d.question.Requester.FacilityType.Known() {
		fields["note"] = "the requester's facility type is not one that this software knows"
	}
	return fields
}

// auditPatience is how long a request waits for an entry at the most.
const auditPatience = 5 * time.Second

// outcomeAsked is of a query whose answer is not there yet.
const outcomeAsked = "asked"

// trace returns what the link tells of this decision's queries: each before it leaves, and
// that one failed in passing and another is sent. Mitz shows both.
func (d *decisionLog) trace(ctx context.Context) *mitzclient.Trace {
	return &mitzclient.Trace{
		Asking: d.asking,
		Retrying: func(failed *mitzclient.Error) {
			log().WithField("request_id", failed.RequestID).WithError(failed).Info("Mitz is asked again")
			_ = d.consulted(ctx, failed.RequestID, string(failed.Code)) // no token follows on an error
		},
	}
}

// scope gives the guarded scope, as configured.
func (d *decisionLog) scope() string {
	if d.profile == nil {
		return ""
	}
	return d.profile.Scope
}

// announce writes to the NEN 7513 log that a token is issued, before it is. On an error it
// may not be.
func (d *decisionLog) announce(ctx context.Context) error {
	if d.engine.auditLog == nil {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, auditPatience)
	defer cancel()
	err := d.engine.auditLog.Append(waiting, d.entry(nen7513.TokenIssued, d.requestIDs, outcomePermit))
	d.announced = err == nil || errors.Is(err, nen7513.ErrUncertain)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &mitzclient.Error{Code: mitzclient.Canceled, Detail: "audit"}
	default:
		return fmt.Errorf("%w: %w", errAudit, err)
	}
}

// issued tells that there is a token.
func (d *decisionLog) issued(ctx context.Context) {
	const message = "Consent established, token issued"
	log().WithFields(d.fields(outcomePermit)).Info(message)
	auditEntry(ctx, auditTokenIssued, message, d.fields(outcomePermit))
}

// asking writes that Mitz is about to be asked. On an error it is not: the patient sees every
// query. It waits until the file has the entry, not until that is on disk.
func (d *decisionLog) asking(ctx context.Context, requestID string) error {
	d.requestIDs = append(d.requestIDs, requestID)
	if d.engine.auditLog == nil {
		return nil
	}
	if err := d.engine.auditLog.Write(ctx, d.entry(nen7513.Query, []string{requestID}, outcomeAsked)); err != nil {
		d.requestIDs = slices.DeleteFunc(d.requestIDs, func(id string) bool { return id == requestID })
		if !errors.Is(ctx.Err(), context.Canceled) {
			d.unlogged = fmt.Errorf("%w: %w", errAudit, err)
		}
		return err
	}
	return nil
}

// consulted tells how a query ended. On an error nothing may rest on its answer. A query
// that failed is told when another is to follow; when that one cannot be sent, the
// consult ends with the first, which is not told again.
func (d *decisionLog) consulted(ctx context.Context, requestID, outcome string) error {
	if slices.Contains(d.ended, requestID) {
		return d.unlogged
	}
	if requestID == "" {
		return d.unlogged // nothing was asked
	}
	d.ended = append(d.ended, requestID)
	if !slices.Contains(d.requestIDs, requestID) {
		d.requestIDs = append(d.requestIDs, requestID)
	}
	fields := d.fields(outcome)
	fields["request_id"] = requestID
	auditEntry(ctx, auditConsult, "Mitz consulted", fields)
	d.tell(nen7513.Consult, []string{requestID}, outcome)
	return d.unlogged
}

func (d *decisionLog) allRequestIDs() string { return strings.Join(d.requestIDs, " ") }

// tell hands an entry over to the NEN 7513 log, if one is kept. Every later entry of this
// decision is written after it. When it is lost, no token may follow.
func (d *decisionLog) tell(action nen7513.Action, requestIDs []string, code string) {
	if d.engine.auditLog == nil {
		return
	}
	if err := d.engine.auditLog.Tell(d.entry(action, requestIDs, code)); err != nil {
		d.unlogged = fmt.Errorf("%w: %w", errAudit, err)
	}
}

// flush waits until the entries are written, so that a process that dies after the requester
// has its answer does not lose them. When they cannot be, they are kept, and the error says
// that nothing may rest on them yet.
func (d *decisionLog) flush(ctx context.Context) error {
	if d.engine.auditLog == nil {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, auditPatience)
	defer cancel()
	if err := d.engine.auditLog.Flush(waiting); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", errAudit, err)
	}
	return nil // also where nobody waits for the answer any more
}

func (d *decisionLog) entry(action nen7513.Action, requestIDs []string, code string) nen7513.Entry {
	return nen7513.Entry{
		Time: d.engine.now(), Action: action, Outcome: auditOutcome(code), Code: code, RequestIDs: requestIDs,
		Scope: d.scope(), Subject: d.subject, Presenters: d.presenters, Question: d.question,
	}
}
