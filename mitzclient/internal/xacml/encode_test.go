// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/stretchr/testify/require"
)

func TestEncodeRequest(t *testing.T) {
	header := Header{MessageID: testMessageID, To: testEndpoint}
	for _, tt := range []struct {
		name, file string
		question   consent.Question
	}{
		{"one data category", "one_category.xml", question(t, "GGC002")},
		{"each data category has an action of its own", "several_categories.xml", question(t, "GGC002", "GGC012", "GGC013")},
		{"under mandate both professionals are named, and only a UZI number names the CIBG", "mandated.xml", mandatedQuestion(t)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			message, err := EncodeRequest(header, tt.question)
			require.NoError(t, err)
			golden(t, "requests", tt.file, string(message))
			requireWellFormed(t, message)
		})
	}
}

func TestEncodeRequestEscapes(t *testing.T) {
	to := "https://mitz.example/?a=1&b=<\"'>\t\u00e9\x01\xff"
	message, err := EncodeRequest(Header{MessageID: testMessageID, To: to}, question(t, "GGC002"))
	require.NoError(t, err)
	requireWellFormed(t, message)

	var read struct {
		Header struct {
			To string `xml:"http://www.w3.org/2005/08/addressing To"`
		} `xml:"http://www.w3.org/2003/05/soap-envelope Header"`
	}
	require.NoError(t, xml.Unmarshal(message, &read))
	require.Equal(t, "https://mitz.example/?a=1&b=<\"'>\t\u00e9\uFFFD\uFFFD", read.Header.To)
}

func TestEncodeRequestRefuses(t *testing.T) {
	valid := Header{MessageID: testMessageID, To: testEndpoint}
	for _, tt := range []struct {
		name     string
		header   Header
		question consent.Question
		code     Code
	}{
		{"an invalid question", valid, consent.Question{}, InvalidQuestion},
		{"a message id that is not a uuid", Header{MessageID: "1", To: testEndpoint}, question(t, "GGC002"), InvalidHeader},
		{"a message id that is a urn already", Header{MessageID: "urn:uuid:" + testMessageID, To: testEndpoint}, question(t, "GGC002"), InvalidHeader},
		{"no address", Header{MessageID: testMessageID}, question(t, "GGC002"), InvalidHeader},
	} {
		t.Run(tt.name, func(t *testing.T) {
			message, err := EncodeRequest(tt.header, tt.question)
			require.Nil(t, message)
			requireCode(t, tt.code, err)
		})
	}
}

func TestEveryCodeHasItsText(t *testing.T) {
	seen := map[string]Code{}
	for code, text := range texts {
		require.NotEmpty(t, text)
		require.Regexp(t, "^[a-z]+(_[a-z]+)*$", string(code))
		require.Empty(t, seen[text], "the same text twice")
		seen[text] = code
	}
}

func requireWellFormed(t *testing.T, message []byte) {
	decoder := xml.NewDecoder(bytes.NewReader(message))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

func requireCode(t *testing.T, code Code, err error) {
	t.Helper()
	refusal, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, refusal.Code)
	text := cmp.Or(texts[code], soap.Text(code))
	require.NotEmpty(t, text)
	require.True(t, strings.HasPrefix(err.Error(), "xacml: "+text))
	require.NotRegexp(t, "[0-9]{8}", err.Error())
}

func BenchmarkEncodeRequest(b *testing.B) {
	header, q := Header{MessageID: testMessageID, To: testEndpoint}, question(b, "GGC002")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := EncodeRequest(header, q); err != nil {
			b.Fatal(err)
		}
	}
}
