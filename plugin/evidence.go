// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/evidence"
)

// newEvidence opens the evidence in the node's SQL database; nil: no token rests on what a
// requester recorded, so there is none to keep.
func (e *Engine) newEvidence(read *config.Config, withdrawals evidence.Withdrawals) (*evidence.Service, error) {
	if !read.AcceptsRegistrations() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), databaseTime)
	defer cancel()
	table, err := evidence.OpenTable(ctx, e.node.Storage.GetSQLDatabase())
	if err != nil {
		return nil, fmt.Errorf("mitz: evidence of recorded consents cannot be kept: %w", err)
	}
	if err := table.CheckKeys(ctx, read.PatientKeys); err != nil {
		return nil, fmt.Errorf("mitz.withdrawal.keyfile: %w", err)
	}
	parts := evidence.Config{Store: table, Keys: read.PatientKeys, Withdrawals: withdrawals, Log: log()}
	if read.Registration.Endpoint != "" {
		parts.Mitz = read.Link
	}
	return evidence.New(parts)
}

// registered returns how many registrations there are. Where the database does not say, there are
// none: health tells that it does not.
func (e *Engine) registered() (evidence.Counts, error) {
	if !e.enabled() || e.evidence == nil {
		return evidence.Counts{}, nil
	}
	return e.evidence.Counts()
}

// registrationsIn returns how many registrations are in a state.
func (e *Engine) registrationsIn(state evidence.State) int {
	counts, _ := e.registered()
	return counts.By[state]
}

// oldestUnregistered returns how long the oldest registration waits that Mitz has not got; 0: none
// does.
func (e *Engine) oldestUnregistered() time.Duration {
	counts, _ := e.registered()
	if counts.Oldest.IsZero() {
		return 0
	}
	return max(0, e.now().Sub(counts.Oldest))
}

// evidenceHealth reports whether what requesters recorded is registered at Mitz. Trouble with
// that gives nobody a token and takes none away.
func (e *Engine) evidenceHealth(health map[string]core.Health) {
	if e.evidence == nil {
		return
	}
	entry := core.Health{Status: core.HealthStatusUp}
	counts, err := e.registered()
	if err == nil {
		err = e.evidence.Failing()
	}
	switch missing := counts.By[evidence.Waiting] + counts.By[evidence.Refused]; {
	case err != nil:
		entry = core.Health{Status: core.HealthStatusUnknown, Details: "the SQL database fails: no token is issued on a recorded consent"}
	case missing > 0 && e.oldestUnregistered() > waitingLong:
		entry = core.Health{Status: core.HealthStatusUnknown, Details: fmt.Sprintf(
			"%d recorded consents are not registered at Mitz, one of them for %s; %d are refused", missing, e.oldestUnregistered().Round(time.Minute), counts.By[evidence.Refused])}
	default:
		entry.Details = fmt.Sprintf("%d kept and not to be registered, %d in force at Mitz, %d accepted, %d wait",
			counts.By[evidence.Kept], counts.By[evidence.InForce], counts.By[evidence.Accepted], missing)
	}
	health["registrations"] = entry
}
