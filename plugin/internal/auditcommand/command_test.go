// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package auditcommand

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
)

const (
	patient      = "900186021"
	otherPatient = "999990019"
)

// run runs "audit" with these arguments.
func run(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	command := New(func(*cobra.Command) (*config.Config, error) { return nil, errors.New("not configured") })
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(args)
	err = command.ExecuteContext(t.Context())
	return out.String(), err
}

func question(t *testing.T, bsn string) *consent.Question {
	t.Helper()
	number, err := consent.ParseBSN(bsn)
	require.NoError(t, err)
	return &consent.Question{
		Patient: number, DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Requester: consent.Requester{
			URA: "12345678", FacilityType: "G3",
			Responsible: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000008"}, Role: "03.000"},
		},
		Categories: []consent.Category{"GGC002", "GGC999"}, Purpose: consent.PurposeTreatment,
	}
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// written is a log with these entries, a second after each other.
func written(t *testing.T, entries ...nen7513.Entry) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.jsonl")
	log, err := nen7513.Open(path, nen7513.Hooks{})
	require.NoError(t, err)
	for i, entry := range entries {
		entry.Time = start.Add(time.Duration(i) * time.Second)
		require.NoError(t, log.Append(t.Context(), entry))
	}
	require.NoError(t, log.Close())
	return path
}

func patientFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "patient.txt")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// token are the entries of a token request with these queries.
func token(q *consent.Question, last nen7513.Action, code string, outcome nen7513.Outcome, ids ...string) (entries []nen7513.Entry) {
	for _, id := range ids {
		entries = append(entries,
			nen7513.Entry{Action: nen7513.Query, Outcome: nen7513.SeriousFailure, Code: "asked", RequestIDs: []string{id}, Question: q},
			nen7513.Entry{Action: nen7513.Consult, Outcome: outcome, Code: code, RequestIDs: []string{id}, Question: q})
	}
	return append(entries, nen7513.Entry{Action: last, Outcome: outcome, Code: code, RequestIDs: ids, Question: q, Scope: "birth-care"})
}

// revoked is the entry of live tokens about a patient that were ended, for which nobody asked.
func revoked(q *consent.Question) nen7513.Entry {
	return nen7513.Entry{
		Action: nen7513.TokensRevoked, Outcome: nen7513.Success, Code: "record_system", Patient: q.Patient, DataHolder: q.DataHolder.URA,
	}
}

// lookedAtAgain are the entries of a token, and as many of a look at it.
func lookedAtAgain(q *consent.Question, of int) []nen7513.Entry {
	entries := token(q, nen7513.TokenIssued, "permit", nen7513.Success, "1")
	look := token(q, nen7513.TokensRevoked, "recheck", nen7513.Success, "2")
	for i := range look {
		look[i].RequestIDs = []string{"2", "1"}
	}
	return append(entries, look[:of]...)
}

func TestVerifyCommand(t *testing.T) {
	path := written(t, token(question(t, patient), nen7513.TokenIssued, "permit", nen7513.Success, "id-1")...)
	output, err := run(t, "verify", "--file", path)
	require.NoError(t, err)
	assert.Contains(t, output, "Entries that follow each other: 3, from number 1 to 3\nSigned summaries that are right: 0\n")
	assert.Contains(t, output, "\nNothing is wrong.\nNothing is signed yet, either: ")
	last := regexp.MustCompile(`Last entry: (\S+)\n`).FindStringSubmatch(output)[1]

	_, err = run(t, "verify", "--file", path, "--entry", last)
	require.NoError(t, err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, test := range []struct {
		name, content string
		args          []string
		words         string
	}{
		{"an entry that is altered", strings.Replace(string(content), "id-1", "id-2", 1), nil, ", line 1: this entry is not as it was written"},
		{"a key and no signature", string(content), []string{"--key", strings.Repeat("x", 43)}, "BROKEN  a key is pinned, and nothing is signed"},
		{"an entry that is gone", string(content[:bytes.LastIndexByte(content[:len(content)-1], '\n')+1]), []string{"--entry", last}, "an entry is not there"},
	} {
		t.Run(test.name+" ends with an error", func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "audit.jsonl")
			require.NoError(t, os.WriteFile(file, []byte(test.content), 0o600))
			output, err := run(t, append([]string{"verify", "--file", file}, test.args...)...)
			assert.EqualError(t, err, "the audit file is not as it was written")
			assert.Contains(t, output, test.words)
			assert.NotContains(t, output, patient)
		})
	}
	for name, args := range map[string][]string{
		"a file that is not there": {"verify", "--file", path + "x"}, "no file": {"verify"}, "a wrong key": {"verify", "--key", "x"},
		"a wrong entry": {"verify", "--entry", "1"}, "nothing signed": {"key", "--file", path}, "a misspelt command": {"verfy"},
	} {
		t.Run(name+" is an error", func(t *testing.T) {
			_, err := run(t, args...)
			assert.Error(t, err)
		})
	}
}

