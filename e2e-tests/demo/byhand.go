// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// byHand is what someone needs to play with the world. Patients' numbers are in files that
// the commands name, so that nothing shows them.
type byHand struct {
	*stage
	cast    cast
	records *harness.RecordServer // of the hospital
	dir     string
	control string // where Mitz is told what to do
}

// registrar is the role in the Mitz scheme of who may record consents.
const registrar = "registrar"

// newByHand starts a record server and writes the files; both go when the stage is closed.
func newByHand(stage *stage, cast cast, control string) (*byHand, error) {
	server, err := stage.StartRecordServer("record-server", harness.RecordServerConfig{
		Node: stage.DataHolder, URA: hospitalURA, Scopes: []string{scope}, Category: category, Patients: records(cast.client, cast.other),
	})
	if err != nil {
		return nil, err
	}
	hands := &byHand{stage: stage, cast: cast, records: server, control: control, dir: stage.Path("by-hand")}
	if err := os.Mkdir(hands.dir, 0o700); err != nil {
		return nil, err
	}
	west := stage.centre.Issuer(birthCentre().Subject)
	return hands, errors.Join(
		stage.TLS().WritePEM(hands.file("ca.pem")),
		hands.writeRequests(cast.client, hospitalURA, stage.Issuer()),
		hands.writeRequests(cast.other, hospitalURA, stage.Issuer()),
		hands.writeRequests(cast.west, centreURA, west),
		hands.writeRequests(cast.asked, hospitalURA, stage.Issuer()),
		hands.writeForDeveloper(cast.client), hands.writeForDeveloper(cast.other),
		os.WriteFile(hands.file(cast.client.fileName(".bsn")), []byte(cast.client.bsn), 0o600),
		hands.writeJSON(cast.west.fileName("-attestation.json"), stage.AttestationRequest(cast.west.bsn, birthCentre(), category)),
		hands.writeJSON("membership.json", stage.MembershipRequest(registrar)),
		hands.writeJSON(cast.asked.fileName("-registration.json"), stage.RegistrationRequest(harness.Registration{
			Patient: cast.asked.bsn, DataHolder: stage.DataHolders[0], Categories: []string{category}, JSONLD: true,
		})),
	)
}

// writeRequests writes the bodies of a token request, and of what is told to Mitz.
func (h *byHand) writeRequests(about patient, dataHolder consent.URA, issuer string) error {
	permission := about.permissionAt(dataHolder)
	return errors.Join(
		h.writeJSON(about.fileName(".json"), h.ServiceTokenRequest(issuer, harness.BSNIdentifier(about.bsn), scope)),
		h.writeJSON(about.fileName("-consent.json"), map[string]any{
			"patient": permission.Patient, "dataHolder": permission.DataHolder, "category": permission.Category,
			"requesterType": permission.RequesterType, "decision": permission.Decision.String(),
		}),
		h.writeJSON(about.fileName("-patient.json"), map[string]any{"patient": about.bsn}),
	)
}

// writeForDeveloper writes a search for the record, what a record server asks its node about a
// request, and a token request for a token that is bound to a key.
func (h *byHand) writeForDeveloper(about patient) error {
	search := url.Values{"identifier": {harness.BSNIdentifier(about.bsn)}}.Encode()
	bound := h.ServiceTokenRequest(h.Issuer(), harness.BSNIdentifier(about.bsn), scope)
	bound.DPoP = true
	return errors.Join(
		os.WriteFile(h.file(about.fileName(".form")), []byte(search), 0o600),
		h.writeJSON(about.fileName("-access.json"), map[string]any{
			"authorization": "Bearer TOKEN", "method": "GET", "url": h.records.URL + "/summaries/17",
			"patient": about.bsn, "resourceTypes": []string{"Condition"},
		}),
		h.writeJSON(about.fileName("-bound.json"), bound),
	)
}

func (h *byHand) writeJSON(name string, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(h.file(name), content, 0o600)
}

func (h *byHand) file(name string) string { return filepath.Join(h.dir, name) }

// quoted is a text as a shell takes it for one word, also where folders have blanks and
// apostrophes in their names.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// fileName returns the patient's first name with an extension.
func (p patient) fileName(extension string) string {
	first, _, _ := strings.Cut(p.name, " ")
	return strings.ToLower(first) + extension
}

// show prints the addresses and the commands.
func (h *byHand) show(page page) {
	page.heading("To try it by hand")
	page.space()
	for _, address := range [][2]string{
		{"Hospital's node", h.Issuer() + " (public)"},
		{"", h.DataHolder.InternalURL() + " (internal)"},
		{"Midwife's node", h.Requester.Issuer(h.RequesterOrg.Name) + " (public)"},
		{"", h.Requester.InternalURL() + " (internal)"},
		{"Record server", h.records.URL},
		{"Birth centre's node", h.centre.Issuer(birthCentre().Subject) + " (public)"},
		{"", h.centre.InternalURL() + " (internal)"},
		{"Mitz simulator", h.Mitz.Endpoint()},
		{"", h.Mitz.Issuer().URL() + " (issues credentials)"},
		{"", h.control + " (to tell it what to do; docs/simulator.md)"},
		{"CA of all https", h.file("ca.pem") + " (not of the Mitz simulator)"},
		{"Logs", h.LogDir()},
	} {
		page.fact(address[0], address[1])
	}
	page.paragraph("Paste the commands one after the other, from the top. The patients' numbers are in the files that the " +
		"commands send: look into them for what each call must say. The test credentials are valid for twelve hours.")
	for _, chapter := range h.chapters() {
		page.line(page.styled(bold, chapter.title))
		page.space()
		for _, command := range chapter.commands {
			page.line(page.styled(dim, "# "+command.does))
			page.line(strings.Join(command.shell, "\n"))
			page.space()
		}
	}
}
