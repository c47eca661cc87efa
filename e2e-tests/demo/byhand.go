// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// byHand is what someone needs to play with the world after the story. Patients' numbers
// are in files that the commands name, so that nothing shows them.
type byHand struct {
	*stage
	cast    cast
	dir     string
	control string // where Mitz is told what to do
}

// newByHand writes the files, which go when the stage is closed.
func newByHand(stage *stage, cast cast, control string) (*byHand, error) {
	hands := &byHand{stage: stage, cast: cast, control: control, dir: stage.Path("by-hand")}
	if err := os.Mkdir(hands.dir, 0o700); err != nil {
		return nil, err
	}
	if err := stage.TLS().WritePEM(hands.file("ca.pem")); err != nil {
		return nil, err
	}
	for _, each := range []patient{cast.client, cast.other} {
		if err := hands.writeRequests(each); err != nil {
			return nil, err
		}
	}
	return hands, nil
}

// writeRequests writes the bodies of a token request, of a search for the record, and of
// what is told to Mitz.
func (h *byHand) writeRequests(about patient) error {
	body, err := json.Marshal(h.ServiceTokenRequest(h.Issuer(), harness.BSNIdentifier(about.bsn), scope))
	if err != nil {
		return err
	}
	if err := os.WriteFile(h.file(about.fileName(".json")), body, 0o600); err != nil {
		return err
	}
	permission := about.permission()
	told, err := json.Marshal(map[string]any{
		"patient": permission.Patient, "dataHolder": permission.DataHolder, "category": permission.Category,
		"requesterType": permission.RequesterType, "decision": permission.Decision.String(),
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(h.file(about.fileName("-consent.json")), told, 0o600); err != nil {
		return err
	}
	if told, err = json.Marshal(map[string]any{"patient": about.bsn}); err != nil {
		return err
	}
	if err := os.WriteFile(h.file(about.fileName("-patient.json")), told, 0o600); err != nil {
		return err
	}
	search := url.Values{"identifier": {harness.BSNIdentifier(about.bsn)}}.Encode()
	return os.WriteFile(h.file(about.fileName(".form")), []byte(search), 0o600)
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

// command is a shell command to copy, and what it does.
type command struct {
	does  string
	shell []string // lines
}

func (h *byHand) commands() []command {
	request := fmt.Sprintf("curl -s %s/internal/auth/v2/%s/request-service-access-token \\",
		h.Requester.InternalURL(), h.RequesterOrg.Name)
	body := func(p patient) string {
		return fmt.Sprintf("  -H 'Content-Type: application/json' -d %s", quoted("@"+h.file(p.fileName(".json"))))
	}
	client, other := h.cast.client, h.cast.other
	return []command{
		{"Ask for a token about " + client.name + ", at the midwife's node, and keep it:", []string{
			"TOKEN=$(" + request, body(client) + ` \`,
			`  | tee /dev/stderr | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')`,
		}},
		{"See what the record server is told about it (this shows the patient's test number):", []string{
			fmt.Sprintf(`curl -s %s/internal/auth/v2/accesstoken/introspect -d "token=$TOKEN"`, h.DataHolder.InternalURL()),
		}},
		{"Read the notes with it (and " + other.fileName(".form") + " instead of " + client.fileName(".form") + " is refused):", []string{
			fmt.Sprintf(`curl -s --cacert %s -H "Authorization: Bearer $TOKEN" \`, quoted(h.file("ca.pem"))),
			fmt.Sprintf(`  --write-out '\nHTTP %%{http_code}\n' %s/fhir/Patient/_search -d %s`, h.stage.records.URL, quoted("@"+h.file(client.fileName(".form")))),
		}},
		{"Ask for a token about " + other.name + ", who has recorded nothing in Mitz:", []string{request, body(other)}},
		{"Withdraw " + client.name + "'s consent in Mitz, and ask again:", []string{
			h.tellMitz("/consents/forget", client.fileName("-patient.json")), request, body(client),
		}},
		{"Record it again:", []string{h.tellMitz("/consents", client.fileName("-consent.json"))}},
		{"See what Mitz was asked (this shows the patients' test numbers):", []string{
			fmt.Sprintf("curl -s %s/queries", h.control),
		}},
	}
}

func (h *byHand) tellMitz(path, file string) string {
	return fmt.Sprintf("curl -s %s%s -d %s", h.control, path, quoted("@"+h.file(file)))
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
		{"Record server", h.stage.records.URL},
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
	page.paragraph(h.cast.client.name + "'s consent is on record again. The patients' numbers are in the files that the " +
		"commands send. The test credentials are valid for twelve hours.")
	for _, command := range h.commands() {
		page.line(page.styled(dim, "# "+command.does))
		page.line(strings.Join(command.shell, "\n"))
		page.space()
	}
}