func TestEveryFaultHasWords(t *testing.T) {
	for _, fault := range []nen7513.Fault{
		nen7513.FaultAltered, nen7513.FaultRemoved, nen7513.FaultReordered, nen7513.FaultInserted, nen7513.FaultNoEntry,
		nen7513.FaultNewChain, nen7513.FaultSignature, nen7513.FaultKey, nen7513.FaultUnsigned, nen7513.FaultMissing,
	} {
		assert.NotEmpty(t, faultWords[fault], fault)
	}
}

func TestShowCommand(t *testing.T) {
	mine, others := question(t, patient), question(t, otherPatient)
	var entries []nen7513.Entry
	entries = append(entries, token(mine, nen7513.TokenIssued, "permit", nen7513.Success, "query-1", "query-2")...)
	entries = append(entries, token(others, nen7513.TokenRefused, "denied", nen7513.MinorFailure, "query-of-another")...)
	entries = append(entries, nen7513.Entry{Action: nen7513.TokenRefused, Outcome: nen7513.MinorFailure, Code: "claim_missing"})
	entries = append(entries, token(mine, nen7513.TokenRefused, "circuit_open", nen7513.SeriousFailure)...)
	entries = append(entries, revoked(mine), revoked(others))
	path, patients := written(t, entries...), patientFile(t, " "+patient+"\r\n")
	t.Run("the page has a section for each request of this patient, and nobody's number", func(t *testing.T) {
		output, err := run(t, "show", "--file", path, "--patient-file", patients)
		require.NoError(t, err)
		assert.Equal(t, 2, strings.Count(output, "<section>"), "two queries of one request are told as one")
		for _, text := range []string{
			`<html lang="nl">`, "Toegang gegeven: volgens Mitz mag dit. (code permit)", "query-1, query-2",
			"verloskundige (03.000), nummer 900000008 (UZI-register)", "verloskundigenpraktijk (G3), URA 12345678",
			"behandelgegevens (GGC002), GGC999 (onbekende code)", "01-03-2026 13:00:00", "Geen toegang: wij konden niet vaststellen",
			"niet nagevraagd", "Keuzes die zijn gewijzigd, en toegang die is beëindigd", "13:00:10: Wij hebben alle toegang beëindigd", "01-03-2026 tot en met 01-03-2026 (Nederlandse tijd)",
		} {
			assert.Contains(t, output, text)
		}
		assert.NotContains(t, output, patient)
		assert.NotContains(t, output, "query-of-another")
		assert.NotRegexp(t, `(?i)(src|href)=|url\(|@import`, output, "it loads something")
	})
	t.Run("in English", func(t *testing.T) {
		output, err := run(t, "show", "--file", path, "--patient-file", patients, "--language", "en")
		require.NoError(t, err)
		assert.Contains(t, output, "Access given: Mitz says that this is allowed. (code permit)")
	})
	t.Run("of nobody else", func(t *testing.T) {
		output, err := run(t, "show", "--file", path, "--patient-file", patientFile(t, "111222333"))
		require.NoError(t, err)
		assert.Contains(t, output, dutch.None)
		assert.NotContains(t, output, "<section>")
	})
	t.Run("as FHIR it has the entries as they are", func(t *testing.T) {
		output, err := run(t, "show", "--file", path, "--patient-file", patients, "--format", "fhir")
		require.NoError(t, err)
		var bundle struct {
			ResourceType, Type string
			Entry              []struct{ Resource json.RawMessage }
		}
		require.NoError(t, json.Unmarshal([]byte(output), &bundle))
		assert.Equal(t, "Bundle collection", bundle.ResourceType+" "+bundle.Type)
		require.Len(t, bundle.Entry, 7)
		for at, action := range map[int]nen7513.Action{0: nen7513.Query, 6: nen7513.TokensRevoked} {
			entry, err := nen7513.Decode(bundle.Entry[at].Resource)
			require.NoError(t, err)
			assert.Equal(t, action, entry.Action)
		}
	})
	t.Run("a file that was altered is not relied on, unless that is wanted", func(t *testing.T) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		altered := filepath.Join(t.TempDir(), "audit.jsonl")
		require.NoError(t, os.WriteFile(altered, append([]byte("\xff\x00 what is this\n"), content...), 0o600))
		output, err := run(t, "show", "--file", altered, "--patient-file", patients)
		assert.ErrorContains(t, err, altered+", line 1: this line is no whole entry")
		assert.Empty(t, output)
		output, err = run(t, "show", "--file", altered, "--patient-file", patients, "--broken")
		require.NoError(t, err)
		assert.Contains(t, output, dutch.Broken)
		assert.Equal(t, 2, strings.Count(output, "<section>"))
	})
	t.Run("a line of somebody else is not relied on, though its hash is right", func(t *testing.T) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		const seal = len(`"}]}]}`) + 64
		last := bytes.LastIndexByte(bytes.TrimSpace(content), '\n') + 1
		body := strings.Replace(strings.TrimSpace(string(content[last:])), `"AuditEvent"`, `"Patient"`, 1)
		body = body[:len(body)-seal]
		foreign := filepath.Join(t.TempDir(), "audit.jsonl")
		require.NoError(t, os.WriteFile(foreign, fmt.Appendf(content[:last:last], "%s%x\"}]}]}\n", body, sha256.Sum256([]byte(body))), 0o600))
		_, err = run(t, "verify", "--file", foreign)
		require.NoError(t, err, "the chain is whole")
		_, err = run(t, "show", "--file", foreign, "--patient-file", patients)
		assert.ErrorContains(t, err, "lines that are no entries of this software: 1")
	})
	t.Run("what is in the log is text on the page", func(t *testing.T) {
		hostile := question(t, patient)
		hostile.Requester.FacilityType = `<script>alert(1)</script>`
		path := written(t, token(hostile, nen7513.TokenRefused, `<img src=x>`, nen7513.MinorFailure)...)
		output, err := run(t, "show", "--file", path, "--patient-file", patients)
		require.NoError(t, err)
		assert.NotContains(t, output, "<script")
		assert.NotContains(t, output, "<img")
	})
}

