// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// notesIn reads the notes from a FHIR bundle.
func notesIn(answer harness.Answer) (notes []string) {
	var bundle struct {
		Entry []struct {
			Resource struct {
				Code struct {
					Text string `json:"text"`
				} `json:"code"`
			} `json:"resource"`
		} `json:"entry"`
	}
	if answer.Status != http.StatusOK || json.Unmarshal(answer.Body, &bundle) != nil {
		return nil
	}
	for _, entry := range bundle.Entry {
		if note := entry.Resource.Code.Text; note != "" {
			notes = append(notes, note)
		}
	}
	return notes
}

// summary lists what Mitz answered.
func summary(queries []mitztest.Query) string {
	var answers []string
	for _, query := range queries {
		answers = append(answers, inWords(query))
	}
	if len(answers) == 0 {
		return "no question"
	}
	return strings.Join(answers, ", ")
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
