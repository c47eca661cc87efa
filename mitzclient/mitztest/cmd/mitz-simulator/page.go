// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/internal/certdir"
)

// page is what is printed when everything is up.
type page struct {
	simulator *mitztest.Simulator
	control   string
	dir       certdir.Dir
	made      bool
	own       string // the server's certificate that was given
	exposed   bool
	consents  int
	command   string
}

// String returns the page. Programs read the lines that begin with Endpoint and Control.
func (p page) String() string {
	var text strings.Builder
	row := func(name, content string) { fmt.Fprintf(&text, "%-15s%s\n", name, content) }
	text.WriteString("Mitz simulator, for tests only: never for real patients\n\n")
	row("Endpoint", p.simulator.Endpoint())
	row("Closed query", p.simulator.ClosedQueryURL())
	row("Subscriptions", p.simulator.SubscriptionURL())
	row("Registrations", p.simulator.RegistrationURL())
	if issuer := p.simulator.Issuer(); issuer != nil {
		row("Issuer", issuer.URL())
		row("", issuer.DID())
		row("Requests", p.simulator.CredentialRequestURL())
	}
	row("Control", p.control)
	row("", "GET / lists what you can tell it")
	row("Consents", fmt.Sprintf("%d on record; patient %s is always permitted, %s always refused",
		p.consents, mitztest.PatientAlwaysPermit, mitztest.PatientAlwaysDeny))
	text.WriteString("\n")
	row("Certificates", p.dir.Path+map[bool]string{true: " (new)", false: " (of an earlier run)"}[p.made])
	if p.own == "" {
		row("", name(p.dir.CA)+"the CA of this server: trust it")
	} else {
		row("", "This server has your certificate.")
	}
	row("", name(p.dir.ClientCert)+"for your client, and its key "+filepath.Base(p.dir.ClientKey))
	row("", name(p.dir.ClientP12)+"the same as PKCS#12, with the password in "+filepath.Base(p.dir.Password))
	if p.own == "" {
		row("", name(p.dir.TrustP12)+"the CA as PKCS#12 for Java, with the same password")
	}
	if p.exposed {
		text.WriteString("\nWARNING: other machines can reach it. Whoever has " + filepath.Base(p.dir.ClientKey) +
			" is answered as if by Mitz.\n")
	}
	text.WriteString("\nA query that gets a Permit, to paste into a shell:\n\n" + p.command)
	text.WriteString("\nCtrl-C ends it.\n")
	return text.String()
}

func name(path string) string { return fmt.Sprintf("%-16s", filepath.Base(path)) }
