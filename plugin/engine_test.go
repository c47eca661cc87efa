// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"testing"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node"
)

func TestAnUnguardedEndpointDoesNotStart(t *testing.T) {
	engine := newTestEngine(t)
	engine.router = &node.Router{} // whose routes nobody registered
	require.EqualError(t, engine.Start(), "the token endpoint is not guarded")
	assert.Equal(t, core.HealthStatusDown, engine.CheckHealth()["guard"].Status)
}
