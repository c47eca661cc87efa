// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"fmt"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// mark says how a step of the check ended.
type mark string

const (
	markOK      mark = "ok"
	markWarning mark = "warning"
	markFailed  mark = "FAILED"
	markUntried mark = "-"
)

// finding is what the check says of one step.
type finding struct {
	mark    mark
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
		if each.mark == markFailed {
			failed++
		}
		prefix := fmt.Sprintf("%-9s%-*s  ", each.mark, width, each.step)
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
