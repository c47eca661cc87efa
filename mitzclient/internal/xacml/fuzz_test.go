// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/stretchr/testify/require"
)

var numberRun = regexp.MustCompile(`[0-9]{8,}`)

// FuzzDecodeResponse checks that no bytes make the decoder panic or tell a number,
// and that in what it accepts a second reader reads the very same.
func FuzzDecodeResponse(f *testing.F) {
	for _, directory := range []string{"good", "hostile"} {
		files, err := filepath.Glob(filepath.Join("testdata", directory, "*.xml"))
		require.NoError(f, err)
		require.NotEmpty(f, files)
		for _, file := range files {
			message, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(message)
		}
	}
	plain := answer(permit)
	f.Add([]byte(change(f, plain, `extension="900203638"`, "extension=\"900203638\r\"")))
	f.Add([]byte(change(f, plain, "<wsa:RelatesTo>urn:uuid:", "<wsa:RelatesTo>urn:uuid&#58;")))
	f.Add([]byte(change(f, plain, "<wsa:MessageID>", "<wsa:From><wsa:Action>x</wsa:Action></wsa:From><wsa:MessageID>")))
	f.Add([]byte(change(f, plain, `<Status>`, `<Status><StatusDetail><StatusCode Value="x"/></StatusDetail>`)))
	f.Fuzz(compareReaders)
}

// FuzzDecodeFault does the same for SOAP faults, to which a good answer hardly mutates.
func FuzzDecodeFault(f *testing.F) {
	for _, code := range []string{"soap:Sender", "soap:Receiver", " soap:MustUnderstand\n", "x:Sender", "Sender"} {
		f.Add([]byte(fault(code, "<soap:Detail><x:a xmlns:x='urn:x' b='&lt;'/></soap:Detail>")))
	}
	f.Add([]byte(strings.Replace(fault("soap:Sender", ""), "</soap:Code>",
		"<soap:Subcode><soap:Value>soap:Receiver</soap:Value></soap:Subcode></soap:Code>", 1)))
	f.Add([]byte(declaredAtTheValue("a:Sender", "xmlns:a='"+soap.Namespace+"'")))
	f.Add([]byte(declaredAtTheValue("x:Sender", "xmlns:x='urn:x'")))
	f.Add([]byte(strings.ReplaceAll(strings.ReplaceAll(fault("Sender", ""), "soap:", ""), "xmlns:soap", "xmlns")))
	f.Fuzz(compareReaders)
}

func compareReaders(t *testing.T, message []byte) {
	response, err := DecodeResponse(message)
	refusal, refused := errors.AsType[*Error](err)
	if err != nil {
		require.NotRegexp(t, numberRun, err.Error())
		require.Zero(t, response)
	}
	if refused {
		require.NotEmpty(t, cmp.Or(texts[refusal.Code], soap.Text(refusal.Code)))
		return
	}
	second, secondErr := readAgain(message)
	require.NoError(t, secondErr, "what the decoder accepts must be well-formed to others")
	if found, ok := errors.AsType[*soap.Fault](err); ok {
		require.Equal(t, []string{found.Code.String()}, second.Faults)
		require.Empty(t, second.Results)
		return
	}
	require.NoError(t, err)
	// The decoder accepts no other action, and keeps no status: it must be ok beside a Permit.
	require.Equal(t, []string{ActionResponse}, second.Actions)
	second.Actions = nil
	for i := range second.Results {
		if result := &second.Results[i]; len(result.Decisions) == 1 && result.Decisions[0] == "Permit" {
			for _, code := range result.Statuses {
				require.Equal(t, StatusOK, code)
			}
		}
		second.Results[i].Statuses = nil
	}
	require.Equal(t, readingOf(response), second)
	matchSafely(t, response, second)
}

// readingOf returns what the decoder read in the form of the second reader.
func readingOf(response Response) (r reading) {
	if related := response.content.relatesTo; related != "" {
		r.RelatesTo = []string{oneLineEnd(related)}
	}
	for _, res := range response.content.results {
		one := resultReading{Decisions: []string{res.decision.String()}, Values: map[string][][2]string{}}
		for n, v := range res.values {
			if v != (value{}) {
				one.Values[forms[n].id] = [][2]string{{oneLineEnd(v.system), oneLineEnd(v.code)}}
			}
		}
		r.Results = append(r.Results, one)
	}
	return r
}

// oneLineEnd does what the decoder leaves (XML 1.0, section 2.11): nothing that is
// asked holds a line end, so that no value with one can match.
func oneLineEnd(s string) string { return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s) }

// matchSafely checks that an answer that matches is about what was asked, to the second
// reader too.
func matchSafely(t *testing.T, response Response, second reading) {
	q := question(t, "GGC002")
	decisions, err := response.Match(testMessageID, q)
	if err != nil {
		require.NotRegexp(t, numberRun, err.Error())
		require.Nil(t, decisions)
		return
	}
	require.Len(t, second.Results, 1)
	result := second.Results[0]
	require.Equal(t, []string{decisions["GGC002"].String()}, result.Decisions)
	for id, want := range map[string][2]string{
		AttributePatient:        {RootBSN, testBSN},
		AttributeDataHolder:     {RootURA, string(q.DataHolder.URA)},
		AttributeDataHolderType: {SystemFacilityType, string(q.DataHolder.FacilityType)},
		AttributeDataCategory:   {SystemCategory, string(consent.Category("GGC002"))},
	} {
		require.Equal(t, [][2]string{want}, result.Values[id], id)
	}
}
