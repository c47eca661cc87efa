// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
)

// Match returns what the answer decides about each data category of q, after
// establishing that it is the answer to that question: it relates to no other
// message than messageID (the bare uuid of [Header]), has one result per category,
// and every result repeats the patient, the data holder, its type and the category
// as asked. What else of the question it repeats must be equal too. Otherwise it
// returns an [*Error].
//
// All four XACML decisions are given as they are; only Permit permits.
func (r Response) Match(messageID string, q consent.Question) (consent.Decisions, error) {
	if r.content == nil {
		return nil, &Error{Code: soap.MissingElement}
	}
	if related := r.content.relatesTo; related != "" && related != soap.URNUUID+messageID {
		return nil, &Error{Code: MismatchRelatesTo}
	}
	if len(r.content.results) != len(q.Categories) {
		return nil, &Error{Code: MismatchCount}
	}
	asked := valuesOf(q)
	decisions := make(consent.Decisions, len(q.Categories))
	for i := range r.content.results {
		res := &r.content.results[i]
		category, found := askedCategory(res.values[dataCategory], q.Categories)
		if _, twice := decisions[category]; !found || twice {
			return nil, &Error{Code: MismatchCategory}
		}
		if err := res.values.match(&asked); err != nil {
			return nil, err
		}
		decisions[category] = res.decision
	}
	return decisions, nil
}

func askedCategory(v value, asked []consent.Category) (consent.Category, bool) {
	for _, category := range asked {
		if v == valueOfCategory(category) {
			return category, true
		}
	}
	return "", false
}

// match compares what a result says with what was asked, except for the data category.
func (v *values) match(asked *values) *Error {
	for n := range nameCount {
		mandatory := n == patient || n == dataHolder || n == dataHolderType
		switch {
		case n == dataCategory:
		case v[n] == (value{}) && !mandatory:
		case v[n] == (value{}), v[n] != asked[n]:
			return &Error{Code: mismatchOf(n)}
		}
	}
	return nil
}

func mismatchOf(n name) Code {
	switch n {
	case patient:
		return MismatchPatient
	case dataHolder:
		return MismatchDataHolder
	case dataHolderType:
		return MismatchDataHolderType
	case purposeOfUse:
		return MismatchPurposeOfUse
	default:
		return MismatchRequester
	}
}
