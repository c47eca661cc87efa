// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkLink is to be read beside BenchmarkConsult.
func BenchmarkLink(b *testing.B) {
	server, q := start(b, permits(b)), question(b, "GGC002")
	files := server.authority.files(b)
	link, err := NewLink(Config{Endpoint: server.URL + "/mitz", Files: &files, QueriesPerMinute: math.MaxInt32}, Hooks{})
	require.NoError(b, err)
	defer link.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := link.Consult(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
