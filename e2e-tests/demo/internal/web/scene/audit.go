// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Entry is one line of a data holder's NEN 7513 log, without the patient's number.
type Entry struct {
	Time    time.Time
	Holder  string // key
	Action  string // such as token-issued
	Outcome string // good, refused or broken
	Code    string // such as permit
	Patient string // key; empty: it is about nobody
	Ground  string // key of words; empty: there is none
	Request string // the first eight letters of the id under which Mitz knows the query
}

// maxEntries is how many are shown.
const maxEntries = 60

// audit reads the logs, the newest first. A line that is being written is not read yet.
func (s *Scene) audit() (all []Entry) {
	for holder, file := range s.audits {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // nothing was written yet
		}
		for line := range bytes.Lines(content) {
			if entry, ok := s.entryOf(line); ok {
				entry.Holder = holder
				all = append(all, entry)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Entry) int { return b.Time.Compare(a.Time) })
	return all[:min(len(all), maxEntries)]
}

// plainCode is what the codes of the log look like.
var plainCode = regexp.MustCompile(`^[a-z][a-z0-9_-]{1,40}$`)

// The systems of identifiers in the log.
const (
	systemBSN = "http://fhir.nl/fhir/NamingSystem/bsn"
	uuidURN   = "urn:uuid:"
)

func (s *Scene) entryOf(line []byte) (Entry, bool) {
	var event struct {
		Subtype     []struct{ Code string }
		Recorded    time.Time
		Outcome     string
		OutcomeDesc string
		Entity      []struct {
			What struct {
				Identifier struct{ System, Value string }
			}
			Detail []struct {
				Type        string
				ValueString string
			}
		}
	}
	if json.Unmarshal(line, &event) != nil || len(event.Subtype) != 1 || !plainCode.MatchString(event.Subtype[0].Code) {
		return Entry{}, false
	}
	entry := Entry{Time: event.Recorded, Action: event.Subtype[0].Code, Outcome: "broken"}
	if plainCode.MatchString(event.OutcomeDesc) {
		entry.Code = event.OutcomeDesc
	}
	if outcome, ok := map[string]string{"0": "good", "4": "refused"}[event.Outcome]; ok {
		entry.Outcome = outcome
	}
	for _, entity := range event.Entity {
		identifier := entity.What.Identifier
		if identifier.System == systemBSN {
			entry.Patient = s.cast.keyOf(identifier.Value)
		}
		if id, ok := strings.CutPrefix(identifier.Value, uuidURN); ok && len(id) > 8 && entry.Request == "" {
			entry.Request = id[:8]
		}
		for _, detail := range entity.Detail {
			if ground := groundKey(detail.ValueString); detail.Type == "ground" && ground != "" {
				entry.Ground = ground
			}
		}
	}
	if entry.Action == "token-issued" && entry.Ground == "" && entry.Request != "" {
		entry.Ground = groundKey("mitz-closed-query")
	}
	return entry, true
}
