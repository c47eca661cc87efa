// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// passType is the kind of a UZI pass (CIBG, Certification Practice Statement of the
// UZI register, section on the subject alternative name).
type passType string

const (
	passProfessional passType = "Z" // a care professional, with a role
	passEmployee     passType = "N" // an employee, by name
	passServer       passType = "S" // a care organisation's server
)

// pass is what a UZI certificate says in its otherName:
// <CA OID>-<version>-<UZI number>-<pass type>-<URA>-<role>-<AGB>.
type pass struct {
	number string // nine digits for a person
	kind   passType
	ura    consent.URA
	role   consent.Role
}

var otherNameShape = regexp.MustCompile(`^[0-9.]+-[0-9]+-([0-9]+)-([A-Z])-([0-9]{8})-([0-9]{2}\.[0-9]{3})-[0-9]+$`)

// parseOtherName reads the otherName of a UZI certificate.
func parseOtherName(otherName string) (pass, bool) {
	match := otherNameShape.FindStringSubmatch(otherName)
	if match == nil {
		return pass{}, false
	}
	return pass{number: match[1], kind: passType(match[2]), ura: consent.URA(match[3]), role: consent.Role(match[4])}, true
}

// passOf reads the pass from a did:x509. One without an otherName, or with several, has
// no pass.
func passOf(issuer string) (pass, bool) {
	otherNames := policiesOf(issuer, "san", "otherName")
	if len(otherNames) != 1 {
		return pass{}, false
	}
	return parseOtherName(otherNames[0])
}

// subjectPolicy reads a part of the certificate's subject from a did:x509, such as O.
func subjectPolicy(issuer, name string) (string, bool) {
	values := policiesOf(issuer, "subject", name)
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// policiesOf reads what a did:x509 says of its certificate (Trust over IP, did:x509
// method, version 0: did:x509:0:<hash>:<fingerprint>::<policy>:<name>:<value>[:...]::...).
// The node has verified it.
func policiesOf(issuer, policy, name string) (values []string) {
	if !isX509(issuer) {
		return nil
	}
	for _, part := range strings.Split(issuer, "::")[1:] {
		parts := strings.Split(part, ":")
		if parts[0] != policy {
			continue
		}
		for i := 1; i+1 < len(parts); i += 2 {
			if value, err := url.PathUnescape(parts[i+1]); err == nil && parts[i] == name {
				values = append(values, value)
			}
		}
	}
	return values
}

// ownerPolicies are the policies of a did:x509 that tell whose certificate it is: which
// organisation, person or machine it was given to. A country, a place, a department or the
// mere presence of a name tells that of nobody.
var ownerPolicies = map[string][]string{
	"subject": {"O", "CN", "serialNumber"},
	"san":     {"otherName", "dns", "email", "ip"},
}

// isWholeCA tells whether a did:x509, or a prefix of some up to a colon, is that of many
// owners' certificates, by what its policies mean: the node compares them with the
// certificate, and not the text.
func isWholeCA(did string) bool {
	if !isX509(did) {
		return false
	}
	for policy, names := range ownerPolicies {
		for _, name := range names {
			// A prefix can end before the value, which is empty then.
			if slices.ContainsFunc(policiesOf(did, policy, name), func(value string) bool { return strings.TrimSpace(value) != "" }) {
				return false
			}
		}
	}
	return true
}

func isX509(did string) bool { return strings.HasPrefix(did, "did:x509:") }
