// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"slices"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/cmd"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// routable counts how often it registers its routes.
type routable struct {
	registered int
	server     core.EchoRouter
}

func (r *routable) Routes(server core.EchoRouter) { r.registered, r.server = r.registered+1, server }

// TestADisabledNodeHasItsOwnRouters: all of them, in their order, and nothing before them.
func TestADisabledNodeHasItsOwnRouters(t *testing.T) {
	system := cmd.CreateSystem(func() {})
	stock := slices.Clone(system.Routers)
	require.NoError(t, Install(system))
	replaced := 0
	for i, each := range system.Routers {
		if ours, ok := each.(*router); ok {
			replaced++
			assert.Same(t, stock[i], ours.stock)
			ours.engine.off = "mitz.enabled is false"
			server, own := echo.New(), &routable{}
			ours.stock = own
			ours.Routes(server)
			assert.Equal(t, 1, own.registered)
			assert.Same(t, server, own.server, "with no interceptor before it")
			assert.Empty(t, server.Routes(), "and nothing beside it")
			continue
		}
		assert.Same(t, stock[i], each)
	}
	assert.Equal(t, 1, replaced)
	assert.Len(t, system.Routers, len(stock))
}
