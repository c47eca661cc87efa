// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/notify"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// newSubscriptions opens the subscriptions in the node's SQL database; nil: Mitz is not to
// notify this node.
func (e *Engine) newSubscriptions(read *config.Config) (*subscriptions.Service, error) {
	if read.NotifyURL == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), databaseTime)
	defer cancel()
	table, err := subscriptions.OpenTable(ctx, e.node.Storage.GetSQLDatabase())
	if err != nil {
		return nil, fmt.Errorf("mitz: subscriptions cannot be kept: %w", err)
	}
	if err := table.CheckKeys(ctx, read.PatientKeys); err != nil {
		return nil, fmt.Errorf("mitz.withdrawal.keyfile: %w", err)
	}
	return subscriptions.New(subscriptions.Config{
		Store: table, Keys: read.PatientKeys, Mitz: read.Link,
		DataHolder: func(subject string) (consent.DataHolder, bool) { return read.Policy.Lists().DataHolder(subject) },
		Subjects:   func() []string { return read.Policy.Lists().Subjects() },
		NotifyURL:  read.NotifyURL, GatewaySystem: read.Withdrawal.GatewaySystem, SourceSystem: read.Withdrawal.SourceSystem,
		Log: log(),
	})
}

// newNotified makes the endpoint where Mitz notifies this node; nil: there are no keys, so there
// is no path that could be known. It is there also where nobody is subscribed any more: Mitz may
// know of subscriptions from before.
func (e *Engine) newNotified(read *config.Config, marks *withdrawal.Marks) (*notify.Endpoint, error) {
	if read.PatientKeys == nil {
		return nil, nil
	}
	parts := notify.Parts{
		Keys: read.PatientKeys, Marks: marks, Policy: read.Policy, Recorder: e.recorder,
		Certificate: read.NotifyCertificate, Requests: e.requests, Now: e.now,
	}
	if e.evidence != nil {
		parts.Withdrawn = e.evidence.Withdrawn
	}
	return notify.New(parts)
}

// counted returns how many subscriptions there are. Where the database does not say, there are
// none: health tells that it does not.
func (e *Engine) counted() (subscriptions.Counts, error) {
	if !e.enabled() || e.subscriptions == nil {
		return subscriptions.Counts{}, nil
	}
	return e.subscriptions.Counts()
}

// subscriptionsIn returns how many subscriptions are in a state.
func (e *Engine) subscriptionsIn(state subscriptions.State) int {
	counts, _ := e.counted()
	return counts.By[state]
}

// oldestWaiting returns how long the oldest wish waits that Mitz was not told of; 0: none does.
func (e *Engine) oldestWaiting() time.Duration {
	counts, _ := e.counted()
	if counts.Oldest.IsZero() {
		return 0
	}
	return max(0, e.now().Sub(counts.Oldest))
}

// wishesDropped returns how many wishes were dropped since the start.
func (e *Engine) wishesDropped() int64 {
	if !e.enabled() || e.subscriptions == nil {
		return 0
	}
	return e.subscriptions.Dropped()
}

// waitingLong is how long a wish may wait before health tells.
const waitingLong = time.Hour

// subscriptionsHealth reports whether Mitz is told of the patients to subscribe to. Trouble
// with that gives nobody a token and takes none away.
func (e *Engine) subscriptionsHealth(health map[string]core.Health) {
	if e.subscriptions == nil {
		return
	}
	entry := core.Health{Status: core.HealthStatusUp}
	counts, err := e.counted()
	if err == nil {
		err = e.subscriptions.Failing()
	}
	switch waiting := counts.By[subscriptions.Waiting] + counts.By[subscriptions.Ending]; {
	case err != nil:
		entry = core.Health{Status: core.HealthStatusUnknown, Details: "the SQL database fails: subscribing waits, and goes on when it works"}
	case waiting > 0 && e.oldestWaiting() > waitingLong:
		entry = core.Health{Status: core.HealthStatusUnknown, Details: fmt.Sprintf(
			"%d wait for Mitz, one of them for %s: what these patients withdraw does not end tokens yet", waiting, e.oldestWaiting().Round(time.Minute))}
	default:
		teller := "another node"
		if e.subscriptions.IsWorking() {
			teller = "this node"
		}
		entry.Details = fmt.Sprintf("%d, and %d wait for Mitz, which %s tells", counts.By[subscriptions.Subscribed], waiting, teller)
	}
	health["subscriptions"] = entry
}

// notifyTrustHooks log what becomes of a changed trust store for notifications.
func notifyTrustHooks() notify.TrustHooks {
	return notify.TrustHooks{
		Changed: func() { log().Info("The changed trust store for notifications of Mitz is in use") },
		Refused: func(err error) {
			log().WithError(err).Error("The changed trust store for notifications of Mitz is not good: the one before stays in use")
		},
	}
}

// notifyTrustHealth reports on the trust store for notifications, if there is one.
func (e *Engine) notifyTrustHealth(health map[string]core.Health) {
	if e.notifyTrust == nil {
		return
	}
	health["notifytruststore"] = core.Health{Status: core.HealthStatusUp}
	if e.notifyTrust.Refused() {
		health["notifytruststore"] = core.Health{Status: core.HealthStatusUnknown,
			Details: "the changed trust store for notifications is not good: the one before stays in use, and the next start would fail"}
	}
}
