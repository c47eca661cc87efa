// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// finding is a vulnerability that this repository's code reaches.
type finding struct{ ID, Module string }

// message is one of those that govulncheck writes (golang.org/x/vuln/internal/govulncheck).
type message struct {
	Finding *struct {
		OSV   string `json:"osv"`
		Trace []struct {
			Module   string `json:"module"`
			Function string `json:"function"`
		} `json:"trace"` // the vulnerable place first
	} `json:"finding"`
	Config *struct {
		ScanLevel string `json:"scan_level"`
	} `json:"config"`
}

// readFindings reads a scan's messages. Findings about a module or a package of which no
// function is reached are left out.
func readFindings(report io.Reader) ([]finding, error) {
	var found []finding
	scanned := false
	for decoder := json.NewDecoder(report); ; {
		var next message
		if err := decoder.Decode(&next); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("the scanner's report: %w", err)
		}
		if next.Config != nil {
			scanned = next.Config.ScanLevel == "symbol"
		}
		if next.Finding == nil || len(next.Finding.Trace) == 0 || next.Finding.Trace[0].Function == "" {
			continue
		}
		each := finding{ID: next.Finding.OSV, Module: next.Finding.Trace[0].Module}
		if !slices.Contains(found, each) {
			found = append(found, each)
		}
	}
	if !scanned {
		return nil, errors.New("the scanner's report tells of no scan of functions")
	}
	return found, nil
}

// compare returns every difference between what was judged and what is there; symbols are
// those of the node's binary.
func compare(judged []accepted, found []finding, symbols []byte) error {
	var problems []error
	for _, each := range found {
		if !slices.ContainsFunc(judged, func(a accepted) bool { return a.ID == each.ID && a.Module == each.Module }) {
			problems = append(problems, fmt.Errorf("%s in %s is reached: raise the module, or judge by reading whether it harms, and write that into internal/vulnerabilities/accepted.json", each.ID, each.Module))
		}
	}
	for _, each := range judged {
		if !slices.Contains(found, finding{ID: each.ID, Module: each.Module}) {
			problems = append(problems, fmt.Errorf("%s in %s is found no longer: take it out of internal/vulnerabilities/accepted.json", each.ID, each.Module))
		}
		for _, name := range each.Absent {
			if bytes.Contains(symbols, []byte(name)) {
				problems = append(problems, fmt.Errorf("%s in %s: the node holds %s, which the reason says it does not", each.ID, each.Module, name))
			}
		}
	}
	return errors.Join(problems...)
}
