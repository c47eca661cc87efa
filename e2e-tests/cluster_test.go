// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// sharedSQL is the PostgreSQL server of the tests that need one. Each has a database of its
// own there.
var sharedSQL lazySQL

type lazySQL struct {
	mutex     sync.Mutex
	workspace *harness.Workspace
	server    *harness.Postgres
}

func (s *lazySQL) start(t *testing.T) *harness.Postgres {
	t.Helper()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.server != nil {
		return s.server
	}
	var err error
	if s.workspace == nil {
		s.workspace, err = harness.NewWorkspace(logs)
		require.NoError(t, err)
	}
	s.server, err = s.workspace.StartPostgres(context.Background())
	require.NoError(t, err)
	return s.server
}

func (s *lazySQL) close() error {
	if s.workspace == nil {
		return nil
	}
	return s.workspace.Close()
}

// cluster is a data holder with two nodes, which share a real Redis and a real PostgreSQL.
type cluster struct {
	*harness.World
	first, second *harness.Node
	redis         *harness.Redis
	gate          *harness.Gate // of the first node to Redis; nil where that has TLS
	sql           *harness.Postgres
	database      string // in sql
}

func startCluster(t *testing.T) (*harness.World, []*harness.Node) {
	c := newCluster(t, plainWorld(), harness.RedisConfig{})
	return c.World, []*harness.Node{c.first, c.second}
}

func startSecuredCluster(t *testing.T) (*harness.World, []*harness.Node) {
	c := newCluster(t, plainWorld(), harness.RedisConfig{Secured: true})
	return c.World, []*harness.Node{c.first, c.second}
}

// newCluster starts the data holder's node of a world twice.
func newCluster(t *testing.T, config harness.WorldConfig, redis harness.RedisConfig) *cluster {
	t.Helper()
	c := &cluster{sql: sharedSQL.start(t)}
	var second harness.NodeConfig
	configure := config.ConfigureDataHolder
	config.ConfigureDataHolder = func(ctx context.Context, w *harness.World, node *harness.NodeConfig) error {
		require.NoError(t, configure(ctx, w, node))
		var databases map[string]any
		var err error
		c.database, databases, err = c.sql.NewDatabase(ctx)
		require.NoError(t, err)
		c.redis, err = w.StartRedis(ctx, redis)
		require.NoError(t, err)
		maps.Copy(node.Settings, databases)
		maps.Copy(node.Settings, c.redis.Settings())
		second = *node
		second.Settings = maps.Clone(node.Settings)
		if !redis.Secured {
			c.gate, err = w.StartGate(c.redis)
			require.NoError(t, err)
			maps.Copy(node.Settings, c.gate.Settings())
		}
		return nil
	}
	c.World = harness.StartWorld(t, config)
	c.first = c.DataHolder
	second.Settings["url"] = c.first.URL
	second.YAML = strings.ReplaceAll(second.YAML, harness.NodeURL, c.first.URL)
	c.second = must[*harness.Node](t)(c.StartNode(t.Context(), second))
	return c
}

// active reports what each node says of a token: the same.
func (c *cluster) active(t *testing.T, token string) bool {
	t.Helper()
	active := isActive(t, c.first, token)
	require.Equal(t, active, isActive(t, c.second, token), "the nodes differ")
	return active
}
