// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"
	"slices"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/localization"
)

// auditLocated is the event in the node's audit log of Mitz being asked where data are.
const auditLocated = "MitzLocated"

// The outcomes of asking where data are, besides the codes of the client.
const (
	outcomeLocated = "located" // some data holders may share
	outcomeNobody  = "nobody"  // none may, or none has data
)

// locationOutcomes returns every stable code with which it can end.
func locationOutcomes() []string {
	outcomes := []string{outcomeLocated, outcomeNobody, string(Unwritten), codeInternal}
	for _, each := range mitzclient.Codes() {
		outcomes = append(outcomes, string(each))
	}
	return outcomes
}

var _ localization.Recorder = (*Recorder)(nil)

// location is the record of one question where data are.
type location struct {
	recorder   *Recorder
	subject    string
	question   consent.Question // without a data holder
	requestIDs []string         // of the queries that left
	unwritten  error
}

// Locating begins the record of a question where a patient's data are. The context that it
// returns has every query written before it leaves; ended tells how it ended, and fails when
// that could not be written.
func (r *Recorder) Locating(ctx context.Context, subject string, q consent.LocationQuery) (asking context.Context, ended func(mitzclient.Locations, error) error) {
	l := &location{recorder: r, subject: subject, question: consent.Question{Patient: q.Patient, Requester: q.Requester, Purpose: q.Purpose}}
	asking = mitzclient.WithTrace(ctx, &mitzclient.Trace{
		Asking: l.asking,
		Retrying: func(failed *mitzclient.Error) {
			log().WithField("request_id", failed.RequestID).WithError(failed).Info("Mitz is asked again")
		},
	})
	return asking, func(found mitzclient.Locations, err error) error { return l.ended(ctx, found, err) }
}

// asking writes that Mitz is about to be asked. On an error it is not.
func (l *location) asking(ctx context.Context, requestID string) error {
	if file := l.recorder.file; file != nil {
		if err := file.Write(ctx, l.entry(nen7513.Locate, []string{requestID}, outcomeAsked)); err != nil {
			if ctx.Err() == nil {
				l.unwritten = unwritten(err)
			}
			return err
		}
	}
	l.requestIDs = append(l.requestIDs, requestID)
	return nil
}

// ended tells how it ended, also where nobody waits for it any more.
func (l *location) ended(ctx context.Context, found mitzclient.Locations, cause error) error {
	outcome := outcomeLocated
	switch {
	case cause != nil:
		outcome = Reason(cause)
	case len(found.Locations) == 0:
		outcome = outcomeNobody
	}
	if l.unwritten == nil && l.recorder.file != nil {
		writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		if err := l.recorder.file.Append(writing, l.entry(nen7513.Located, l.requestIDs, outcome)); err != nil {
			l.unwritten = unwritten(err)
		}
	}
	if l.unwritten != nil {
		outcome = string(Unwritten)
	}
	l.recorder.metrics.localizations.WithLabelValues(outcome).Inc()
	fields := logrus.Fields{"subject": l.subject, "outcome": outcome, "locations": len(found.Locations)}
	if last := len(l.requestIDs) - 1; last >= 0 {
		fields["request_id"] = l.requestIDs[last]
	}
	message, line := "Mitz was asked where data are", log().WithFields(fields)
	if cause != nil {
		line = line.WithError(cause)
	}
	if locationSeverity(outcome) == nen7513.SeriousFailure {
		line.Warn(message)
	} else {
		line.Info(message)
	}
	auditEntry(context.WithoutCancel(ctx), auditLocated, message, fields)
	return l.unwritten
}

// DirectoryFailed tells that a discovery service could not be read.
func (r *Recorder) DirectoryFailed(err error) {
	log().WithError(err).Warn("Data holders could not be looked up in the node's discovery services")
}

func (l *location) entry(action nen7513.Action, requestIDs []string, code string) nen7513.Entry {
	return nen7513.Entry{
		Time: l.recorder.now(), Action: action, Outcome: locationSeverity(code), Code: code,
		RequestIDs: slices.Clone(requestIDs), Subject: l.subject, Question: &l.question,
	}
}

func locationSeverity(code string) nen7513.Outcome {
	if code == outcomeLocated || code == outcomeNobody {
		return nen7513.Success
	}
	return severity(code)
}
