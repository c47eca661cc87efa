// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/commandtest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report/check"
)

// bsnFile writes what --bsn-file names.
func bsnFile(t *testing.T, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "patient")
	require.NoError(t, os.WriteFile(path, []byte(content), mode))
	return path
}

// query are the flags of a whole question.
func query(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{"--bsn-file", bsnFile(t, mitztest.PatientAlwaysPermit+"\n", 0o600), "--professional", "900000009", "--role", "03.000"}, more...)
}

func TestCheckAsksOneQuery(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	output, _, err := commandtest.Command{Name: "check", Input: strings.NewReader("yes\n")}.Run(t, mitz.config(), query(t)...)
	require.NoError(t, err)
	queries := mitz.Queries()
	require.Len(t, queries, 1)
	assert.Equal(t, 1, mitz.Received())
	patient, err := consent.ParseBSN(mitztest.PatientAlwaysPermit)
	require.NoError(t, err)
	asked := queries[0].Question
	assert.True(t, asked.Patient.Equal(patient))
	asked.Patient = consent.BSN{}
	holder := consent.DataHolder{URA: "00000659", FacilityType: "V6"}
	assert.Equal(t, consent.Question{
		DataHolder: holder, Categories: []consent.Category{"GGC002", "GGC013"}, Purpose: consent.PurposeTreatment,
		Requester: consent.Requester{URA: holder.URA, FacilityType: holder.FacilityType, Responsible: consent.Professional{
			ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000",
		}},
	}, asked)

	assert.NotContains(t, output, mitztest.PatientAlwaysPermit)
	warning, after, found := strings.Cut(output, "Type yes to ask it: ")
	require.True(t, found)
	assert.Contains(t, warning, "WARNING: Mitz records this query, and shows the patient that it was asked")
	assert.NotContains(t, warning, "Others than its owner")
	assert.NotContains(t, warning, "No query was sent")
	told(t, after, "ok", "query")
	assert.Contains(t, after, "GGC002 (treatment data): Permit\n")
	assert.Contains(t, after, "GGC013 (medication): Permit\n")
	assert.Contains(t, after, "request id "+queries[0].RequestID+"\n")
	check.AssertReadable(t, warning)
	check.AssertReadable(t, after)
}

func TestCheckAsksWhatItsFlagsSay(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	config := strings.NewReplacer(
		"facilitytype: V6}]", "facilitytype: V6}, {subject: clinic-west, ura: '00000660', facilitytype: Z4}]",
		"purpose: TREAT}]", "purpose: TREAT}, {scope: medication, categories: [GGC013], purpose: COC}]",
	).Replace(mitz.config())
	patient := bsnFile(t, "\uFEFF "+mitztest.PatientAlwaysDeny+"\r\n\n", 0o644)
	output, _, err := runCheck(t, config, "--bsn-file", patient, "--professional", "urn:oid:2.16.840.1.113883.2.4.6.1|01234567", "--role", "01.015",
		"--subject", "clinic-west", "--scope", "medication", "--requester", "12345678:G3", "--yes")
	require.NoError(t, err, "a Deny is an answer")
	require.Len(t, mitz.Queries(), 1)
	asked := mitz.Queries()[0].Question
	assert.Equal(t, consent.DataHolder{URA: "00000660", FacilityType: "Z4"}, asked.DataHolder)
	assert.Equal(t, []consent.Category{"GGC013"}, asked.Categories)
	assert.Equal(t, consent.PurposeCoordinated, asked.Purpose)
	assert.EqualValues(t, "12345678", asked.Requester.URA)
	assert.EqualValues(t, "G3", asked.Requester.FacilityType)
	assert.Equal(t, consent.ProfessionalID{Root: consent.RootAGB, Extension: "01234567"}, asked.Requester.Responsible.ID)
	assert.Contains(t, output, "WARNING: Others than its owner have access to the file with the patient's number (mode 0644).")
	assert.NotContains(t, output, "Type yes")
	told(t, output, "ok", "query")
	assert.Contains(t, output, "GGC013 (medication): Deny\n")
	assert.NotContains(t, output, mitztest.PatientAlwaysDeny)

	t.Run("with several to choose from, one must be chosen", func(t *testing.T) {
		_, _, err := runCheck(t, config, query(t, "--yes")...)
		assert.EqualError(t, err, "no query can be asked: --subject: name one of: clinic-west, hospital-east; --scope: name one of: birth-care medication")
	})
}

// TestCheckDoesNotRepeatWhatIsMisplaced has a patient's number where none belongs.
func TestCheckDoesNotRepeatWhatIsMisplaced(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	for _, misplaced := range []string{testBSN, "--yes=" + testBSN} {
		output, _, err := runCheck(t, mitz.config(), misplaced)
		require.Error(t, err)
		assert.NotContains(t, output+err.Error(), testBSN)
	}
}

