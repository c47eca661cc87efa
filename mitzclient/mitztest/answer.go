// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/xml"
	"strings"
	"text/template"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// answer is a message with a bare XACML Response.
type answer struct {
	action    string // wsa:Action
	relatesTo string // wsa:RelatesTo
	results   []result
}

// result is the answer about one data category (XACML 3.0, section 5.48).
type result struct {
	decisions  []string // one, unless the simulator misbehaves
	status     string   // StatusCode, empty for none
	message    string   // StatusMessage
	obligation string   // ObligationId, empty for none
	groups     []group  // resource, action, subject: what was to be included
}

// The places of the groups in a result.
const (
	resourceGroup = iota
	actionGroup
	subjectGroup
)

// Status codes (XACML 3.0, section B.8).
const (
	statusOK              = "urn:oasis:names:tc:xacml:1.0:status:ok"
	statusProcessingError = "urn:oasis:names:tc:xacml:1.0:status:processing-error"
)

// answerTo makes the answer to a query: one Result for each data category, the
// last asked first, as the order in which they come says nothing.
func answerTo(asked *closedQuery, decide func(consent.Category) consent.Decision) *answer {
	a := &answer{action: actionResponse, relatesTo: asked.messageID}
	for i := len(asked.actions) - 1; i >= 0; i-- {
		r := result{
			decisions: []string{decide(asked.question.Categories[i]).String()},
			groups:    []group{asked.resource.included(), asked.actions[i].included(), asked.subject.included()},
		}
		if len(a.results)%2 == 1 {
			r.status = statusOK // it may be there or not
		}
		a.results = append(a.results, r)
	}
	return a
}

// included returns a copy with the attributes whose IncludeInResult was true.
func (g group) included() group {
	kept := group{category: g.category}
	for _, a := range g.attributes {
		if a.form.included {
			kept.attributes = append(kept.attributes, a)
		}
	}
	return kept
}

// String returns the message's text.
func (a *answer) String() string {
	var text strings.Builder
	if err := answerTemplate.Execute(&text, a.view()); err != nil {
		panic(err) // the template does not fit the view
	}
	return text.String()
}

// The view of the template. Only exported fields show in a template.
type (
	answerView struct {
		SOAP, Addressing, XACML, HL7 string
		Action, RelatesTo            string
		Results                      []resultView
	}
	resultView struct {
		Decisions                   []string
		Status, Message, Obligation string
		Groups                      []groupView
	}
	groupView struct {
		Category   string
		Attributes []attributeView
	}
	attributeView struct {
		ID, DataType, Element               string
		SystemName, NumberName              string
		System, Number, AssigningAuthorName string
	}
)

func (a *answer) view() answerView {
	v := answerView{
		SOAP: namespaceSOAP, Addressing: namespaceAddressing, XACML: namespaceXACML, HL7: namespaceHL7,
		Action: a.action, RelatesTo: a.relatesTo,
	}
	for _, r := range a.results {
		rv := resultView{Decisions: r.decisions, Status: r.status, Message: r.message, Obligation: r.obligation}
		for _, g := range r.groups {
			rv.Groups = append(rv.Groups, g.view())
		}
		v.Results = append(v.Results, rv)
	}
	return v
}

func (g group) view() groupView {
	v := groupView{Category: g.category}
	for _, a := range g.attributes {
		form := a.form.dataType
		v.Attributes = append(v.Attributes, attributeView{
			ID: a.form.id, DataType: form.uri, Element: form.element,
			SystemName: form.system, NumberName: form.number,
			System: a.value.system, Number: a.value.number, AssigningAuthorName: a.value.authority,
		})
	}
	return v
}

// answerTemplate has the HL7 elements under a prefix, as Mitz may choose any.
var answerTemplate = template.Must(template.New("answer").Funcs(template.FuncMap{"x": escape}).Parse(
	`<?xml version="1.0" encoding="UTF-8"?>` +
		`<s:Envelope xmlns:s="{{x .SOAP}}" xmlns:a="{{x .Addressing}}">` +
		`<s:Header><a:Action s:mustUnderstand="1">{{x .Action}}</a:Action>` +
		`{{with .RelatesTo}}<a:RelatesTo>{{x .}}</a:RelatesTo>{{end}}</s:Header>` +
		`<s:Body><Response xmlns="{{x .XACML}}" xmlns:hl7="{{x .HL7}}">{{range .Results}}` +
		`<Result>{{range .Decisions}}<Decision>{{x .}}</Decision>{{end}}` +
		`{{with .Status}}<Status><StatusCode Value="{{x .}}"/>{{end}}` +
		`{{with .Message}}<StatusMessage>{{x .}}</StatusMessage>{{end}}{{if .Status}}</Status>{{end}}` +
		`{{with .Obligation}}<Obligations><Obligation ObligationId="{{x .}}"/></Obligations>{{end}}` +
		`{{range .Groups}}<Attributes Category="{{x .Category}}">{{range .Attributes}}` +
		`<Attribute AttributeId="{{x .ID}}" IncludeInResult="true"><AttributeValue DataType="{{x .DataType}}">` +
		`<hl7:{{.Element}} {{.SystemName}}="{{x .System}}" {{.NumberName}}="{{x .Number}}"` +
		`{{with .AssigningAuthorName}} assigningAuthorityName="{{x .}}"{{end}}/>` +
		`</AttributeValue></Attribute>{{end}}</Attributes>{{end}}</Result>{{end}}` +
		`</Response></s:Body></s:Envelope>`))

// faultText returns a SOAP fault (SOAP 1.2 part 1, section 5.4). The code is Sender,
// Receiver or MustUnderstand.
func faultText(code, reason, relatesTo string) string {
	if relatesTo != "" {
		relatesTo = `<a:RelatesTo>` + escape(relatesTo) + `</a:RelatesTo>`
	}
	return `<?xml version="1.0" encoding="UTF-8"?>` +
		`<s:Envelope xmlns:s="` + namespaceSOAP + `" xmlns:a="` + namespaceAddressing + `">` +
		`<s:Header><a:Action s:mustUnderstand="1">` + actionFault + `</a:Action>` + relatesTo + `</s:Header>` +
		`<s:Body><s:Fault><s:Code><s:Value>s:` + code + `</s:Value></s:Code>` +
		`<s:Reason><s:Text xml:lang="en">` + escape(reason) + `</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`
}

func escape(text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a Builder does not fail
	return escaped.String()
}
