// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// The first version of this package: easy to read, and slow. What it finds must be found.
var (
	digitRun     = regexp.MustCompile(`[0-9]+`)
	escapedRun   = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|[0-9]+`)
	encodedRun   = regexp.MustCompile(`(?:(?:%3)?[0-9])+`)
	separatedRun = regexp.MustCompile(`\b[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{3}\b|\b[0-9]{4}[ .-][0-9]{2}[ .-][0-9]{3}\b`)
	separators   = strings.NewReplacer(" ", "", ".", "", "-", "", "%3", "")
	jwtRun       = regexp.MustCompile(`[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]{20,}){1,4}(?:\.[A-Za-z0-9_-]*){0,3}`)
)

func oracle(text string) string {
	text = jwtRun.ReplaceAllLiteralString(text, markJWT)
	for _, run := range []*regexp.Regexp{digitRun, escapedRun, encodedRun, separatedRun} {
		text = run.ReplaceAllStringFunc(text, func(match string) string {
			if consent.IsBSN(separators.Replace(match)) {
				return markNumber
			}
			return match
		})
	}
	return text
}

// FuzzNumbers compares with the first version: nothing that it finds is left, and where no
// escape, base64 or other script is involved, nothing else is taken out than it would.
func FuzzNumbers(f *testing.F) {
	for _, seed := range []string{
		testBSN, "900.186.021", "9001-86-021", "%39%30%30186021", "%20" + testBSN, `\x20` + testBSN, `\u0020` + testBSN,
		"%25900186021", "1%3900186021", "eyJhbGciOiJFUzI1NiJ9.eyJic24iOiI5MDAxODYwMjEifQ.c2ln", "111.900.186.021", "&#57;00186021",
		strings.Repeat("a", 20) + "." + strings.Repeat("9", 21) + "..", "OTAwMTg2MDIx", "９00186021", "900-186 021-186.021", "%%39\\x39",
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		text := one + two + one
		if len(text) > 1<<10 {
			return // long ones show nothing that short ones do not, and take the oracle long
		}
		redacted := Numbers(text)
		assert.Equal(t, redacted, oracle(redacted), "left in place: %q", text)
		if redacted == text {
			assert.False(t, Holds(text))
			return
		}
		assert.True(t, Holds(text))
		if traits := traitsOf(text); !traits.escaped() && !traits.wide && !strings.Contains(text, "+") &&
			!strings.Contains(redacted, markBase64) && separatedRun.FindString(text) == "" {
			assert.Equal(t, oracle(text), redacted, "more than is called for: %q", text)
		}
	})
}

// TestNumbersLikeTheFirstVersion does what the fuzz target does for very many texts of the
// characters that matter.
func TestNumbersLikeTheFirstVersion(t *testing.T) {
	pieces := []string{"9", "00", "186", "021", testBSN, "%", "%3", "%39", "%2", "5", `\x3`, `\u003`, `\`, ".", " ", "-", "a", "_", "[BSN]", "é", "&#57;", "+", strings.Repeat("A", 20) + "."}
	state := uint32(1)
	next := func(n int) int { // xorshift: the same texts every time
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		return int(state % uint32(n))
	}
	for range 100_000 {
		var b strings.Builder
		for range 1 + next(14) {
			b.WriteString(pieces[next(len(pieces))])
		}
		if redacted := Numbers(b.String()); redacted != oracle(redacted) {
			t.Fatalf("left in place: %q in %q", redacted, b.String())
		}
	}
}
