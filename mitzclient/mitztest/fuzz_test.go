// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// FuzzReadClosedQuery wants that whatever is accepted is a valid question, and can
// be answered in well-formed XML; and that what is refused is not repeated.
func FuzzReadClosedQuery(f *testing.F) {
	for _, name := range []string{"closed-query.xml", "closed-query-mandate.xml"} {
		f.Add([]byte(fixture(f, name)))
	}
	for _, d := range deviations {
		f.Add([]byte(strings.ReplaceAll(fixture(f, "closed-query.xml"), d.old, d.new)))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		asked, err := readClosedQuery(document, fixtureBase+closedQueryPath)
		if err != nil {
			if strings.Contains(err.Error(), patient) {
				t.Fatalf("the reason repeats the patient's number: %s", err)
			}
			return
		}
		if err := asked.question.Validate(); err != nil {
			t.Fatalf("accepted, but not valid: %s", err)
		}
		permit := func(consent.Category) consent.Decision { return consent.Permit }
		var got received
		if err := xml.Unmarshal([]byte(answerTo(asked, permit).String()), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Results) != len(asked.question.Categories) {
			t.Fatalf("%d results for %d categories", len(got.Results), len(asked.question.Categories))
		}
	})
}

// FuzzReadSubscription wants that whatever is accepted is whole, and that what is refused is
// not repeated.
func FuzzReadSubscription(f *testing.F) {
	for _, form := range []string{"xml", "json"} {
		text := fixture(f, "subscription."+form)
		f.Add([]byte(text), form == "json")
		for _, d := range subscriptionDeviations {
			if d.form == form || d.form == "both" {
				f.Add([]byte(strings.ReplaceAll(text, d.old, d.new)), form == "json")
			}
		}
	}
	f.Fuzz(func(t *testing.T, document []byte, isJSON bool) {
		mediaType := mediaXML
		if isJSON {
			mediaType = mediaJSON
		}
		got, err := readSubscription(document, mediaType)
		if err != nil {
			if nineDigits.MatchString(err.Error()) {
				t.Fatalf("the reason repeats a number: %s", err)
			}
			return
		}
		if got.Patient.IsZero() || got.DataHolder == "" || got.DataHolderType == "" || got.Gateway == "" || got.Source == "" ||
			checkEndpoint(got.Endpoint) != nil || got.Payload != mediaXML && got.Payload != mediaJSON {
			t.Fatal("accepted, but not whole")
		}
		if _, err := parse([]byte(notificationTo(got, state{category: "GGC002", refused: kinds}).text(mediaXML))); err != nil {
			t.Fatalf("what is told of it is no XML: %s", err)
		}
	})
}
