// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"fmt"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// verdict says how a step of the check ended.
type verdict string

const (
	verdictOK      verdict = "ok"
	verdictWarning verdict = "warning"
	verdictFailed  verdict = "FAILED"
	verdictUntried verdict = "-"
)

// finding is what the check says of one step.
type finding struct {
	verdict verdict
	step    string
	text    string
	details []string
	advice  string // what to do about it; empty when there is nothing
}

// page is a page with findings.
type page struct{ report.Page }

// findings writes each finding, and returns how many steps failed.
func (p *page) findings(findings []finding) (failed int) {
	width := 0
	for _, each := range findings {
		width = max(width, len(each.step))
	}
	for _, each := range findings {
		if each.verdict == verdictFailed {
			failed++
		}
		prefix := fmt.Sprintf("%-9s%-*s  ", each.verdict, width, each.step)
		p.Hanging(prefix, len(prefix), each.text)
		for _, detail := range each.details {
			p.Paragraph(len(prefix), detail)
		}
		if each.advice != "" {
			p.Paragraph(len(prefix), "What to do: "+each.advice)
		}
	}
	fmt.Fprintln(p)
	return failed
}
