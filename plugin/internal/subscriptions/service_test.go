// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWishesAreSubscribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		service := w.start()
		in(time.Second)
		w.add(service, 0, 250)
		service.Want(wish(t, 250))
		in(time.Minute)
		assert.Len(t, w.mitz.known(), 251)
		assert.Len(t, w.mitz.received(), 251)
		w.settle()
	})
}

func TestTheStoreOfTheseTests(t *testing.T) {
	testStore(t, func(*testing.T) store { return newInMemory() })
}
