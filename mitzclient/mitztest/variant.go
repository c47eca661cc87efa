// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/http"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Variant is to answer from the consents on record, in another form that the standards
// allow and that servers in the field use. No client may refuse it.
type Variant int

// The variants.
const (
	ByteOrderMark   Variant = iota + 1 // before the message, as .NET writes it (XML 1.0, section 4.3.3)
	HeadersOfOthers                    // that nobody must understand (SOAP 1.2 part 1, section 2.4)
	HeaderForOthers                    // that somebody on the way must understand (section 2.2)
)

var _ Behaviour = Variant(0)

// AllVariants returns all of them.
func AllVariants() []Behaviour { return []Behaviour{ByteOrderMark, HeadersOfOthers, HeaderForOthers} }

// variants says what each variant does, and its name.
var variants = map[Variant]struct {
	name string
	edit func(string) string
}{
	ByteOrderMark: {"byte order mark", func(text string) string { return "\uFEFF" + text }},
	HeadersOfOthers: {"headers of others", before("</s:Header>", `<x:Security xmlns:x="urn:example:security" s:mustUnderstand="0"><x:Created>2026-01-01</x:Created></x:Security>`+
		`<Activity xmlns="urn:example:diagnostics">1</Activity>`)},
	HeaderForOthers: {"header for others", before("</s:Header>", `<x:Route xmlns:x="urn:example" s:role="urn:example:gateway" s:mustUnderstand="true"/>`)},
}

// String names the variant, for example "byte order mark".
func (v Variant) String() string {
	if variant, found := variants[v]; found {
		return variant.name
	}
	return "unknown variant"
}

func (Variant) decide(onRecord consent.Decisions) consent.Decisions { return onRecord }

func (v Variant) respond(x *exchange) {
	variant, found := variants[v]
	if !found {
		x.fail(http.StatusInternalServerError)
		return
	}
	a := answerTo(x.asked, func(category consent.Category) consent.Decision { return x.decisions[category] })
	x.send(http.StatusOK, variant.edit(a.String()))
}

// utf16 writes a message of ASCII in two bytes for each character, after their order mark.
func utf16(text string) string {
	var wide strings.Builder
	wide.WriteString("\xfe\xff")
	for i := range len(text) {
		wide.WriteString("\x00" + text[i:i+1])
	}
	return wide.String()
}
