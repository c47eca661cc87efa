// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"encoding/json"
	"slices"
	"time"

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
func (s *Sessions) Tokens() int { return len(s.tokens()) }

// tokens returns the keys of the access tokens that are live.
func (s *Sessions) tokens() []string {
	return slices.DeleteFunc(s.server.Keys(), func(key string) bool { return !IsToken(key) })
}

// RequestIDs returns, of each token that is live, the id of the query that it rests on: ""
// when it rests on none.
func (s *Sessions) RequestIDs() (ids []string, err error) {
	for _, key := range s.tokens() {
		content, err := s.server.Get(key)
		if err != nil {
			return nil, err
		}
		var token struct {
			Claims struct {
				RequestID string `json:"consent_request_id"`
			} `json:"inputdescriptor_constraint_id_map"`
		}
		if err := json.Unmarshal([]byte(content), &token); err != nil {
			return nil, err
		}
		ids = append(ids, token.Claims.RequestID)
	}
	return ids, nil
}

// Pass lets time pass for what is in the database, and for nothing else.
func (s *Sessions) Pass(time time.Duration) { s.server.FastForward(time) }

// KeptToken is an access token in the database. A mark beside it may have ended it: only its node
// says whether it lives.
type KeptToken struct {
	Token           string
	Issued, Expires time.Time
	Claims          map[string]any // one may be a patient's number
	Bound           bool           // to a key, by DPoP
}

// Kept returns the access tokens in the database, the newest first.
func (s *Sessions) Kept() (all []KeptToken) {
	for _, key := range s.tokens() {
		content, err := s.server.Get(key)
		if err != nil {
			continue // it ended since it was listed
		}
		var token struct {
			Token      string          `json:"token"`
			Issued     time.Time       `json:"issued_at"`
			Expiration time.Time       `json:"expiration"`
			Claims     map[string]any  `json:"inputdescriptor_constraint_id_map"`
			DPoP       json.RawMessage `json:"dpop"`
		}
		if json.Unmarshal([]byte(content), &token) == nil {
			bound := len(token.DPoP) > 0 && string(token.DPoP) != "null"
			all = append(all, KeptToken{token.Token, token.Issued, token.Expiration, token.Claims, bound})
		}
	}
	slices.SortFunc(all, func(a, b KeptToken) int { return b.Issued.Compare(a.Issued) })
	return all
}

// Empty removes everything, tokens included.
func (s *Sessions) Empty() { s.server.FlushAll() }
