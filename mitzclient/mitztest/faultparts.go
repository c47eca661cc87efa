// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"io"
	"net/http"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// The patients that Mitz might speak of unasked, for tests that none of its text is
// ever shown: one of them, and the other when the first was asked about.
const (
	UnaskedPatient      = "999996630"
	UnaskedOtherPatient = "999996642"
)

var otherPatient = other(UnaskedPatient, UnaskedOtherPatient)

// other returns first, or second in place of first itself.
func other(first, second string) func(string) string {
	return func(number string) string {
		if number == first {
			return second
		}
		return first
	}
}

// category and setCategory are about the event code.
func (r *result) category() string { return r.groups[actionGroup].attributes[0].value.number }

func (r *result) setCategory(code string) {
	r.groups[actionGroup].attributes[0].value.number = code
}

// copy returns a result whose category can be changed apart.
func (r result) copy() result {
	r.groups = slices.Clone(r.groups)
	r.groups[actionGroup].attributes = slices.Clone(r.groups[actionGroup].attributes)
	return r
}

// foreignCategory returns a data category that was not asked.
func (a *answer) foreignCategory() string {
	asked := map[string]bool{}
	for _, r := range a.results {
		asked[r.category()] = true
	}
	for _, category := range []string{"GGC002", "GGC012"} {
		if !asked[category] {
			return category
		}
	}
	return "GGC013"
}

func addForeignResult(a *answer) {
	surplus := a.results[0].copy()
	surplus.setCategory(a.foreignCategory())
	a.results = append(a.results, surplus)
}

// doubleResult puts a refusal before the permission of the same category.
func doubleResult(a *answer) {
	denied := a.results[0].copy()
	denied.decisions = []string{consent.Deny.String()}
	a.results = append([]result{denied}, a.results...)
}

func sendFault(status int, code string) func(*exchange) {
	return func(x *exchange) {
		x.send(status, faultText(code, "the simulator was told to fail", x.asked.messageID))
	}
}

// leakFault has another patient's number in a header, the reason and the text.
func leakFault(x *exchange) {
	leaked := otherPatient(x.patient())
	x.w.Header().Set("X-Debug", "patient "+leaked)
	x.send(http.StatusInternalServerError, faultText("Receiver", "no such patient: "+leaked, x.asked.messageID))
}

// leakStatus has another patient's number in each status.
func leakStatus(x *exchange) {
	leaked := otherPatient(x.patient())
	a := x.permit()
	eachResult(func(r *result) {
		r.decisions = []string{consent.Indeterminate.String()}
		r.status = statusProcessingError
		r.message = "no such patient: " + leaked
	})(a)
	x.send(http.StatusOK, a.String())
}

func (x *exchange) patient() string { return x.asked.resource.attributes[0].value.number }

func sendHTML(x *exchange) {
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(x.w, "<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Permit</p></body></html>\n")
}
