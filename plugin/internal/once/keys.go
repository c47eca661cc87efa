// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package once

import "sync"

// Keys has one user of a key at a time. The zero value is ready for use.
type Keys struct {
	mutex sync.Mutex
	held  map[ID]*heldKey
}

type heldKey struct {
	turn  chan struct{} // holds one while somebody uses the key
	users int           // that use it or wait for it
}

// lock waits until nobody uses the key, and returns what ends the use.
func (k *Keys) lock(id ID) (unlock func()) {
	k.mutex.Lock()
	key := k.held[id]
	if key == nil {
		if k.held == nil {
			k.held = map[ID]*heldKey{}
		}
		key = &heldKey{turn: make(chan struct{}, 1)}
		k.held[id] = key
	}
	key.users++
	k.mutex.Unlock()
	key.turn <- struct{}{}
	return func() {
		<-key.turn
		k.mutex.Lock()
		defer k.mutex.Unlock()
		if key.users--; key.users == 0 {
			delete(k.held, id)
		}
	}
}