func TestWhatShowRefusesHasNoNumberInIt(t *testing.T) {
	path, patients := written(t), patientFile(t, patient)
	for name, args := range map[string][]string{
		"no patient":                  {"--file", path},
		"a number in place of a file": {"--file", path, "--patient-file", patient},
		"a number as an argument":     {"--file", path, "--patient-file", patients, patient},
		"a number as a flag":          {"--" + patient},
		"a file with two numbers":     {"--file", path, "--patient-file", patientFile(t, patient+" "+otherPatient)},
		"a file with more":            {"--file", path, "--patient-file", patientFile(t, strings.Repeat(patient, 9))},
		"an unknown language":         {"--file", path, "--patient-file", patients, "--language", "fr"},
		"an unknown format":           {"--file", path, "--patient-file", patients, "--format", "pdf"},
		"no audit file":               {"--patient-file", patients},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := run(t, append([]string{"show"}, args...)...)
			require.Error(t, err)
			assert.NotContains(t, output+err.Error(), patient)
		})
	}
}

func TestStories(t *testing.T) {
	q := question(t, patient)
	for _, test := range []struct {
		name    string
		entries []nen7513.Entry
		endings []ending
	}{
		{"none", nil, nil},
		{"a token", token(q, nen7513.TokenIssued, "permit", nen7513.Success, "1"), []ending{endedGiven}},
		{"a refusal by Mitz", token(q, nen7513.TokenRefused, codeDenied, nen7513.MinorFailure, "1"), []ending{endedDenied}},
		{"a refusal for the request", token(q, nen7513.TokenRefused, "data_holder", nen7513.MinorFailure), []ending{endedWrong}},
		{"a failure", token(q, nen7513.TokenRefused, "timeout", nen7513.SeriousFailure, "1", "2"), []ending{endedUnknown}},
		{"a token that was not stored", append(token(q, nen7513.TokenIssued, "permit", nen7513.Success, "1"),
			token(q, nen7513.TokenNotStored, "storage", nen7513.SeriousFailure, "1")[2]), []ending{endedNot}},
		{"a token that was looked at again", lookedAtAgain(q, 2), []ending{endedGiven}},
		{"a token that was looked at again and ended", lookedAtAgain(q, 3), []ending{endedLater}},
		{"a token that could not be ended", func() []nen7513.Entry {
			entries := lookedAtAgain(q, 3)
			entries[5].Outcome = nen7513.SeriousFailure
			return entries
		}(), []ending{endedGiven}},
		{"one that a crash broke off", token(q, nen7513.TokenIssued, "permit", nen7513.Success, "1")[:2], []ending{endedOpen}},
		{"two without a query", append(token(q, nen7513.TokenRefused, "circuit_open", nen7513.SeriousFailure),
			token(q, nen7513.TokenRefused, "circuit_open", nen7513.SeriousFailure)...), []ending{endedUnknown, endedUnknown}},
		{"two at the same time", func() []nen7513.Entry {
			first, second := token(q, nen7513.TokenIssued, "permit", nen7513.Success, "1"), token(q, nen7513.TokenRefused, codeDenied, nen7513.MinorFailure, "2")
			return []nen7513.Entry{first[0], second[0], second[1], second[2], first[1], first[2]}
		}(), []ending{endedGiven, endedDenied}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var endings []ending
			for _, each := range stories(test.entries) {
				endings = append(endings, each.ending)
			}
			assert.Equal(t, test.endings, endings)
		})
	}
}

