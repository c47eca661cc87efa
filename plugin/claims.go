// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
)

// databaseTime is how long the SQL database may take to open what is kept in it.
const databaseTime = 30 * time.Second

// openClaims opens the claims of what guarded tokens rest on: in memory where the node's
// sessions are, since other nodes know nothing of them then; otherwise in the SQL database,
// which all nodes of a cluster share as they share their sessions.
func (e *Engine) openClaims() (once.Claims, error) {
	if e.node.HasSessionsOfItsOwn() {
		return once.NewMemory(e.now), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), databaseTime)
	defer cancel()
	table, err := once.OpenTable(ctx, e.node.Storage.GetSQLDatabase(), e.now)
	if err != nil {
		return nil, fmt.Errorf("mitz: what may be used once cannot be kept: %w", err)
	}
	e.claims = once.NewCluster(table, e.node.ClaimStore(), e.now, claimsChanged)
	return e.claims, nil
}

func claimsChanged(trouble error) {
	if trouble != nil {
		log().WithError(trouble).Error("The SQL database does not take what was used once: guarded tokens go on, kept in the session database, and take longer")
		return
	}
	log().Warn("The SQL database takes what was used once again")
}

// claimsHealth reports whether the SQL database takes what was used once, where nodes share it.
// Tokens go on without.
func (e *Engine) claimsHealth(health map[string]core.Health) {
	if e.claims == nil {
		return
	}
	health["claims"] = core.Health{Status: core.HealthStatusUp}
	if e.claims.Trouble() != nil {
		health["claims"] = core.Health{Status: core.HealthStatusUnknown,
			Details: "the SQL database fails: what was used once is kept in the session database, and guarded tokens take longer"}
	}
}

// claimedWithoutTable returns how often something was claimed while the SQL database failed.
func (e *Engine) claimedWithoutTable() int64 {
	if !e.enabled() || e.claims == nil {
		return 0
	}
	return e.claims.WithoutTable()
}
