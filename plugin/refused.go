// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

// refusals count those that led to no query, so that a requester who is refused all the time
// does not fill disk and log. A refusal after a query is always told by itself: the patient
// sees the query.
type refusals struct {
	withoutQuestion *tally.Tally // anybody can cause these at will
	withQuestion    *tally.Tally // these take credentials that are trusted
	panics          *tally.Tally // of which the stack is told
}

// newRefusals counts for an engine, by the limits that docs/operations.md tells.
func newRefusals(e *Engine) *refusals {
	return &refusals{
		withoutQuestion: tally.New(tally.Limits{OfOne: 6, OfAll: 60}, e.refusedTogether),
		withQuestion:    tally.New(tally.Limits{OfOne: 60, OfAll: 600}, e.refusedTogether),
		panics: tally.New(tally.Limits{OfOne: 6, OfAll: 6}, func(sum tally.Sum) {
			log().WithField("count", sum.Count).Error(sum.Code + ", more often than is told one by one")
		}),
	}
}

// flush tells what is counted. It comes before the end of the audit file.
func (r *refusals) flush() {
	for _, each := range []*tally.Tally{r.withoutQuestion, r.withQuestion, r.panics} {
		each.Flush()
	}
}

// refused tells why there is no token, and gives the OAuth error (RFC 6749 section
// 5.2) that says as much of it as the requester may know. Where the NEN 7513 log may say
// that a token is issued, the entry corrects that.
func (d *decisionLog) refused(ctx context.Context, cause error) error {
	const message = "No token issued"
	outcome, action := reason(cause), nen7513.TokenRefused
	d.engine.metrics.tokensRefused.WithLabelValues(outcome).Inc()
	if !d.isSingle(outcome) {
		return oauthError(cause)
	}
	if d.announced {
		action = nen7513.TokenNotStored
	}
	log().WithFields(d.fields(outcome)).WithFields(d.help(cause)).WithError(cause).Log(levelOf(outcome), message)
	auditEntry(ctx, auditTokenRefused, message, d.fields(outcome))
	d.tell(action, d.requestIDs, outcome)
	_ = d.flush(ctx) // the health check tells
	return oauthError(cause)
}

// maxHelp is how much each field of [decisionLog.help] has, in bytes.
const maxHelp = 2 << 10

// help says what the data holder needs to help a requester whose credentials are refused: the
// rules that are broken, and what was presented. It is for the data holder's own log alone,
// and holds text that the requester chose: types are ours, DIDs are not.
func (d *decisionLog) help(cause error) logrus.Fields {
	fields := logrus.Fields{}
	var refusals policy.Refusals
	if !errors.As(cause, &refusals) {
		return fields
	}
	shown := func(parts []string) string {
		text := redactBSN(strings.Join(parts, "; "))
		return text[:min(len(text), maxHelp)]
	}
	if rules := refusals.Rules(); len(rules) > 0 {
		fields["rule"] = shown(rules)
	}
	var credentials []string
	for _, credential := range d.credentials {
		credentials = append(credentials, credential.String())
	}
	if len(credentials) > 0 {
		fields["credentials"] = shown(credentials)
	}
	return fields
}

// isSingle reports whether a refusal is told by itself. If not, it is counted.
func (d *decisionLog) isSingle(outcome string) bool {
	if len(d.requestIDs) > 0 || d.announced {
		return true
	}
	counted := d.engine.refusals.withoutQuestion
	if d.question != nil {
		counted = d.engine.refusals.withQuestion
	}
	return counted.Single(tally.Key{Who: strings.Join(d.presenters, " "), Code: outcome, At: d.subject})
}

// refusedTogether tells of refusals that were counted, in a line and an entry.
func (e *Engine) refusedTogether(sum tally.Sum) {
	const message = "No tokens issued"
	fields := logrus.Fields{
		"subject": sum.At, "requester": redactBSN(sum.Who), "outcome": sum.Code,
		"count": sum.Count, "since": sum.Since.UTC().Format(time.RFC3339),
	}
	log().WithFields(fields).Log(levelOf(sum.Code), message)
	auditEntry(context.Background(), auditTokenRefused, message, fields)
	if e.auditLog == nil {
		return
	}
	// Where it is lost the audit file cannot be written, which the health check tells.
	_ = e.auditLog.Tell(nen7513.Entry{
		Time: sum.Until, Since: sum.Since, Count: sum.Count, Action: nen7513.TokenRefused,
		Outcome: auditOutcome(sum.Code), Code: sum.Code, Subject: sum.At, Presenters: strings.Fields(sum.Who),
	})
}

// levelOf makes trouble of ours or of Mitz visible where only warnings are logged.
func levelOf(outcome string) logrus.Level {
	if auditOutcome(outcome) == nen7513.SeriousFailure {
		return logrus.WarnLevel
	}
	return logrus.InfoLevel
}
