// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// maxRows is how many entries of a list are written.
const maxRows = 20

// overview writes what is the same for every scope.
func (p *page) overview(now time.Time) {
	strict := "on"
	if !p.cfg.Strict {
		strict = "OFF: what is only fit for development is accepted"
	}
	mitz := "not asked: no ground in this configuration needs it"
	if p.cfg.Link != nil {
		mitz = fmt.Sprintf("%s, at most %s for a query", p.cfg.Endpoint, p.cfg.Timeout)
	}
	rows := [][2]string{{"Mitz", mitz}, {"strict mode", strict}}
	listed := p.cfg.Policy.Lists()
	subjects := listed.Subjects()
	for _, subject := range subjects[:min(len(subjects), maxRows)] {
		dataHolder, _ := listed.DataHolder(subject)
		rows = append(rows, [2]string{"data holder", fmt.Sprintf("%s: URA %s, %s", subject, dataHolder.URA, report.FacilityType(dataHolder.FacilityType))})
	}
	if more := len(subjects) - maxRows; more > 0 {
		rows = append(rows, [2]string{"", fmt.Sprintf("and %d more", more)})
	}
	rows = append(append(rows, [2]string{"guarded", strings.Join(p.cfg.Scopes(), ", ")}), notifications(p.cfg)...)
	p.Rows(0, rows)
	p.Warnings(p.cfg.Warnings(now))
}

// profile writes all about one guarded scope.
func (p *page) profile(explanation policy.Explanation) {
	p.Title("Scope " + explanation.Scope)
	p.Paragraph(0, "A token with this scope exists only when all that follows is in order and "+permitsWords(explanation)+".")
	p.decision(explanation)
	p.requirements(explanation, p.cfg.DefinitionFile(explanation.Scope))
	p.facilityTypes(explanation)
	p.checks(explanation)
	p.mandate(explanation)
	p.brought(explanation)
	if slices.ContainsFunc(explanation.Grounds, policy.GroundName.AsksMitz) {
		p.questions(explanation)
	}
	p.token(explanation)
}

func (p *page) decision(explanation policy.Explanation) {
	p.Section(permittedTitle(explanation))
	var rows [][2]string
	for _, category := range explanation.Categories {
		rows = append(rows, [2]string{"data", report.Category(category)})
	}
	rows = append(rows, [2]string{"purpose", report.Coded(explanation.Purpose, purposeWords)})
	for i, ground := range explanation.Grounds {
		rows = append(rows, [2]string{fmt.Sprintf("ground %d", i+1), string(ground) + ": " + groundWords[ground]})
	}
	if explanation.ContinuesAfterDeny {
		rows = append(rows, [2]string{"after Deny", "continue: a registration may permit what Mitz denied, which also denies where nothing is on record"})
	}
	if explanation.Subscribes {
		rows = append(rows, [2]string{"afterwards", subscribesWords})
	}
	p.Rows(2, rows)
	if len(explanation.Categories) > 1 {
		p.Paragraph(2, "Every one of the data categories must be permitted; one refusal refuses all.")
	}
}

func (p *page) requirements(explanation policy.Explanation, file string) {
	p.Section("What a requester must present")
	switch {
	case explanation.Builtin:
		p.Paragraph(2, "By the built-in presentation definition, mitz_consent. For each attribute one of the credentials below it is enough.")
	case file != "":
		p.Paragraph(2, "By your own presentation definition in "+report.Whole(file)+".")
	default:
		p.Paragraph(2, "By your own presentation definition for this scope in policy.directory.")
	}
	if explanation.Choices {
		p.Paragraph(2, "Its submission requirements say how many of these credentials are needed.")
	}
	for _, requirement := range explanation.Requirements {
		fmt.Fprintln(p)
		p.Item(2, string(requirement.Attribute)+": ", attributeWords[requirement.Attribute])
		p.requirement(explanation, requirement)
	}
}

