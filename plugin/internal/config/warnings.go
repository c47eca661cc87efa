// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// maxNamed is how many entries of a list a warning names.
const maxNamed = 5

// CertificateNotice is how long before its end a client certificate is warned about while
// the node runs.
const CertificateNotice = 30 * 24 * time.Hour

// Warnings returns what is probably a mistake in a valid configuration, each beginning with
// its key below the section.
func (c *Config) Warnings(now time.Time) []string {
	warnings := c.SectionWarnings()
	if text := certificateWarning(c.certificate, now); text != "" {
		warnings = slices.Insert(warnings, 0, text)
	}
	if text := signingWarning(c.signing, now); text != "" {
		warnings = append(warnings, text)
	}
	return warnings
}

// SectionWarnings returns the warnings but for those about the client certificate, of which
// "mitz check" tells more.
func (c *Config) SectionWarnings() []string {
	var warnings []string
	for i, profile := range c.Profiles {
		for _, code := range profile.Categories {
			if !consent.Category(code).Known() {
				warnings = append(warnings, fmt.Sprintf("profiles[%d].categories: %s is not a data category that this software knows: check it", i, code))
			}
		}
	}
	warnings = append(warnings, ListWarnings(c.Policy.Lists())...)
	warnings = append(append(warnings, c.notifyWarnings()...), c.Withdrawal.kindWarnings()...)
	warnings = append(warnings, c.registrationWarnings()...)
	warnings = append(warnings, c.localizationWarnings()...)
	trusted := c.Policy.Trusted()
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

// certificateWarning returns the warning about a client certificate with which Mitz will not
// answer; empty when there is nothing to warn of.
func certificateWarning(certificate *x509.Certificate, now time.Time) string {
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

// ListWarnings returns the warnings about data holders and types of organisations.
func ListWarnings(lists *policy.Lists) []string {
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
