// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWrap(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		lines []string
	}{
		"nothing is one empty line":         {"", []string{""}},
		"a line is filled to the last one":  {"ab cd efg hij", []string{"ab cd", "efg", "hij"}},
		"a letter with an accent is one":    {"één ééé", []string{"één", "ééé"}},
		"a long word stays whole":           {"a https://x b", []string{"a", "https://x", "b"}},
		"spaces and line ends are the same": {" a\n b ", []string{"a b"}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.lines, wrap(test.text, 5)) })
	}
}

func TestPage(t *testing.T) {
	text := func(colour bool) string {
		var out bytes.Buffer
		page := page{out: &out, colour: colour}
		page.fact("Hospital says", strings.Repeat("word ", 15))
		page.check(true, "This is so.", "not shown")
		page.check(false, "This is so.", "it is not")
		return out.String()
	}
	assert.Equal(t, `    Hospital says       word word word word word word word word word word word
                        word word word word
    [ok]     This is so.
    [FAILED] This is so.
             instead: it is not
`, text(false))
	coloured := text(true)
	assert.Contains(t, coloured, "\x1b[32m[ok]     \x1b[0mThis is so.")
	for _, code := range []style{bold, green, red} {
		coloured = strings.ReplaceAll(coloured, "\x1b["+string(code)+"m", "")
	}
	assert.Equal(t, text(false), strings.ReplaceAll(coloured, "\x1b[0m", ""), "colour changes nothing else")
}

func TestKeepTelling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		stop := keepTelling(&out, 10*time.Second)
		time.Sleep(25 * time.Second)
		stop()
		time.Sleep(time.Minute)
		require.Equal(t, "  ... still building, 10s so far\n  ... still building, 20s so far\n", out.String())
	})
}
