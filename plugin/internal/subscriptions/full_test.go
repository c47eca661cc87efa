// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/databasetest"
)

// TestTheSQLDatabaseIsFull has a real one that takes no more pages, and has room again later: what
// was wished for meanwhile is not lost, and Mitz is told of it once.
func TestTheSQLDatabaseIsFull(t *testing.T) {
	const before, meanwhile = 10, 1000
	database := databasetest.SQLite(t, filepath.Join(t.TempDir(), "sqlite.db")+databasetest.AsTheNode)
	w := newWorld(t)
	w.mitz.takes = time.Microsecond
	w.Store = openTable(t, database)
	service := w.start()
	eventually := func(condition func() bool, because string) {
		t.Helper()
		require.Eventually(t, condition, 2*time.Minute, 10*time.Millisecond, because)
	}
	w.add(service, 0, before)
	eventually(func() bool { return len(w.mitz.known()) == before }, "there is room")

	require.NoError(t, database.Exec("PRAGMA max_page_count = 1").Error) // as many as there are
	for _, each := range wishesOf(t, before, before+meanwhile) {
		service.Want(each)
	}
	eventually(func() bool { return service.Failing() != nil }, "health tells")
	assert.ErrorContains(t, service.Failing(), "SQLite error 13") // SQLITE_FULL
	_, err := service.Add(t.Context(), wishesOf(t, before+meanwhile, before+2*meanwhile)...)
	require.Error(t, err, "the record system is told that it is not kept")
	page, err := service.List(t.Context(), "east", "", 1)
	require.NoError(t, err, "what is there can be read")
	assert.Less(t, page.Counts.By[Waiting]+page.Counts.By[Subscribed], before+meanwhile)

	require.NoError(t, database.Exec("PRAGMA max_page_count = 1000000").Error)
	eventually(func() bool { return len(w.mitz.known()) == before+meanwhile && service.Failing() == nil }, "it is made up for")
	assert.Len(t, w.mitz.received(), before+meanwhile, "each once")
	w.tellsNoPatient()
}