// TestCheckDoesNotAsk: in each case neither a query nor even a connection is made, but
// where the link was to be tried first.
func TestCheckDoesNotAsk(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	const number = "900186021"
	t.Run("unless it is confirmed", func(t *testing.T) {
		for _, input := range []string{"", "no\n", "y\n"} {
			output, _, err := commandtest.Command{Name: "check", Input: strings.NewReader(input)}.Run(t, mitz.config(), query(t)...)
			require.EqualError(t, err, "not confirmed: Mitz was asked nothing", "%q", input)
			assert.Contains(t, output, "Type yes")
		}
	})
	t.Run("when it is broken off before it is confirmed", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		t.Cleanup(func() { _ = writer.Close() })
		_, _, err := commandtest.Command{Name: "check", Ctx: ctx, Input: cancelingReader{reader, cancel}}.Run(t, mitz.config(), query(t)...)
		require.ErrorContains(t, err, "not confirmed: Mitz was asked nothing")
	})
	t.Run("when the link does not work", func(t *testing.T) {
		output, _, err := runCheck(t, mitz.config(), query(t, "--yes", "--mitz.endpoint", "https://"+openPort(t))...)
		require.EqualError(t, err, "the link to Mitz does not work: 1 FAILED")
		assert.Contains(t, output, "No query was sent.")
		assert.NotContains(t, output, "WARNING")
	})
	for _, tt := range []struct {
		name  string
		flags []string
		texts []string
	}{
		{"without a patient", []string{"--role", "01.015"}, []string{"of use with --bsn-file only"}},
		{"without professional and role", []string{"--bsn-file", bsnFile(t, number, 0o600)},
			[]string{"--professional: missing; --role: missing"}},
		{"about what is no number", query(t, "--bsn-file", bsnFile(t, "900186022", 0o600)), []string{"--bsn-file: not a BSN"}},
		{"about two patients", query(t, "--bsn-file", bsnFile(t, number+"\n"+number, 0o600)), []string{"--bsn-file: not a BSN"}},
		{"about what a long file begins with", query(t, "--bsn-file", bsnFile(t, number+strings.Repeat("\n", 64), 0o600)), []string{"--bsn-file: more than a BSN"}},
		{"about a number in place of a file", query(t, "--bsn-file", number), []string{"--bsn-file: no such file"}},
		{"about a directory", query(t, "--bsn-file", t.TempDir()), []string{"--bsn-file: is a directory"}},
		{"for another subject", query(t, "--subject", number), []string{"--subject: name one of: hospital-east"}},
		{"for another scope", query(t, "--scope", number), []string{"--scope: name one of: birth-care"}},
		{"for a requester without type", query(t, "--requester", number), []string{"--requester: not a URA"}},
		{"for a professional of no register", query(t, "--professional", number+"|x"), []string{"--professional: not a professional's register"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			output, _, err := runCheck(t, mitz.config(), append(tt.flags, "--yes")...)
			assert.Empty(t, output)
			for _, text := range tt.texts {
				require.ErrorContains(t, err, text)
			}
			assert.NotContains(t, err.Error(), number)
		})
	}
	assert.Zero(t, mitz.Received())
}

// cancelingReader breaks off what reads from it, and lets it wait.
type cancelingReader struct {
	io.Reader
	cancel func()
}

func (r cancelingReader) Read(p []byte) (int, error) {
	r.cancel()
	return r.Reader.Read(p)
}

func TestCheckTellsHowAQueryFailed(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	for _, tt := range []struct {
		name      string
		behaviour mitztest.Behaviour
		verdict   string
		words     []string
		err       string
	}{
		{"by its status", mitztest.HTTPStatus(403), "FAILED",
			[]string{"Mitz answered with an HTTP status other than 200, HTTP status 403", "See the outcome http_status in docs/operations.md", "request id "}, "the query to Mitz FAILED"},
		{"by what Mitz says of it", mitztest.AnsweringIndeterminate, "warning",
			[]string{"GGC002 (treatment data): Indeterminate", "Mitz could not judge the question"}, ""},
		{"by being asked twice", mitztest.HTTPStatus(502), "ok", []string{"It was asked twice"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mitz.MisbehaveOnce(tt.behaviour)
			output, _, err := runCheck(t, mitz.config(), query(t, "--yes")...)
			if tt.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tt.err)
			}
			_, after, _ := strings.Cut(output, "One query about a patient")
			told(t, after, tt.verdict, "query")
			words := strings.Join(strings.Fields(after), " ")
			for _, text := range tt.words {
				assert.Contains(t, words, text)
			}
			assert.NotContains(t, output, mitztest.PatientAlwaysPermit)
		})
	}
}
