// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// The patterns that can be proven are those that policy files have: the DID of an issuer, or
// the beginning of DIDs up to a colon, with nothing in it but what stands for itself; or
// several of these in one group. Every engine reads these the same. The node has one for
// ECMA-262, which differs from Go's in what is not here.
const (
	itself  = `(?:[A-Za-z0-9:%_-]|\\[.:%_-])+`
	further = `\.[*+]|\[\\w\\-\.:%\]\*`
)

var (
	issuerShape = regexp.MustCompile(`^(` + itself + `)(` + further + `)?$`)
	listShape   = regexp.MustCompile(`^\((?:\?:)?([^()]*)\)\$$`)
)

// provePattern returns the issuers that a pattern lets pass, and proves that it lets no
// others: DIDs, and beginnings of DIDs, which end in a colon. The error says what stands in
// the way.
func provePattern(pattern string) ([]string, error) {
	text, anchored := strings.CutPrefix(pattern, "^")
	if !anchored {
		return nil, errors.New("it does not begin with ^, so it matches in the middle of a name")
	}
	whole, ended := strings.CutSuffix(text, "$")
	alternatives := []string{whole}
	if list := listShape.FindStringSubmatch(text); list != nil {
		alternatives = strings.Split(list[1], "|")
	}
	var issuers []string
	for _, alternative := range alternatives {
		match := issuerShape.FindStringSubmatch(alternative)
		if match == nil {
			return nil, errors.New("it is more than an issuer's DID, or the beginning of one up to a colon, with escaped punctuation, or several of these in (?:...|...)")
		}
		issuer := strings.ReplaceAll(match[1], `\`, "")
		if open := match[2] != "" || !ended; open && !trust.IsPrefix(issuer) || !open && !trust.IsDID(issuer) {
			return nil, fmt.Errorf("all that is certain is that the issuer begins with %q, which is no DID up to its end ($), nor a prefix up to a colon (of a did:x509: with its CA's whole fingerprint and ::)", issuer)
		}
		issuers = append(issuers, issuer)
	}
	return issuers, nil
}
