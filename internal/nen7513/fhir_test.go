// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// TestEntriesAreFHIR has every kind of entry, as it is in the file, validated by validators of
// others that carry HL7's own definitions of FHIR R4.
func TestEntriesAreFHIR(t *testing.T) {
	path := newPath(t)
	require.NoError(t, os.WriteFile(path, []byte("half a line"), 0o600))
	log := openSigned(t, path, Hooks{}, newTestSigner(t))
	entries := everyKindOfEntry(t)
	for _, entry := range entries {
		require.NoError(t, log.Append(t.Context(), entry))
	}
	require.NoError(t, log.Close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")[1:]
	require.Len(t, lines, len(entries)+1, "and a signature")
	output, err := validateFHIR(t, lines...)
	require.NoError(t, err, output)

	broken := []string{
		strings.Replace(lines[0], `"outcome":"`, `"outcome":"9`, 1),                // a code that there is not
		strings.Replace(lines[0], `"recorded":"2`, `"recorded":"x`, 1),             // a time that is none
		strings.Replace(lines[0], `"agent":`, `"agents":`, 1),                      // nobody who acted
		strings.Replace(lines[0], `"requestor":`, `"requester":`, 1),               // in a part of it
		strings.Replace(lines[0], `"outcomeDesc":"permit"`, `"outcomeDesc":""`, 1), // an empty text
		strings.Replace(lines[0], sealID, sealID+"_", 1),                           // an id that is none
		strings.Replace(lines[0], `,"requestor":false`, "", 1),                     // a part that must be there
		lines[0][1:], // half of it
	}
	output, err = validateFHIR(t, append(broken, lines[0])...)
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", output)
	assert.Contains(t, output, "\n1 valid, 8 invalid\n")
	for i := range broken {
		assert.Contains(t, output, fmt.Sprintf("resource %d: ", i+1))
	}
}

// validateFHIR validates resources, each in JSON.
func validateFHIR(t *testing.T, resources ...string) (output string, err error) {
	t.Helper()
	tools := filepath.Join("..", "..", "bin", "fhir")
	require.DirExists(t, tools, "the validators are not installed: make bin/fhir")
	command := exec.CommandContext(t.Context(), "node", "validate-fhir.cjs")
	command.Dir = tools
	command.Stdin = strings.NewReader(strings.Join(resources, "\n") + "\n")
	content, err := command.CombinedOutput()
	return string(content), err
}

func everyKindOfEntry(t *testing.T) []Entry {
	t.Helper()
	with := func(change func(*Entry)) Entry {
		entry := testEntry(t)
		change(&entry)
		return entry
	}
	inPerson := *testEntry(t).Question
	inPerson.Requester.Mandated, inPerson.Purpose = nil, consent.PurposeCoordinated
	inPerson.Categories = []consent.Category{"GGC002", "GGC012"}
	now := testEntry(t).Time
	return []Entry{
		testEntry(t),
		with(func(e *Entry) { e.Action, e.Outcome, e.Code = Query, SeriousFailure, "asked" }),
		with(func(e *Entry) { e.Action, e.RequestIDs = Consult, append(e.RequestIDs, e.RequestIDs...) }),
		with(func(e *Entry) { e.Action, e.Outcome, e.Question = TokenRefused, MinorFailure, &inPerson }),
		with(func(e *Entry) { e.Action, e.Question, e.RequestIDs = TokenRefused, nil, nil }),
		with(func(e *Entry) {
			e.Action, e.Question, e.Presenters = TokenRefused, nil, []string{"did:web:a.example", "did:web:b.example"}
		}),
		with(func(e *Entry) { e.Action = TokenNotStored }),
		with(func(e *Entry) { e.Action, e.Basis = DecisionPermitted, "claims" }),
		{Time: now, Action: DecisionRefused, Basis: "token", Outcome: MinorFailure, Code: "token_not_active", Subject: "hospital-east"},
		{Time: now, Action: TokensRevoked, Outcome: Success, Code: "notification", Subject: "hospital-east", Patient: inPerson.Patient, DataHolder: "00000659"},
		with(func(e *Entry) {
			e.Action, e.Scope, e.Presenters = Locate, "", nil
			e.Question = &consent.Question{Patient: inPerson.Patient, Requester: inPerson.Requester, Purpose: inPerson.Purpose}
		}),
		{Time: now, Action: Notification, Outcome: Success, Code: "accepted", Subject: "hospital-east", Patient: inPerson.Patient, DataHolder: "00000659"},
		{Time: now, Action: Notification, Outcome: MinorFailure, Code: "malformed", DataHolder: "00000659"},
		{Time: now, Since: now.Add(-time.Minute), Count: 17, Action: Notification, Outcome: MinorFailure, Code: "malformed"},
		{Time: now, Since: now.Add(-time.Minute), Count: 17, Action: TokenRefused, Outcome: MinorFailure, Code: "claim_missing"},
		interruption(now.Add(-time.Minute), now, 0),
	}
}
