// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package soap

import (
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
	"github.com/stretchr/testify/require"
)

// testKind is an answer that says one word. Package xacml tests the envelope with answers of
// Mitz.
var testKind = Kind{
	Action: "urn:answer", Space: "urn:a", Local: "Answer", Spaces: []string{"urn:b"}, Parts: []string{"Answer", "Word"},
}

const envelope = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://www.w3.org/2005/08/addressing">` +
	`<s:Header><w:Action>urn:answer</w:Action><w:RelatesTo>urn:uuid:1</w:RelatesTo></s:Header>` +
	`<s:Body><Answer xmlns="urn:a"><b:Word xmlns:b="urn:b">yes</b:Word></Answer></s:Body></s:Envelope>`

// readWord returns what an answer says, and how often its content was read.
func readWord(message string) (refusal Code, fault *Fault, word, relatesTo string, read int) {
	r := &Reader{}
	refusal, fault = r.Read([]byte(message), &testKind, func() {
		read++
		for r.Child() {
			if !r.Is("urn:b", "Word") {
				r.Unexpected()
				return
			}
			word = r.Text()
		}
	})
	return refusal, fault, word, r.RelatesTo(), read
}

func TestRead(t *testing.T) {
	refusal, fault, word, relatesTo, read := readWord(envelope)
	require.Empty(t, refusal)
	require.Nil(t, fault)
	require.Equal(t, "yes", word)
	require.Equal(t, "urn:uuid:1", relatesTo)
	require.Equal(t, 1, read)
}

func TestReadRefuses(t *testing.T) {
	const block = "</s:Header>"
	for _, tt := range []struct {
		name, old, new string
		code           Code
	}{
		{"another action", "urn:answer", "urn:question", WrongAction},
		{"an answer of another namespace", `"urn:a"`, `"urn:c"`, ForeignNamespace},
		{"an answer of another name", "Answer", "Question", UnexpectedElement},
		{"a second answer", "</s:Body>", `<Answer xmlns="urn:a"/></s:Body>`, DuplicateElement},
		{"no answer", envelope[strings.Index(envelope, "<Answer"):strings.Index(envelope, "</s:Body>")], "", MissingElement},
		{"what the reader of the content refuses", "b:Word", "b:Other", UnexpectedElement},
		{"a part of an answer as a header", block, `<x:Word xmlns:x="urn:x"/>` + block, UnexpectedElement},
		{"a part of an answer in a header", block, `<x:Trace xmlns:x="urn:x"><x:Answer/></x:Trace>` + block, UnexpectedElement},
		{"a header of the answer's namespace", block, `<x:Trace xmlns:x="urn:a"/>` + block, UnexpectedElement},
		{"a header of another namespace of the answer", block, `<x:Trace xmlns:x="urn:b"/>` + block, UnexpectedElement},
		{"a header that must be understood", block, `<x:Trace xmlns:x="urn:x" s:mustUnderstand="1"/>` + block, NotUnderstood},
		{"content after the envelope", "</s:Envelope>", "</s:Envelope>x", strictxml.TrailingContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			message := strings.ReplaceAll(envelope, tt.old, tt.new)
			require.NotEqual(t, envelope, message)
			refusal, fault, _, _, read := readWord(message)
			require.Equal(t, tt.code, refusal)
			require.Nil(t, fault)
			require.LessOrEqual(t, read, 1)
		})
	}
}

func TestReadAFault(t *testing.T) {
	const body = `<s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="en">x</s:Text></s:Reason></s:Fault></s:Body>`
	message := envelope[:strings.Index(envelope, "<s:Body>")] + body + "</s:Envelope>"
	refusal, fault, _, _, read := readWord(message)
	require.Empty(t, refusal)
	require.Equal(t, &Fault{FaultReceiver}, fault)
	require.Zero(t, read)
	refusal, fault, _, _, _ = readWord(strings.Replace(message, ">x<", "><s:Word/><", 1))
	require.Equal(t, UnexpectedElement, refusal)
	require.Nil(t, fault)
}

func TestEveryCodeHasItsText(t *testing.T) {
	seen := map[string]Code{}
	for code, text := range texts {
		require.NotEmpty(t, text)
		require.Regexp(t, "^[a-z]+(_[a-z]+)*$", string(code))
		require.Empty(t, seen[text], "the same text twice")
		seen[text] = code
		require.Equal(t, text, Text(code))
	}
	require.Equal(t, strictxml.Oversized.Text(), Text(strictxml.Oversized))
}
