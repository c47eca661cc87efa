// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package registration

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"

	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
)

// What is wrong with an answer. Neither repeats any of it: the other side wrote it.
var (
	errAnswer = errors.New("not the answer to the transaction that was sent")
	errStatus = errors.New("not a number of consents")
)

// any value is looked for beneath these names.
var (
	responseObject = &strictjson.Object{Members: map[string]*strictjson.Object{"status": nil}}
	entryObject    = &strictjson.Object{Members: map[string]*strictjson.Object{"response": responseObject}}
	bundleObject   = &strictjson.Object{Members: map[string]*strictjson.Object{"resourceType": nil, "type": nil, "entry": entryObject}}

	parameterObject  = &strictjson.Object{Members: map[string]*strictjson.Object{"valueInteger": nil}}
	parametersObject = &strictjson.Object{Members: map[string]*strictjson.Object{"resourceType": nil, "parameter": parameterObject}}
)

// goodStatus is that of an entry that was done (FHIR R4 section 2.36.6): three digits, and text.
var goodStatus = regexp.MustCompile(`^2[0-9]{2}( |$)`)

// DecodeAnswer reads the answer to a request: it says of each entry that it was done. A transaction
// is done as a whole or not at all (FHIR R4 section 3.1.0.11.2): an answer that does not say so is
// an error.
func DecodeAnswer(body []byte, r Request) error {
	if strictjson.Check(body, bundleObject) != nil {
		return errAnswer
	}
	var answer struct {
		ResourceType string `json:"resourceType"`
		Type         string `json:"type"`
		Entry        []struct {
			Response struct {
				Status string `json:"status"`
			} `json:"response"`
		} `json:"entry"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.ResourceType != "Bundle" || answer.Type != "transaction-response" ||
		len(answer.Entry) != r.Entries() {
		return errAnswer
	}
	for _, each := range answer.Entry {
		if !goodStatus.MatchString(each.Response.Status) {
			return errAnswer
		}
	}
	return nil
}

// DecodeStatus reads how many consents are not processed yet: FHIR Parameters with one whole
// number, by whatever name.
func DecodeStatus(body []byte) (unprocessed int, err error) {
	if strictjson.Check(body, parametersObject) != nil {
		return 0, errStatus
	}
	var answer struct {
		ResourceType string `json:"resourceType"`
		Parameter    []struct {
			ValueInteger *int `json:"valueInteger"`
		} `json:"parameter"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.ResourceType != "Parameters" || len(answer.Parameter) != 1 {
		return 0, errStatus
	}
	number := answer.Parameter[0].ValueInteger
	if number == nil || *number < 0 || *number > math.MaxInt32 {
		return 0, errStatus
	}
	return *number, nil
}
