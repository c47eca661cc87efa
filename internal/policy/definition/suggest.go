// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

const (
	suggestConstraint = `add a field with the path $.issuer and the filter {"type": "string", "const": "did:web:issuer.example"}`
	suggestPattern    = `write the issuers' DIDs in an "enum", or a pattern such as "^did:web:issuer\.example$" or "^did:x509:0:sha256:<CA fingerprint>::.+$"`
)

func whyPatternUnproven(pattern string) *unproven {
	err := provePattern(pattern)
	if err == nil {
		return nil
	}
	why := &unproven{"the pattern on the issuer lets others pass: " + err.Error(), suggestPattern}
	if better, ok := betterPattern(pattern); ok {
		why.suggestion = "write the pattern " + better
	}
	return why
}

// looseDot is a dot that nobody meant to match any character: not one that is repeated,
// and not one that is escaped already.
var looseDot = regexp.MustCompile(`\\.|\.[*+?{]?`)

// betterPattern makes the pattern that was probably meant: anchored, with the dots escaped.
// What it gives is proven.
func betterPattern(pattern string) (string, bool) {
	escaped := looseDot.ReplaceAllStringFunc(strings.TrimPrefix(pattern, "(?i)"), func(found string) string {
		if found == "." {
			return `\.`
		}
		return found
	})
	parsed, err := syntax.Parse(escaped, syntax.Perl)
	if err != nil {
		return "", false
	}
	var alternatives []string
	for _, h := range headsOf(parsed) {
		if alternative := h.meant(); !slices.Contains(alternatives, alternative) {
			alternatives = append(alternatives, alternative)
		}
	}
	better := "^" + strings.Join(alternatives, "|") + "$"
	if len(alternatives) > 1 {
		better = "^(?:" + strings.Join(alternatives, "|") + ")$"
	}
	return better, provePattern(better) == nil
}

// meant is the pattern for the issuers that an operator probably meant by a head, which
// need not be one that proves anything.
func (h head) meant() string {
	switch fingerprint := strings.TrimRight(h.text, ":") + "::"; {
	case h.ended && trust.IsDID(h.text):
		return regexp.QuoteMeta(h.text)
	case trust.IsPrefix(h.prefix()):
		return regexp.QuoteMeta(h.prefix()) + ".+"
	case trust.IsPrefix(fingerprint) && trust.IsX509(fingerprint):
		return regexp.QuoteMeta(fingerprint) + ".+"
	default:
		return regexp.QuoteMeta(h.text)
	}
}
