// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"strings"

	"github.com/alicebob/miniredis/v2"
)

// Sessions is the session database of a node, held where a test can look into it. A
// node keeps its access tokens there and nowhere else.
type Sessions struct {
	server *miniredis.Miniredis
}

// StartSessions starts a session database until the workspace is closed.
func (w *Workspace) StartSessions() (*Sessions, error) {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, err
	}
	w.onClose(func() error { server.Close(); return nil })
	return &Sessions{server: server}, nil
}

// Settings make a node use the database, see [NodeConfig].
func (s *Sessions) Settings() map[string]any {
	return map[string]any{"storage.session.redis.address": s.server.Addr()}
}

// Tokens counts the access tokens that are live.
func (s *Sessions) Tokens() int {
	count := 0
	for _, key := range s.server.Keys() {
		if strings.Contains(key, "serveraccesstoken") {
			count++
		}
	}
	return count
}

// Empty removes everything, tokens included.
func (s *Sessions) Empty() { s.server.FlushAll() }
