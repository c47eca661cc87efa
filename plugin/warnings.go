// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nuts-foundation/go-did/did"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// maxNamed is how many entries of a list a warning names.
const maxNamed = 5

// warnings are what is probably a mistake in a configuration that is right: "mitz explain"
// tells it, and so does the log when the node starts.
func (c *checkedConfig) warnings(now time.Time) []string {
	var warnings []string
	if text := certificateWarningOf(c.certificate, now); text != "" {
		warnings = append(warnings, text)
	}
	for i, profile := range c.config.Profiles {
		for _, code := range profile.Categories {
			if !consent.Category(code).Known() {
				warnings = append(warnings, fmt.Sprintf("profiles[%d].categories: %s is not a data category that this software knows: check it", i, code))
			}
		}
	}
	warnings = append(warnings, listWarnings(c.policy.Lists())...)
	trusted := c.policy.Trusted()
	for _, attribute := range slices.Sorted(maps.Keys(trusted)) {
		for _, issuer := range trusted[attribute] {
			text := fmt.Sprintf("trust.%s: the fingerprint %s is made up, as in documentation: no certificate has it", attribute, issuer.Fingerprint)
			if issuer.MadeUp() && !slices.Contains(warnings, text) {
				warnings = append(warnings, text)
			}
		}
	}
	return warnings
}

// certificateWarningOf is about a client certificate with which Mitz will not answer.
func certificateWarningOf(certificate *x509.Certificate, now time.Time) string {
	switch {
	case certificate == nil:
		return ""
	case now.After(certificate.NotAfter):
		return "tls.certfile: the client certificate expired at " + certificate.NotAfter.UTC().Format(time.RFC3339) + ": no guarded token is issued until it is renewed"
	case now.Before(certificate.NotBefore):
		return "tls.certfile: the client certificate is not valid before " + certificate.NotBefore.UTC().Format(time.RFC3339) + ": no guarded token is issued until then"
	default:
		return ""
	}
}

// listWarnings are about data holders, and types of organisations.
func listWarnings(lists *policy.Lists) []string {
	var warnings []string
	if dataHolders, _ := lists.Len(); dataHolders == 0 {
		warnings = append(warnings, "dataholders: there is none, so no guarded token is issued")
	}
	unknown, types := lists.UnknownTypes()
	if len(unknown) > 0 {
		warnings = append(warnings, "dataholders: the facility type is not one that this software knows: check "+few(unknown))
	}
	if len(types) > 0 {
		warnings = append(warnings, "facilitytypes: the facility type is not one that this software knows: check "+few(types))
	}
	return warnings
}

// few names the first of many.
func few(names []string) string {
	text := strings.Join(names[:min(len(names), maxNamed)], ", ")
	if more := len(names) - maxNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func logWarnings(warnings []string) {
	for _, warning := range warnings {
		log().Warn("Check the configuration: " + moduleName + "." + warning)
	}
}

// warnInBackground tells what only the node's database can tell. It does not hold up the
// start; the stop waits for it.
func (e *Engine) warnInBackground() {
	e.background.Go(func() {
		e.warnOfSubjects()
		e.warnOfAuthorities()
	})
}

// warnOfSubjects tells of data holders at whose endpoint there is nobody: the node does not
// have the subject, or not yet.
func (e *Engine) warnOfSubjects() {
	if e.node.vdr == nil || e.node.vdr.Manager == nil {
		return
	}
	existing, err := e.node.vdr.List(e.ending)
	if err != nil {
		return // the node tells
	}
	var missing []string
	for _, subject := range e.policy.Lists().Subjects() {
		if _, exists := existing[subject]; !exists {
			missing = append(missing, subject)
		}
	}
	if len(missing) > 0 {
		logWarnings([]string{"dataholders: the node does not have this subject, so nobody can ask there: " + few(missing)})
	}
}

// maxWallets is how many wallets are looked at for certificates.
const maxWallets = 20

// warnOfAuthorities tells when none of the CAs that are trusted for organisations is one
// under which this node's own organisations have their certificates. Then a fingerprint is
// probably wrong. Without such certificates in the wallets, it cannot be told.
func (e *Engine) warnOfAuthorities() {
	var trusted []string
	for _, issuer := range e.policy.Trusted()[policy.AttributeOrganization] {
		if issuer.Kind == policy.TrustCertificate {
			trusted = append(trusted, issuer.Fingerprint)
		}
	}
	if len(trusted) == 0 {
		return
	}
	seen := e.authoritiesInWallets(e.ending)
	if len(seen) == 0 || slices.ContainsFunc(trusted, func(each string) bool { return slices.Contains(seen, each) }) {
		return
	}
	logWarnings([]string{fmt.Sprintf("trust.organization: no certificate with the fingerprint %s was seen; the wallets of this node hold credentials under %s: is that the one?",
		few(trusted), few(seen))})
}

// authoritiesInWallets are the fingerprints of the CAs under which the credentials in the
// data holders' wallets were issued.
func (e *Engine) authoritiesInWallets(ctx context.Context) (fingerprints []string) {
	if e.node.vdr == nil || e.node.vdr.Manager == nil || e.node.vcr == nil {
		return nil
	}
	subjects := e.policy.Lists().Subjects()
	for _, subject := range subjects[:min(len(subjects), maxWallets)] {
		holders, err := e.node.vdr.ListDIDs(ctx, subject)
		if err != nil {
			continue
		}
		for _, holder := range holders {
			fingerprints = append(fingerprints, e.authoritiesIn(ctx, holder)...)
		}
	}
	slices.Sort(fingerprints)
	return slices.Compact(fingerprints)
}

func (e *Engine) authoritiesIn(ctx context.Context, holder did.DID) (fingerprints []string) {
	credentials, err := e.node.vcr.Wallet().SearchCredential(ctx, holder)
	if err != nil {
		return nil
	}
	for _, credential := range credentials {
		// did:x509:0:<hash>:<fingerprint>::<policies>
		if parts := strings.Split(credential.Issuer.String(), ":"); len(parts) > 5 && parts[1] == "x509" {
			fingerprints = append(fingerprints, parts[4])
		}
	}
	return fingerprints
}
