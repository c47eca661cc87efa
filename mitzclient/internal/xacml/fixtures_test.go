// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

// update rewrites the files under testdata from the recipes in the tests.
var update = flag.Bool("update", false, "rewrite testdata")

const (
	testMessageID = "3f1c2a52-7d1e-4b0a-9c55-0d8f6f5f2a11"
	testEndpoint  = "https://mitz.example/tst-us/mitz/geslotenautorisatievraag/xacml3"
	testBSN       = "900203638"
	otherBSN      = "999996630"
)

func question(t testing.TB, categories ...consent.Category) consent.Question {
	bsn, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	return consent.Question{
		Patient:    bsn,
		DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Requester: consent.Requester{
			URA:          "00000020",
			FacilityType: "G3",
			Responsible: consent.Professional{
				ID:   consent.ProfessionalID{Root: consent.RootUZI, Extension: "000095254"},
				Role: "03.000",
			},
		},
		Categories: categories,
		Purpose:    consent.PurposeTreatment,
	}
}

func mandatedQuestion(t testing.TB) consent.Question {
	q := question(t, "GGC002")
	q.Requester.Mandated = &consent.ProfessionalID{Root: consent.RootAGB, Extension: "01123456"}
	return q
}

// permit is one result as Mitz writes it, deny another about GGC012.
const (
	resourcePart = `<Attributes Category="urn:oasis:names:tc:xacml:3.0:attribute-category:resource">` +
		`<Attribute AttributeId="urn:oasis:names:tc:xacml:2.0:resource:resource-id" IncludeInResult="true">` +
		`<AttributeValue DataType="urn:hl7-org:v3#II"><hl7:InstanceIdentifier root="2.16.840.1.113883.2.4.6.3" extension="900203638"/></AttributeValue></Attribute>` +
		`<Attribute AttributeId="urn:ihe:iti:appc:2016:document-entry:healthcare-facility-type-code" IncludeInResult="true">` +
		`<AttributeValue DataType="urn:hl7-org:v3#CV"><hl7:CodedValue code="V6" codeSystem="2.16.840.1.113883.2.4.15.1060"/></AttributeValue></Attribute>` +
		`<Attribute AttributeId="urn:ihe:iti:appc:2016:author-institution:id" IncludeInResult="true">` +
		`<AttributeValue DataType="urn:hl7-org:v3#II"><hl7:InstanceIdentifier root="2.16.528.1.1007.3.3" extension="00000659"/></AttributeValue></Attribute>` +
		`</Attributes>`
	actionPart = `<Attributes Category="urn:oasis:names:tc:xacml:3.0:attribute-category:action">` +
		`<Attribute AttributeId="urn:ihe:iti:appc:2016:document-entry:event-code" IncludeInResult="true">` +
		`<AttributeValue DataType="urn:hl7-org:v3#CV"><hl7:CodedValue code="GGC002" codeSystem="2.16.840.1.113883.2.4.3.111.5.10.1"/></AttributeValue></Attribute>` +
		`</Attributes>`
	subjectPart = `<Attributes Category="urn:oasis:names:tc:xacml:1.0:subject-category:access-subject">` +
		`<Attribute AttributeId="urn:oasis:names:tc:xacml:2.0:subject:role" IncludeInResult="true">` +
		`<AttributeValue DataType="urn:hl7-org:v3#CV"><hl7:CodedValue code="03.000" codeSystem="2.16.840.1.113883.2.4.15.111"/></AttributeValue></Attribute>` +
		`<Attribute AttributeId="urn:ihe:iti:xua:2017:subject:provider-identifier" IncludeInResult="true">` +
		`<AttributeValue DataType="urn:hl7-org:v3#II"><hl7:InstanceIdentifier root="2.16.528.1.1007.3.1" extension="000095254" assigningAuthorityName="CIBG"/></AttributeValue></Attribute>` +
		`</Attributes>`
	statusPart = `<Status><StatusCode Value="urn:oasis:names:tc:xacml:1.0:status:ok"/></Status>`
	permit     = `<Result><Decision>Permit</Decision>` + statusPart + resourcePart + actionPart + subjectPart + `</Result>`
)

var deny012 = strings.NewReplacer("Permit", "Deny", "GGC002", "GGC012").Replace(permit)

// answer wraps results in an envelope.
func answer(results ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://www.w3.org/2005/08/addressing">` + "\n" +
		`<soap:Header>` +
		`<wsa:Action soap:mustUnderstand="1">` + ActionResponse + `</wsa:Action>` +
		`<wsa:MessageID>urn:uuid:5b7c6b1e-62a0-4a39-9a0e-3a5f0a8a6a10</wsa:MessageID>` +
		`<wsa:RelatesTo>urn:uuid:` + testMessageID + `</wsa:RelatesTo>` +
		`</soap:Header>` + "\n" +
		`<soap:Body><Response xmlns="urn:oasis:names:tc:xacml:3.0:core:schema:wd-17" xmlns:hl7="urn:hl7-org:v3">` + "\n" +
		strings.Join(results, "\n") +
		"\n</Response></soap:Body>\n</soap:Envelope>\n"
}

func fault(code, detail string) string {
	return `<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><soap:Fault>` +
		`<soap:Code><soap:Value>` + code + `</soap:Value></soap:Code>` +
		`<soap:Reason><soap:Text xml:lang="nl">Pati&#235;nt 900203638 is <![CDATA[onbekend]]></soap:Text></soap:Reason>` + detail +
		`</soap:Fault></soap:Body></soap:Envelope>`
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
