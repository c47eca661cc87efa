// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
)

const (
	// maxPatients is how many patients one request subscribes.
	maxPatients = 1000
	// maxPatientsBody is how large its body may be, in bytes: so many fit, with blanks.
	maxPatientsBody = 256 << 10
)

// wish is a patient in the body of a request to subscribe.
type wish struct {
	Patient   *string `json:"patient"`
	BirthDate *string `json:"birthDate"`
}

// wishes is that body: one patient, or a list of them.
type wishes struct {
	wish
	Patients *[]wish `json:"patients"`
}

func wishesObject() *strictjson.Object {
	known := object("patient", "birthDate")
	known.Members["patients"] = object("patient", "birthDate")
	return known
}

// read returns what is wished for a data holder.
func (w wishes) read(subject string, dataHolder consent.DataHolder) ([]subscriptions.Wish, error) {
	if w.Patients == nil {
		return readWishes([]wish{w.wish}, subject, dataHolder, func([]int) string { return "" })
	}
	all := *w.Patients
	if w.wish != (wish{}) {
		return nil, problem(http.StatusBadRequest, "the body has a patient or a list of patients")
	}
	if len(all) == 0 || len(all) > maxPatients {
		return nil, problem(http.StatusBadRequest, fmt.Sprintf("patients has 1 to %d elements", maxPatients))
	}
	return readWishes(all, subject, dataHolder, func(at []int) string { return "patients: at " + joinNumbers(at) + ": " })
}

// readWishes reads all or none. The error says where each that is wrong stands, as where writes
// it, and repeats nothing of them.
func readWishes(all []wish, subject string, dataHolder consent.DataHolder, where func(at []int) string) ([]subscriptions.Wish, error) {
	wished := make([]subscriptions.Wish, 0, len(all))
	var noBSN, noDate []int
	for i, each := range all {
		next := subscriptions.Wish{Subject: subject, DataHolder: dataHolder}
		var err error
		if next.Patient, err = consent.ParseBSN(orEmpty(each.Patient)); err != nil {
			noBSN = append(noBSN, i)
		}
		if each.BirthDate != nil {
			if next.BirthDate = *each.BirthDate; !mitzclient.IsBirthDate(next.BirthDate) {
				noDate = append(noDate, i)
			}
		}
		wished = append(wished, next)
	}
	var problems []string
	if noBSN != nil {
		problems = append(problems, where(noBSN)+"patient is not a BSN")
	}
	if noDate != nil {
		problems = append(problems, where(noDate)+"birthDate is not a day, month or year, as 1980-01-31, 1980-01 or 1980")
	}
	if problems != nil {
		return nil, problem(http.StatusBadRequest, strings.Join(problems, "; "))
	}
	return wished, nil
}

// orEmpty returns a text, empty where there is none.
func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// joinNumbers writes numbers for people, as "3, 17".
func joinNumbers(numbers []int) string {
	var text strings.Builder
	for i, each := range numbers {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(strconv.Itoa(each))
	}
	return text.String()
}
