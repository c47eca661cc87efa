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
		page.fact("Hospital", strings.Repeat("word ", 15))
		page.hanging("✓ ", green, strings.Repeat("word ", 16))
		return out.String()
	}
	assert.Equal(t, `    Hospital            word word word word word word word word word word word
                        word word word word
    ✓ word word word word word word word word word word word word word word word
      word
`, text(false))
	coloured := text(true)
	assert.Contains(t, coloured, "\x1b[32m✓ \x1b[0mword")
	for _, code := range []style{bold, green} {
		coloured = strings.ReplaceAll(coloured, "\x1b["+string(code)+"m", "")
	}
	assert.Equal(t, text(false), strings.ReplaceAll(coloured, "\x1b[0m", ""), "colour changes nothing else")
}

func TestKeepTelling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		stop := keepTelling(&out, 10*time.Second, "busy, %s")
		time.Sleep(25 * time.Second)
		stop()
		time.Sleep(time.Minute)
		require.Equal(t, "busy, 10s\nbusy, 20s\n", out.String())
	})
}