func (p *page) requirement(explanation policy.Explanation, requirement policy.Requirement) {
	if len(requirement.Credentials) == 0 {
		p.Paragraph(4, "No credential is accepted: nobody is trusted for it, and the configured type counts (see below).")
		return
	}
	p.Paragraph(4, needWords[requirement.Need])
	byTrust := false
	for _, credential := range requirement.Credentials {
		byTrust = byTrust || credential.ByTrust
		p.Item(4, "- ", credentialWords(credential, explanation.Builtin))
		var rows [][2]string
		for _, source := range credential.Claims {
			rows = append(rows, [2]string{source.Claim, sourceWords(source, credential, explanation.Builtin)})
		}
		p.Rows(8, rows)
		if !explanation.Builtin {
			p.issuer(credential)
		}
	}
	if !byTrust {
		return
	}
	p.Paragraph(4, "Trusted for it:")
	for _, entry := range requirement.Trusted {
		p.Item(4, "- ", trustWords(entry))
	}
}

// issuer says who may issue a credential by the operator's own definition.
func (p *page) issuer(credential policy.AcceptedCredential) {
	if len(credential.IssuerFilters) > 0 {
		p.Item(8, "issued by: ", "whoever the definition's filter lets pass: "+strings.Join(credential.IssuerFilters, " and "))
	}
	if credential.ByTrust {
		p.Item(8, "issued by: ", "who is trusted for it, below")
	}
	if credential.Unproven != "" {
		p.Item(8, "WARNING: ", "perhaps issued by ANYONE, and accepted because of allowunconstrained: "+credential.Unproven)
	}
}

func (p *page) facilityTypes(explanation policy.Explanation) {
	if len(explanation.FacilityTypes) == 0 {
		return
	}
	p.Section("Configured facility types")
	p.Paragraph(2, "The facility type is taken from, in this order:")
	p.Item(2, "1. ", "a credential, as above;")
	p.Item(2, "2. ", "without a credential, this list, by the organisation's URA.")
	p.Paragraph(2, "When both are there and differ, the request is refused.")
	var rows [][2]string
	types := explanation.FacilityTypes
	for _, each := range types[:min(len(types), maxRows)] {
		rows = append(rows, [2]string{string(each.URA), report.FacilityType(each.FacilityType)})
	}
	p.Rows(4, rows)
	if more := len(types) - maxRows; more > 0 {
		p.Paragraph(4, fmt.Sprintf("and %d more", more))
	}
}

func (p *page) checks(explanation policy.Explanation) {
	p.Section("What is checked across credentials")
	for _, check := range explanation.Checks {
		text := checkWords[check]
		if check == policy.CheckEnrollmentOutdated {
			text += ": " + ageWords(explanation.EnrollmentMaxAge)
		}
		p.Item(2, "- ", text)
	}
	if explanation.EnrollmentMaxAge == 0 {
		p.Paragraph(2, "An enrolment may be as old as it is valid: enrollmentmaxage is not set.")
	}
}

func (p *page) mandate(explanation policy.Explanation) {
	p.Section("Mandate")
	if !explanation.Mandate {
		p.Paragraph(2, "Not possible: no credential for a mandate is accepted (trust.delegation).")
		return
	}
	p.Paragraph(2, "Possible. The question then names the professional who gave the mandate as responsible, with "+
		"the role in it, and the one who acts as mandated.")
}

func (p *page) token(explanation policy.Explanation) {
	p.Section("What the token would tell the record server (introspection)")
	var read, added [][2]string
	for _, claim := range explanation.TokenClaims {
		row := [2]string{claim.Name, exampleWords(claim)}
		if claim.Added {
			added = append(added, row)
		} else {
			read = append(read, row)
		}
	}
	p.Paragraph(2, "Read from the credentials:")
	p.Rows(4, read)
	p.Paragraph(2, "Added by this software:")
	p.Rows(4, added)
	p.Paragraph(2, "The record server must refuse every patient but the one in patient_bsn.")
}
