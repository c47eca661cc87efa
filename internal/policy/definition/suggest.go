// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

const (
	suggestConstraint = `add a field with the path $.issuer and the filter {"type": "string", "const": "did:web:issuer.example"}`
	suggestPattern    = `write the issuers' DIDs in an "enum", or a pattern such as "^did:web:issuer\.example$" or "^did:x509:0:sha256:<CA fingerprint>::.+$"`
)

func whyPatternUnproven(pattern string) *unproven {
	_, err := provePattern(pattern)
	if err == nil {
		return nil
	}
	why := &unproven{"the pattern on the issuer lets others pass: " + err.Error(), suggestPattern}
	if better, ok := betterPattern(pattern); ok {
		why.suggestion = "write the pattern " + better
	}
	return why
}

var (
	// decoration is what says in a pattern where and how to match, and not what.
	decoration = strings.NewReplacer("(?i)", "", "(?:", "", "(", "", ")", "", "^", "", "$", "")
	// looseIssuer is an issuer in which the dots need not be escaped.
	looseIssuer = regexp.MustCompile(`^([A-Za-z0-9:%_.\\-]+?)(?:` + further + `)?$`)
)

// betterPattern returns the pattern that was probably meant: anchored, with the dots escaped.
// What it returns is proven.
func betterPattern(pattern string) (string, bool) {
	var alternatives []string
	for alternative := range strings.SplitSeq(decoration.Replace(pattern), "|") {
		match := looseIssuer.FindStringSubmatch(alternative)
		if match == nil {
			return "", false
		}
		if meant := meantBy(strings.ReplaceAll(match[1], `\`, "")); !slices.Contains(alternatives, meant) {
			alternatives = append(alternatives, meant)
		}
	}
	better := "^" + strings.Join(alternatives, "|") + "$"
	if len(alternatives) > 1 {
		better = "^(?:" + strings.Join(alternatives, "|") + ")$"
	}
	_, err := provePattern(better)
	return better, err == nil
}

// meantBy is the pattern for the issuers that an operator probably meant by a text, which
// need not be one that proves anything.
func meantBy(text string) string {
	switch fingerprint := strings.TrimRight(text, ":") + "::"; {
	case trust.IsPrefix(text):
		return regexp.QuoteMeta(text) + ".+"
	case trust.IsX509(text) && trust.IsPrefix(fingerprint):
		return regexp.QuoteMeta(fingerprint) + ".+"
	default:
		return regexp.QuoteMeta(text)
	}
}
