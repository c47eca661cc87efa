// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

var numberRun = regexp.MustCompile(`[0-9]{8,}`)

// FuzzDecodeResponse checks that no bytes make the decoder panic or tell a number,
// that encoding/xml sees the same document in what is accepted, and that a naive
// look at it finds the decision and the patient too.
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
	for _, code := range []string{"soap:Sender", "soap:Receiver", "x"} {
		f.Add([]byte(fault(code, "<soap:Detail/>")))
	}
	q := question(f, "GGC002")
	f.Fuzz(func(t *testing.T, message []byte) {
		response, err := DecodeResponse(message)
		if err != nil {
			require.NotRegexp(t, numberRun, err.Error())
			require.Zero(t, response)
			return
		}
		words := naiveDecisions(t, message)
		require.Len(t, words, len(response.content.results))
		decisions, err := response.Match(testMessageID, q)
		if err != nil {
			require.NotRegexp(t, numberRun, err.Error())
			require.Nil(t, decisions)
			return
		}
		require.Equal(t, []string{decisions["GGC002"].String()}, words)
		if decisions["GGC002"] == consent.Permit {
			require.Contains(t, string(message), ">Permit<")
			require.Contains(t, string(message), testBSN)
			require.Contains(t, string(message), "GGC002")
			require.Contains(t, string(message), "00000659")
		}
	})
}

// naiveDecisions gives the text of every element called Decision, by encoding/xml,
// which must find the document well-formed.
func naiveDecisions(t *testing.T, message []byte) (words []string) {
	decoder := xml.NewDecoder(strings.NewReader(string(message)))
	inside := false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return words
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			if inside = token.Name.Local == "Decision"; inside {
				words = append(words, "")
			}
		case xml.EndElement:
			inside = false
		case xml.CharData:
			if inside {
				words[len(words)-1] += string(token)
			}
		}
	}
}