func TestChanges(t *testing.T) {
	q := question(t, patient)
	with := func(entry nen7513.Entry, action nen7513.Action, outcome nen7513.Outcome, code string) nen7513.Entry {
		entry.Action, entry.Outcome, entry.Code = action, outcome, code
		return entry
	}
	taken := with(revoked(q), nen7513.Notification, nen7513.Success, "accepted")
	for _, test := range []struct {
		name    string
		entries []nen7513.Entry
		changes []change
	}{
		{"a token that ended is told with its request", lookedAtAgain(q, 3), nil},
		{"the data holder ended access", []nen7513.Entry{revoked(q)}, []change{changeEnded}},
		{"Mitz told, once", []nen7513.Entry{taken, with(revoked(q), nen7513.TokensRevoked, nen7513.Success, codeNotification)}, []change{changeTold}},
		{"Mitz told, in vain", []nen7513.Entry{
			with(taken, nen7513.Notification, nen7513.SeriousFailure, "failed"), with(revoked(q), nen7513.TokensRevoked, nen7513.SeriousFailure, "revocation_failed"),
		}, []change{changeFailed}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var found []change
			for _, each := range changes(test.entries) {
				found = append(found, each.what)
				assert.NotEmpty(t, dutch.changes[each.what])
			}
			assert.Equal(t, test.changes, found)
		})
	}
}

func TestBothLanguagesHaveTheSameWords(t *testing.T) {
	for code := range english.facilityTypes {
		assert.True(t, code.Known())
	}
	keys := func(w words) (keys []any) {
		for key := range w.endings {
			keys = append(keys, key)
		}
		for key := range w.changes {
			keys = append(keys, key)
		}
		for key := range w.facilityTypes {
			keys = append(keys, key)
		}
		for key := range w.categories {
			keys = append(keys, key)
		}
		for key := range w.purposes {
			keys = append(keys, key)
		}
		for key := range w.professions {
			keys = append(keys, key)
		}
		for key := range w.registers {
			keys = append(keys, key)
		}
		return keys
	}
	assert.ElementsMatch(t, keys(dutch), keys(english))
	assert.Len(t, dutch.endings, 7)
}
