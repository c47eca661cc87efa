// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestASoakNoticesWhatIsLeft(t *testing.T) {
	reading := func(memory int64, goroutines int) soakReading { return soakReading{memory << 20, goroutines} }
	steady := []soakReading{reading(80, 70), reading(100, 70), reading(109, 70)}
	for name, test := range map[string]struct {
		soaked soaked
		lines  []string
	}{
		"nothing": {soaked{reading(50, 40), steady, reading(100, 50)}, []string{
			`goroutines at rest, after +50 +50 \(40 before, and 10\) +reached`,
			`memory in the last minute +109 MiB +110 MiB \(1.1 of the second's\) +reached`,
		}},
		"goroutines": {soaked{reading(50, 40), steady, reading(100, 51)}, []string{`after +51 .* not reached`, `MiB .*\) +reached`}},
		"memory":     {soaked{reading(50, 40), append(steady, reading(111, 70)), reading(100, 40)}, []string{`111 MiB .* not reached`}},
		"that a short one cannot tell": {soaked{reading(50, 40), steady[:2], reading(100, 40)}, []string{
			`memory in the last minute +- +takes three minutes`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			test.soaked.print(&out)
			for _, line := range test.lines {
				assert.Regexp(t, line, out.String())
			}
		})
	}
}
