// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package location

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
)

// update rewrites the files under testdata from the recipes in the tests.
var update = flag.Bool("update", false, "rewrite testdata")

const (
	testMessageID = "3f1c2a52-7d1e-4b0a-9c55-0d8f6f5f2a11"
	testEndpoint  = "https://mitz.example/tst-us/mitz/openautorisatievraag"
	testBSN       = "900203638"
	otherBSN      = "999996630"
)

func patient(t testing.TB) consent.BSN {
	bsn, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	return bsn
}

// The parts of a location, as the guess at an answer has them.
const (
	homePart          = `<HomeCommunityId>urn:oid:2.999.1</HomeCommunityId>`
	correspondingPart = `<CorrespondingPatientId root="2.16.840.1.113883.2.4.6.3" extension="900203638"/>`
	requestedPart     = `<RequestedPatientId root="2.16.840.1.113883.2.4.6.3" extension="900203638"/>`
	sourcePart        = `<SourceId>urn:oid:2.999.1.2</SourceId>`
	categoryPart      = `<event-code code="GGC002" codeSystem="2.16.840.1.113883.2.4.3.111.5.10.1"/>`
	holderPart        = `<author-institution root="2.16.528.1.1007.3.3" extension="00000043" assigningAuthorityName="CIBG"/>`
	one               = `<PatientLocationResponse>` + homePart + correspondingPart + requestedPart + sourcePart + categoryPart + holderPart + `</PatientLocationResponse>`
)

// first is what the location one says.
func first() Location {
	return Location{Gateway: "2.999.1", Source: "2.999.1.2", DataHolder: "00000043", Categories: []consent.Category{"GGC002"}}
}

// answer wraps locations in an envelope.
func answer(locations ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<s:Envelope xmlns:s="` + soap.Namespace + `" xmlns:a="` + soap.NamespaceAddressing + `">` +
		`<s:Header><a:Action s:mustUnderstand="1">` + ActionResponse + `</a:Action>` +
		`<a:RelatesTo>urn:uuid:` + testMessageID + `</a:RelatesTo></s:Header>` + "\n" +
		`<s:Body><PatientLocationQueryResponse xmlns="` + namespaceXCPD + `">` + "\n" +
		strings.Join(locations, "\n") +
		"\n</PatientLocationQueryResponse></s:Body></s:Envelope>\n"
}

func fault(code string) string {
	return `<s:Envelope xmlns:s="` + soap.Namespace + `"><s:Body><s:Fault><s:Code><s:Value>` + code + `</s:Value></s:Code>` +
		`<s:Reason><s:Text xml:lang="nl">Pati&#235;nt 900203638 is onbekend</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`
}

// change replaces all of one text by another, which must be there.
func change(t testing.TB, message, from, to string) string {
	require.Contains(t, message, from)
	return strings.ReplaceAll(message, from, to)
}

// golden compares a message with its file in testdata, or rewrites the file.
func golden(t *testing.T, directory, file, message string) {
	path := filepath.Join("testdata", directory, file)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(message), 0o644))
	}
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(kept), message)
}
