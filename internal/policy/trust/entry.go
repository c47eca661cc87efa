// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package trust

import "strings"

// Kind is what an entry of the configured trust names.
type Kind string

// The kinds of entries.
const (
	KindHolder      Kind = "holder"      // the presenter itself
	KindDezi        Kind = "dezi"        // Dezi, by its own attestation
	KindDID         Kind = "did"         // one DID
	KindPrefix      Kind = "prefix"      // every DID that begins so
	KindCertificate Kind = "certificate" // certificates under one CA
)

// Entry is an entry of the configured trust.
type Entry struct {
	Kind Kind
	// Entry is as configured: a DID, a prefix that ends in "*", or a word.
	Entry string
	// The CA of a certificate, by the hash of its own certificate (base64url), and what
	// else the certificate must hold, as did:x509 writes it; empty: nothing else.
	HashAlgorithm, Fingerprint, Policies string
}

// Entries are who is trusted: the words first, then DIDs, then prefixes.
func (i Issuers) Entries() []Entry {
	var entries []Entry
	if i.holder {
		entries = append(entries, Entry{Kind: KindHolder, Entry: wordHolder})
	}
	if i.dezi {
		entries = append(entries, Entry{Kind: KindDezi, Entry: wordDezi})
	}
	for _, did := range i.exact {
		entries = append(entries, entryOf(KindDID, did))
	}
	for _, prefix := range i.prefixes {
		entries = append(entries, entryOf(KindPrefix, prefix+"*"))
	}
	return entries
}

// entryOf takes a did:x509 apart (did:x509:0:<hash>:<fingerprint>::<policies>).
func entryOf(kind Kind, text string) Entry {
	entry := Entry{Kind: kind, Entry: text}
	if !IsX509(text) {
		return entry
	}
	entry.Kind = KindCertificate
	authority, policies, _ := strings.Cut(text, "::")
	parts := strings.Split(authority, ":")
	entry.HashAlgorithm, entry.Fingerprint = parts[len(parts)-2], parts[len(parts)-1]
	entry.Policies = wholePolicies(strings.TrimSuffix(policies, "*"))
	return entry
}

// wholePolicies are the policies of a did:x509, or of a prefix, that have a value.
func wholePolicies(text string) string {
	var policies []string
	for _, policy := range strings.Split(text, "::") {
		parts := strings.Split(strings.TrimSuffix(policy, ":"), ":")
		if whole := len(parts) - (len(parts)+1)%2; whole > 1 {
			policies = append(policies, strings.Join(parts[:whole], ":"))
		}
	}
	return strings.Join(policies, "::")
}
