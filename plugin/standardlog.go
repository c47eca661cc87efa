// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import "strings"

// standardLog takes what libraries write to Go's standard log, which no hook sees, into the
// node's own. What net/http quotes there of an answer that nobody asked for is left out.
type standardLog struct{}

func (standardLog) Write(line []byte) (int, error) {
	text, _, _ := strings.Cut(string(line), " starting with ")
	log().Warn(strings.TrimSpace(text))
	return len(line), nil
}
