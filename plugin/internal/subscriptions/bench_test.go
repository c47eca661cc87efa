// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/databasetest"
)

// thousand returns that many wishes about patients that no other call gave.
func thousand(n int) (rows []row, places [][]string) {
	for i := range 1000 {
		each := newRow("k1", "hospital-east", fmt.Sprint(n, "/", i))
		each.Sealed = make([]byte, 50)
		each.Told = placeOf("told", "")
		rows, places = append(rows, each), append(places, []string{each.Place})
	}
	return rows, places
}

// BenchmarkTable tells what calls cost where there are 100,000 subscriptions, of which one in
// a hundred waits for Mitz.
func BenchmarkTable(b *testing.B) {
	size := 100
	for name, start := range databasetest.Servers() {
		b.Run(name, func(b *testing.B) {
			kept := openTable(b, start(b)(b)(b))
			for n := range size {
				rows, places := thousand(n)
				for i := range rows {
					if i%100 != 0 {
						rows[i].State = Subscribed
					}
				}
				_, err := kept.add(b.Context(), rows, places)
				require.NoError(b, err)
			}
			b.Run("add of 1000 rows", func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					size++
					rows, places := thousand(size)
					b.StartTimer()
					_, err := kept.add(b.Context(), rows, places)
					require.NoError(b, err)
				}
			})
			rows, places := thousand(0)
			bench := func(name string, do func() error) {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						require.NoError(b, do())
					}
				})
			}
			bench("add of 1000 rows that are there", func() error { _, err := kept.add(b.Context(), rows, places); return err })
			bench("add of a row that is there", func() error { _, err := kept.add(b.Context(), rows[:1], places[:1]); return err })
			n := 0
			bench("add of a row", func() error {
				n++
				each := newRow("k1", "hospital-east", uuid.NewString())
				_, err := kept.add(b.Context(), []row{each}, [][]string{{each.Place}})
				return err
			})
			bench("due of 100 rows", func() error {
				_, err := kept.due(b.Context(), Waiting, wishedAt.Add(time.Hour), 100, nil)
				return err
			})
			bench("due without subjects", func() error {
				_, err := kept.due(b.Context(), Waiting, wishedAt.Add(time.Hour), 100, []string{"hospital-east"})
				return err
			})
			bench("outdated", func() error {
				_, err := kept.outdated(b.Context(), "hospital-east", "00000659", placeOf("told", ""), 100)
				return err
			})
			bench("list", func() error { _, err := kept.list(b.Context(), "hospital-east", "8", 100); return err })
			bench("count", func() error { _, err := kept.count(b.Context(), ""); return err })
			bench("count of a subject", func() error { _, err := kept.count(b.Context(), "hospital-east"); return err })
			bench("keys", func() error { _, err := kept.keys(b.Context()); return err })
			due, err := kept.due(b.Context(), Waiting, wishedAt.Add(time.Hour), 1, nil)
			require.NoError(b, err)
			bench("replace", func() error { _, err := kept.replace(b.Context(), due[0]); due[0].Version++; return err })
		})
	}
}
