// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"errors"

	"github.com/nuts-foundation/nuts-node/storage"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// places keeps texts in the node's session database, which all nodes share that share their
// tokens.
type places struct{ sessions storage.SessionStore }

var (
	_ withdrawal.Store = places{}
	_ once.Shared      = places{}
)

// MarkStore returns where marks are kept.
func (e Engines) MarkStore() withdrawal.Store {
	return places{e.Storage.GetSessionDatabase().GetStore(markLife, "mitz", "mark")}
}

// ClaimStore returns where nodes tell each other what was used once.
func (e Engines) ClaimStore() once.Shared {
	return places{e.Storage.GetSessionDatabase().GetStore(once.Kept, "mitz", "once")}
}

func (p places) Get(place string) (text string, err error) {
	if err := p.sessions.Get(place, &text); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return "", err
	}
	return text, nil
}

func (p places) Put(place, text string) error { return p.sessions.Put(place, text) }
