// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/access"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

// Access tells of a decision about a request to a record server, which that server's own log
// tells too: all are counted, and those that are refused are logged. It is told of the token by
// the id of the query that it rests on.
func (r *Recorder) Access(subject string, verdict access.Verdict, err error) {
	outcome := access.Outcome(verdict, err)
	r.metrics.accesses.WithLabelValues(outcome).Inc()
	if outcome == access.Allowed || outcome == access.PatientNeeded { // after which the gateway asks again
		return
	}
	counted := r.accessRefused
	if verdict.RequestID == "" {
		counted = r.accessStrange
	}
	if !counted.Single(tally.Key{Who: verdict.RequestID, Code: outcome, At: subject}) {
		return
	}
	line := log().WithFields(accessFields(verdict.RequestID, outcome, subject))
	if err != nil {
		line = line.WithError(err)
	}
	line.Log(accessLevel(outcome), "Request to a record server refused")
}

func accessFields(requestID, outcome, subject string) logrus.Fields {
	fields := logrus.Fields{"subject": subject, "outcome": outcome}
	if requestID != "" {
		fields["request_id"] = requestID
	}
	return fields
}

func accessLevel(outcome string) logrus.Level {
	if outcome == access.Undetermined {
		return logrus.WarnLevel
	}
	return logrus.InfoLevel
}

// accessRefusedTogether tells of refusals that were counted.
func accessRefusedTogether(sum tally.Sum) {
	fields := accessFields(sum.Who, sum.Code, sum.At)
	fields["count"], fields["since"] = sum.Count, sum.Since.UTC().Format(time.RFC3339)
	log().WithFields(fields).Log(accessLevel(sum.Code), "Requests to a record server refused")
}
