// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestDecodeReadsWhatIsWritten(t *testing.T) {
	whole, bare, inPerson, sum := testEntry(t), testEntry(t), testEntry(t), testEntry(t)
	bare.Question, bare.RequestIDs, bare.Presenters, bare.Action, bare.Outcome = nil, nil, nil, TokenRefused, MinorFailure
	question := *inPerson.Question
	question.Requester.Mandated = nil
	inPerson.Question = &question
	sum.Question = nil
	revoked := Entry{
		Time: whole.Time, Action: TokensRevoked, Outcome: Success, Code: "record_system", Subject: whole.Subject,
		Patient: whole.Question.Patient, DataHolder: "00000659",
	}
	ofOneToken := revoked
	ofOneToken.Patient = consent.BSN{}
	told := revoked
	told.Action, told.Code = Notification, "accepted"
	located := whole
	located.Action, located.Code, located.Scope, located.Presenters = Located, "located", "", nil
	located.Question = &consent.Question{Patient: question.Patient, Requester: question.Requester, Purpose: question.Purpose}
	lookedAt := inPerson
	lookedAt.Action, lookedAt.Code = TokensRevoked, "recheck"
	for name, entry := range map[string]Entry{
		"whole": whole, "without a question": bare, "in person": inPerson, "two queries": sum,
		"about a patient, without a question": revoked, "about a data holder alone": ofOneToken,
		"of a token that was looked at again": lookedAt, "of a notification": told, "of where data are": located,
	} {
		t.Run(name, func(t *testing.T) {
			decoded, err := Decode([]byte(encoded(t, entry)))
			require.NoError(t, err)
			assert.True(t, entry.Time.Equal(decoded.Time))
			decoded.Time = entry.Time
			if entry.Question != nil {
				assert.True(t, entry.Question.Patient.Equal(decoded.Question.Patient))
				decoded.Question.Patient = entry.Question.Patient
				decoded.Question.DataHolder.FacilityType = entry.Question.DataHolder.FacilityType
			}
			assert.True(t, entry.Patient.Equal(decoded.Patient) || entry.Patient.IsZero() && decoded.Patient.IsZero())
			decoded.Patient = entry.Patient
			assert.Equal(t, entry, decoded)
		})
	}
}

func TestDecodeRefusesWhatIsNotWritten(t *testing.T) {
	good := encoded(t, testEntry(t))
	for name, line := range map[string]string{
		"nothing": "", "no JSON": "what is this", "no object": `[]`, "bytes that are no text": good[:len(good)-2] + "\xff\"}",
		"another resource":     `{"resourceType":"Patient"}`,
		"without a subtype":    `{"resourceType":"AuditEvent","recorded":"2026-03-01T12:00:00Z"}`,
		"without a time":       `{"resourceType":"AuditEvent","subtype":[{"system":"` + systemAction + `","code":"query"}]}`,
		"of another system":    `{"resourceType":"AuditEvent","recorded":"2026-03-01T12:00:00Z","subtype":[{"system":"x","code":"query"}]}`,
		"about no real number": `{"resourceType":"AuditEvent","recorded":"2026-03-01T12:00:00Z","subtype":[{"system":"` + systemAction + `","code":"query"}],"entity":[{"what":{"identifier":{"system":"` + systemBSN + `","value":"900186022"}}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(line))
			assert.Equal(t, ErrNotAnEntry, err)
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"resourceType":"AuditEvent","recorded":"2026-03-01T12:00:00Z","subtype":[{"system":"` + systemAction + `","code":"query"}],"agent":[{"who":{"identifier":{"value":"x"}}}]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		entry, err := Decode(line)
		if err != nil {
			require.Equal(t, ErrNotAnEntry, err)
			return
		}
		again, err := Decode([]byte(encoded(t, entry)))
		require.NoError(t, err)
		require.Equal(t, entry.Action, again.Action)
		require.Equal(t, entry.RequestIDs, again.RequestIDs)
	})
}
