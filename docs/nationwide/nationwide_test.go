// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the tables in docs/nationwide.md")

var root = filepath.Join("..", "..")

// TestTheDocumentSaysWhatIsComputed plays the whole national day, which takes some seconds.
func TestTheDocumentSaysWhatIsComputed(t *testing.T) {
	path := filepath.Join(root, "docs", "nationwide.md")
	assumptions, err := load("assumptions.json")
	require.NoError(t, err)
	tables := compute(assumptions)
	for _, each := range assumptions.all {
		assert.True(t, assumptions.asked[each.Name], "nothing follows from %s", each.Name)
	}
	if *update {
		require.NoError(t, write(path, tables))
	}
	document, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = place(string(document), tables)
	require.NoError(t, err)
	for _, each := range tables {
		_, written, _ := strings.Cut(string(document), "<!-- table: "+each.name+" -->\n")
		written, _, _ = strings.Cut(written, endOfTable)
		assert.Equal(t, each.text, written, "when this is meant: go run ./docs/nationwide")
	}
}

func TestTheSharesAreShares(t *testing.T) {
	a, err := load("assumptions.json")
	require.NoError(t, err)
	c := newCountry(a)
	nodes, asked, subs := 0, 0.0, 0.0
	for _, each := range c.classes {
		assert.Positive(t, each.nodes, each.name)
		assert.Positive(t, each.asked, each.name)
		nodes, asked, subs = nodes+each.nodes, asked+each.asked, subs+each.subs
	}
	assert.Equal(t, a.number("nodes"), nodes)
	assert.InDelta(t, 1, asked, 1e-9)
	assert.InDelta(t, 1, subs, 1e-9)
	hours := 0.0
	for _, each := range c.hoursOfWithdrawals() {
		hours += each
	}
	assert.InDelta(t, 1, hours, 1e-9)
}

func TestAssumptionsThatAreNotRight(t *testing.T) {
	for name, content := range map[string]string{
		"no list":           `{}`,
		"a misspelt member": `[{"name": "a", "valeu": 1, "text": "a"}]`,
		"a name twice":      `[{"name": "a", "value": 1, "text": "a"}, {"name": "a", "value": 2, "text": "b"}]`,
		"no name":           `[{"value": 1, "text": "a"}]`,
		"no text":           `[{"name": "a", "value": 1}]`,
		"a negative number": `[{"name": "a", "value": -1, "text": "a"}]`,
		"known from nobody": `[{"name": "a", "value": 1, "text": "a", "known": true}]`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "assumptions.json")
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := load(path)
			assert.Error(t, err)
		})
	}
	a := &assumptions{values: map[string]float64{"a": 1}, asked: map[string]bool{}}
	assert.Panics(t, func() { a.of("b") })
}

func TestTablesHavePlaces(t *testing.T) {
	document := "one\n<!-- table: a -->\nold\n" + endOfTable + "\ntwo\n<!-- table: b -->\n" + endOfTable + "\n"
	placed, err := place(document, []table{{"b", "B\n"}, {"a", "A\n"}})
	require.NoError(t, err)
	assert.Equal(t, "one\n<!-- table: a -->\nA\n"+endOfTable+"\ntwo\n<!-- table: b -->\nB\n"+endOfTable+"\n", placed)
	again, err := place(placed, []table{{"a", "A\n"}, {"b", "B\n"}})
	require.NoError(t, err)
	assert.Equal(t, placed, again)
	for name, tables := range map[string][]table{
		"a table without a place": {{"a", ""}, {"b", ""}, {"c", ""}},
		"a place without a table": {{"a", ""}},
	} {
		_, err := place(document, tables)
		assert.Error(t, err, name)
	}
	_, err = place(document+document, []table{{"a", ""}, {"b", ""}})
	assert.Error(t, err, "two places")
	_, err = place(strings.ReplaceAll(document, endOfTable, ""), []table{{"a", ""}, {"b", ""}})
	assert.Error(t, err, "a place without an end")
}

func TestNumbersAreWrittenAsTheySaySomething(t *testing.T) {
	for want, n := range map[string]float64{
		"0": 0, "0.067": 0.0667, "0.5": 0.5, "1": 1, "3.5": 3.49, "12": 12.3, "47,300,000": 47_250_000, "1,000": 999.9, "9,990": 9_987, "4.5": 4.5, "200": 200,
	} {
		assert.Equal(t, want, number(n), n)
	}
	assert.Equal(t, "1,234,567", commas(1234567))
	assert.Equal(t, "123", commas(123))
	assert.Equal(t, "0.1%", percent(0.0012))
	assert.Equal(t, "0%", percent(0.0001))
	assert.Equal(t, "64%", percent(0.6409))
	for want, d := range map[string]time.Duration{"65 ms": 65 * time.Millisecond, "90 s": 90 * time.Second, "4.7 min": 282 * time.Second, "16 h": 16 * time.Hour, "2.7 days": 65 * time.Hour, "never": -1} {
		assert.Equal(t, want, span(d, "never"))
	}
}
