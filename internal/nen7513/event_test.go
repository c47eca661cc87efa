// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

func TestEntryIsAnAuditEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	const chain = "8a5e2b1c-4d3f-4a6b-9c7d-0e1f2a3b4c5d"
	require.NoError(t, os.WriteFile(path+headSuffix, []byte(chain+" 0 "+noHash), 0o600))
	require.NoError(t, openLog(t, path).Append(t.Context(), testEntry(t)))
	golden := filepath.Join("testdata", "token_issued.json")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, bytes.TrimSpace(content), "", "  "))
	if *update {
		require.NoError(t, os.WriteFile(golden, append(indented.Bytes(), '\n'), 0o600))
	}
	expected, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(expected)), indented.String())
	assert.Equal(t, 1, bytes.Count(content, []byte("\n")), "one entry is one line")
}

// encoded returns the AuditEvent of an entry as it is in the file.
func encoded(t *testing.T, entry Entry) string {
	t.Helper()
	content, err := json.Marshal(entry.event())
	require.NoError(t, err)
	return string(content)
}

// decoded returns what a test looks at in an AuditEvent.
func decoded(t *testing.T, entry Entry) (event auditEvent) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(encoded(t, entry)), &event))
	return event
}

func TestEntryWithoutAQuestion(t *testing.T) {
	entry := testEntry(t)
	entry.Question, entry.RequestIDs, entry.Action, entry.Outcome, entry.Code = nil, nil, TokenRefused, MinorFailure, "claim_missing"
	subject := agent{Who: reference{identifier{systemSubject, "hospital-east"}}}
	presenter := func(did string, initiator bool) agent {
		role := &concept{Coding: []coding{{systemDICOM, "110153"}}}
		return agent{Type: role, Who: reference{identifier{"urn:ietf:rfc:3986", did}}, Requestor: initiator}
	}
	t.Run("names who presented the request", func(t *testing.T) {
		event := decoded(t, entry)
		assert.Equal(t, "claim_missing", event.OutcomeDesc)
		assert.Equal(t, MinorFailure, event.Outcome)
		assert.Equal(t, []agent{subject, presenter("did:web:midwife.example", true)}, event.Agent)
		assert.NotContains(t, encoded(t, entry), systemBSN)
	})
	t.Run("of two presenters none is the initiator", func(t *testing.T) {
		entry := entry
		entry.Presenters = []string{"did:web:midwife.example", "did:web:employee.example"}
		event := decoded(t, entry)
		assert.Equal(t, []agent{subject, presenter(entry.Presenters[0], false), presenter(entry.Presenters[1], false)}, event.Agent)
	})
	t.Run("without a presenter there is still the agent that FHIR wants", func(t *testing.T) {
		entry := entry
		entry.Presenters = nil
		assert.Equal(t, []agent{subject}, decoded(t, entry).Agent)
	})
}

func TestEntryOfSeveral(t *testing.T) {
	entry := Entry{
		Time: testEntry(t).Time, Since: testEntry(t).Time.Add(-time.Minute), Count: 2400, Action: TokenRefused, Outcome: MinorFailure,
		Code: "claim_missing", Presenters: []string{"did:web:midwife.example"},
	}
	event := decoded(t, entry)
	assert.Equal(t, &period{"2026-03-01T11:59:00.000000005Z", "2026-03-01T12:00:00.000000005Z"}, event.Period)
	assert.Equal(t, []entity{{Type: coding{systemEntity, "2"}, Detail: []detail{{"count", "2400"}}}}, event.Entity)
	assert.Equal(t, reference{identifier{systemSoftware, "nuts-mitz"}}, event.Agent[0].Who, "of no data holder")
}

// TestDocumentedEntry keeps the line that docs/operations.md shows true.
func TestDocumentedEntry(t *testing.T) {
	assert.JSONEq(t, encoded(t, testEntry(t)), documented(t, "a token"))
}

// documented is a block of docs/operations.md.
func documented(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)<!-- audit: " + name + " -->\n```[a-z]+\n(.*?)```").FindSubmatch(page)
	require.NotNil(t, block)
	return string(block[1])
}

// TestDocumentedChain recomputes the example of docs/operations.md by the rule that is there,
// with nothing of this package, and with the command that is there.
func TestDocumentedChain(t *testing.T) {
	example := documented(t, "a chain")
	previous := strings.Repeat("0", 64)
	for i, line := range strings.Split(strings.TrimSpace(example), "\n") {
		hash := line[len(line)-70 : len(line)-6]
		assert.Equal(t, hash+"\"}]}]}", line[len(line)-70:])
		assert.Equal(t, fmt.Sprintf("%x", sha256.Sum256([]byte(line[:len(line)-70]))), hash)
		assert.Contains(t, line, `"previous","valueString":"`+previous+`"`)
		assert.Contains(t, line, fmt.Sprintf(`.%d","extension"`, i+1))
		previous = hash
	}
	assert.Nil(t, breakIn(t, Expected{}, example))

	command := exec.CommandContext(t.Context(), "sh", "-c", documented(t, "a hash"))
	command.Dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(command.Dir, "audit.jsonl"), []byte(example), 0o600))
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Equal(t, previous, strings.Fields(string(output))[0])
}
