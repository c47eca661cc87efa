// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

// Refused tells why there is no token, or why the decision point does not permit. Where the
// NEN 7513 file may say that a token is issued, the entry corrects that.
func (d *Decision) Refused(ctx context.Context, cause error) {
	message := d.ending.refusedMessage
	outcome, action := Reason(cause), d.ending.refused
	d.ending.count(outcome)
	if !d.isSingle(outcome) {
		return
	}
	if d.announced {
		action = d.ending.corrected
	}
	log().WithFields(d.fields(outcome)).WithFields(d.help(cause)).WithError(cause).Log(levelOf(outcome), message)
	auditEntry(ctx, d.ending.refusedEvent, message, d.fields(outcome))
	d.tell(action, d.requestIDs, outcome)
	_ = d.flush(ctx) // the health check tells
}

// isSingle reports whether a refusal is told by itself. If not, it is counted.
func (d *Decision) isSingle(outcome string) bool {
	if len(d.requestIDs) > 0 || d.announced {
		return true
	}
	counted := d.ending.withoutQuestion
	if d.question != nil {
		counted = d.ending.withQuestion
	}
	return counted.Single(tally.Key{Who: strings.Join(d.presenters, " "), Code: outcome, At: d.subject})
}

// maxHelp is how much each field of [Decision.help] has, in bytes.
const maxHelp = 2 << 10

// help says what the data holder needs to help a requester whose credentials are refused: the
// rules that are broken, and what was presented. It is for the data holder's own log alone,
// and holds text that the requester chose: types are ours, DIDs are not.
func (d *Decision) help(cause error) logrus.Fields {
	fields := logrus.Fields{}
	var refusal *policy.Refusal
	if !errors.As(cause, &refusal) || slices.Contains(policy.AnswerReasons(), refusal.Reason()) {
		return fields // the credentials were in order
	}
	shown := func(parts []string) string {
		text := redact.Text(strings.Join(parts, "; "))
		return text[:min(len(text), maxHelp)]
	}
	if rules := refusal.Rules(); len(rules) > 0 {
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
