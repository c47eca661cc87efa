// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package trust

import (
	"net/url"
	"slices"
	"strings"
)

// IsPlainDID reports whether a DID names the place that it seems to. A did:web becomes a
// path (did:web method, section 2.5.2), and one with a dot segment or an escaped slash
// in it leads elsewhere than below its prefix.
func IsPlainDID(did string) bool {
	if !strings.HasPrefix(did, "did:web:") {
		return true
	}
	return !slices.ContainsFunc(strings.Split(did, ":"), func(segment string) bool {
		plain, err := url.PathUnescape(segment)
		return err != nil || plain == "." || plain == ".." || strings.ContainsAny(plain, "/\\")
	})
}

// SubjectPolicy reads a part of the certificate's subject from a did:x509, such as O.
func SubjectPolicy(issuer, name string) (string, bool) {
	values := Policies(issuer, "subject", name)
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// Policies reads what a did:x509 says of its certificate (Trust over IP, did:x509
// method, version 0: did:x509:0:<hash>:<fingerprint>::<policy>:<name>:<value>[:...]::...).
// The node has verified it.
func Policies(issuer, policy, name string) (values []string) {
	if !IsX509(issuer) {
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

// IsWholeCA reports whether a did:x509, or a prefix of some up to a colon, is that of many
// owners' certificates, by what its policies mean: the node compares them with the
// certificate, and not the text.
func IsWholeCA(did string) bool {
	if !IsX509(did) {
		return false
	}
	for policy, names := range ownerPolicies {
		for _, name := range names {
			// A prefix can end before the value, which is empty then.
			if slices.ContainsFunc(Policies(did, policy, name), func(value string) bool { return strings.TrimSpace(value) != "" }) {
				return false
			}
		}
	}
	return true
}

// IsX509 reports whether a DID names a certificate.
func IsX509(did string) bool { return strings.HasPrefix(did, "did:x509:") }
