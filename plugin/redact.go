// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"strings"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// redactBSN replaces what has the form of a patient's number, and cuts what is long.
func redactBSN(text string) string { return redact.Text(text) }

// reason returns the stable code of why there is no answer.
func reason(err error) string { return record.Reason(err) }

// standardLog takes what libraries write to Go's standard log, which no hook sees, into the
// node's own. What net/http quotes there of an answer that nobody asked for is left out.
type standardLog struct{}

func (standardLog) Write(line []byte) (int, error) {
	text, _, _ := strings.Cut(string(line), " starting with ")
	log().Warn(strings.TrimSpace(text))
	return len(line), nil
}
