// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/stretchr/testify/require"
)

func TestMatchRefuses(t *testing.T) {
	extra := func(category, id, hl7 string) string {
		dataType := DataTypeII
		if strings.Contains(hl7, "CodedValue") {
			dataType = DataTypeCV
		}
		return `<Attributes Category="` + category + `"><Attribute AttributeId="` + id + `">` +
			`<AttributeValue DataType="` + dataType + `">` + hl7 + `</AttributeValue></Attribute></Attributes></Result>`
	}
	both := []consent.Category{"GGC002", "GGC012"}
	for _, tt := range []struct {
		name     string
		message  string
		old, new string
		asked    []consent.Category
		code     Code
	}{
		{"an answer to another message", answer(permit), testMessageID, "00000000-0000-0000-0000-000000000000", nil, MismatchRelatesTo},
		{"a RelatesTo that is a bare uuid", answer(permit), "urn:uuid:" + testMessageID, testMessageID, nil, MismatchRelatesTo},
		{"fewer results than categories", answer(permit), "", "", both, MismatchCount},
		{"more results than categories", answer(permit, deny012), "", "", nil, MismatchCount},
		{"a category twice", answer(permit, permit), "", "", both, MismatchCategory},
		{"a category that was not asked", answer(permit), "GGC002", "GGC013", nil, MismatchCategory},
		{"a category of another code system", answer(permit), SystemCategory, SystemCategory + "0", nil, MismatchCategory},
		{"no category", answer(permit), actionPart, "", nil, MismatchCategory},
		{"another patient", answer(permit), testBSN, otherBSN, nil, MismatchPatient},
		{"a patient's number of 100 KB", answer(permit), testBSN, strings.Repeat(testBSN, 12_000), nil, MismatchPatient},
		{"a patient's number of another register", answer(permit), RootBSN, "2.16.840.1.113883.2.4.6.1", nil, MismatchPatient},
		{"no patient", answer(permit), AttributePatient, "urn:x", nil, MismatchPatient},
		{"nothing about the resource", answer(permit), resourcePart, "", nil, MismatchPatient},
		{"another patient in the second result only", answer(permit, strings.ReplaceAll(deny012, testBSN, otherBSN)), "", "", both, MismatchPatient},
		{"another data holder", answer(permit), "00000659", "00000658", nil, MismatchDataHolder},
		{"a data holder of another register", answer(permit), RootURA, RootURA + ".1", nil, MismatchDataHolder},
		{"no data holder", answer(permit), AttributeDataHolder, "urn:x", nil, MismatchDataHolder},
		{"another type of data holder", answer(permit), `"V6"`, `"V4"`, nil, MismatchDataHolderType},
		{"a type of another code system", answer(permit), SystemFacilityType, "2.16.840.1.113883.2.4.15.1", nil, MismatchDataHolderType},
		{"no type of data holder", answer(permit), AttributeDataHolderType, "urn:x", nil, MismatchDataHolderType},
		{"another role", answer(permit), `"03.000"`, `"01.015"`, nil, MismatchRequester},
		{"another professional", answer(permit), "000095254", "000095255", nil, MismatchRequester},
		{"a professional of another register", answer(permit), consent.RootUZI, consent.RootBIG, nil, MismatchRequester},
		{"a mandate that was not asked for", answer(permit), "</Result>", extra(CategorySubject, AttributeMandated, `<hl7:InstanceIdentifier root="1.2" extension="3"/>`), nil, MismatchRequester},
		{"another requester", answer(permit), "</Result>", extra(CategorySubject, AttributeRequester, `<hl7:InstanceIdentifier root="`+RootURA+`" extension="00000021"/>`), nil, MismatchRequester},
		{"another type of requester", answer(permit), "</Result>", extra(CategorySubject, AttributeRequesterType, `<hl7:CodedValue codeSystem="`+SystemFacilityType+`" code="Z3"/>`), nil, MismatchRequester},
		{"another purpose of use", answer(permit), "</Result>", extra(CategoryEnvironment, AttributePurposeOfUse, `<hl7:CodedValue codeSystem="`+SystemPurpose+`" code="COC"/>`), nil, MismatchPurposeOfUse},
	} {
		t.Run(tt.name, func(t *testing.T) {
			message := tt.message
			if tt.old != "" {
				message = change(t, message, tt.old, tt.new)
			}
			if tt.asked == nil {
				tt.asked = []consent.Category{"GGC002"}
			}
			response, err := DecodeResponse([]byte(message))
			require.NoError(t, err)
			decisions, err := response.Match(testMessageID, question(t, tt.asked...))
			requireCode(t, tt.code, err)
			require.Nil(t, decisions)
		})
	}
}

func TestMatchAcceptsWhatIsRepeatedBeyondNeed(t *testing.T) {
	message := change(t, answer(permit), "</Result>", `<Attributes Category="`+CategorySubject+`"><Attribute AttributeId="`+AttributeMandated+`">`+
		`<AttributeValue DataType="`+DataTypeII+`"><hl7:InstanceIdentifier root="`+consent.RootAGB+`" extension="01123456"/></AttributeValue></Attribute></Attributes></Result>`)
	response, err := DecodeResponse([]byte(message))
	require.NoError(t, err)
	decisions, err := response.Match(testMessageID, mandatedQuestion(t))
	require.NoError(t, err)
	require.Equal(t, consent.Decisions{"GGC002": consent.Permit}, decisions)
}

func TestAnEmptyResponseMatchesNothing(t *testing.T) {
	_, err := Response{}.Match(testMessageID, consent.Question{})
	requireCode(t, soap.MissingElement, err)
}

func TestAPatientlessQuestionMatchesNothing(t *testing.T) {
	response, err := DecodeResponse([]byte(answer(permit)))
	require.NoError(t, err)
	q := question(t, "GGC002")
	q.Patient = consent.BSN{}
	_, err = response.Match(testMessageID, q)
	requireCode(t, MismatchPatient, err)
}
