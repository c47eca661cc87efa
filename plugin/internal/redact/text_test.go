// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import (
	"encoding/base64"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const testBSN = "900186021"

func TestNumbers(t *testing.T) {
	for _, tc := range []struct{ name, text, expected string }{
		{"a patient's number", testBSN, "[BSN]"},
		{"within a text", "bsn|" + testBSN + ", again x" + testBSN + "x", "bsn|[BSN], again x[BSN]x"},
		{"longer and shorter numbers stay", "1" + testBSN + " 90018602", "1" + testBSN + " 90018602"},
		{"nine digits that fail the eleven test stay", "900186022", "900186022"},
		{"no digits", "nothing here", "nothing here"},
		{"behind a percent escape", "scope=%22" + testBSN + "%22&a=%20" + testBSN, "scope=%22[BSN]%22&a=%20[BSN]"},
		{"behind a percent sign that is none", "100%" + testBSN, "100%[BSN]"},
		{"behind an escape in a quoted text", `\x00` + testBSN + ` \u0026` + testBSN, `\x00[BSN] \u0026[BSN]`},
		{"in percent escapes itself", "%39%30%30%31%38%36%30%32%31 and 9%3001860%321", "[BSN] and [BSN]"},
		{"with separators", "900.186.021 900 186 021 9001.86.021 900+186+021", "[BSN] [BSN] [BSN] [BSN]"},
		{"with separators, after another group", "111.900.186.021", "111.[BSN]"},
		{"with escaped separators", "a=900%20186%20021&b=900%2e186%2e021", "a=[BSN]&b=[BSN]"},
		{"with other spaces and hyphens", "900\u00a0186\u202f021, 900\u2011186\u2013021", "[BSN], [BSN]"},
		{"escaped twice and three times", "%2539%25300186%25302%2531 9%2525300186021", "[BSN] [BSN]"},
		{"escaped in a text that was quoted twice", `"{\\\"bsn\\\":\\\"9\\u00300186\\x3021\\\"}"`, `"{\\\"bsn\\\":\\\"[BSN]\\\"}"`},
		{"as character references", "&#57;&#x30;&#48;186021 &amp;#57;00186021", "[BSN] [BSN]"},
		{"in the escapes of scripts", "%u0039%u00300186021", "[BSN]"},
		{"with escapes of many digits", `\U0000003900186021`, "[BSN]"},
		{"in the digits of another script", "９００１８６０２１ ٩٠٠١٨٦٠٢١ 𝟗𝟎𝟎𝟏𝟖𝟔𝟎𝟐𝟏", "[BSN] [BSN] [BSN]"},
		{"in those, escaped", url.QueryEscape("９００１８６０２１") + ` \uff1900186021`, "[BSN] [BSN]"},
		{"with characters that do not show", "900\u200b186\u00ad021", "[BSN]"},
		{"in a JWT", "credential=eyJhbGciOiJFUzI1NiJ9.eyJic24iOiI5MDAxODYwMjEifQ.c2ln end", "credential=[JWT] end"},
		{"in a JWT that begins with a space", "credential=eyAiYWxnIjogIkVTMjU2IiB9.eyAiYnNuIjogIjkwMDE4NjAyMSIgfQ.c2lnbmF0dXJl end", "credential=[JWT] end"},
		{"in an encrypted JWT", "a " + strings.Repeat("eyJhbGciOiJFUzI1NiJ9.", 4) + "c2ln b", "a [JWT] b"},
		{"in one part of a JWT", "eyJic24iOiI5MDAxODYwMjEifQ", "[base64]"},
		{"in base64 that begins anywhere", "Basic OTAwMTg2MDIxOng= xOTAwMTg2MDIx x/OTAwMTg2MDIx", "Basic [base64]= [base64] [base64]"},
		{"a date stays", "2026-03-01 12:00:00", "2026-03-01 12:00:00"},
		{"an address, a DID and a path stay", "192.168.1.100 did:web:example.com:iam:123 /internal/vcr/v2/holder/hospital-east/vc",
			"192.168.1.100 did:web:example.com:iam:123 /internal/vcr/v2/holder/hospital-east/vc"},
		{"escapes that stand for nothing here stay", `50% \n \x & &lt; %zz \u12 &#xzz; &#; é 中文 \`, `50% \n \x & &lt; %zz \u12 &#xzz; &#; é 中文 \`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.expected, Numbers(tc.text))
			assert.Equal(t, tc.expected, Text(tc.text))
			assert.Equal(t, tc.expected != tc.text, Holds(tc.text))
		})
	}
}

// forms are the ways in which software that means no harm writes a text.
var forms = map[string]func(string) string{
	"plain": func(s string) string { return s },
	"query": url.QueryEscape,
	"every byte escaped": func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			b.WriteString("%" + strconv.FormatUint(uint64(s[i]), 16))
		}
		return b.String()
	},
	"quoted":             strconv.Quote,
	"quoted in ASCII":    strconv.QuoteToASCII,
	"HTML":               html.EscapeString,
	"base64":             func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 for an URL":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"full-width figures": strings.NewReplacer("0", "０", "1", "１", "2", "２", "6", "６", "8", "８", "9", "９").Replace,
}

func TestNumbersInEveryFormOfEveryForm(t *testing.T) {
	for outerName, outer := range forms {
		for innerName, inner := range forms {
			// Of what base64 holds, only plain digits are looked for.
			if strings.HasPrefix(outerName, "base64") && (innerName == "every byte escaped" || strings.HasPrefix(innerName, "base64") || innerName == "full-width figures") {
				continue
			}
			if strings.HasPrefix(innerName, "base64") && (outerName == "every byte escaped" || outerName == "full-width figures") {
				continue
			}
			for _, around := range []string{"", " ", "\"", "a&b=", "<é>", "%", "/"} {
				text := outer(inner(around + testBSN + around))
				assert.True(t, Holds(text), "%s of %s: %s", outerName, innerName, text)
			}
		}
	}
}

func TestTextIsCut(t *testing.T) {
	t.Run("what is as long as is kept stays whole", func(t *testing.T) {
		text := strings.Repeat("a", MaxText)
		assert.Equal(t, text, Text(text))
	})
	t.Run("what is longer says so", func(t *testing.T) {
		assert.Equal(t, strings.Repeat("a", MaxText)+" [cut: 1024 KiB]", Text(strings.Repeat("a", 1<<20)))
	})
	t.Run("no part of a character is left", func(t *testing.T) {
		text, _, _ := strings.Cut(Text("a"+strings.Repeat("é", MaxText)), " [cut")
		assert.Equal(t, "a"+strings.Repeat("é", MaxText/2-1), text)
	})
	// Eight digits of nine would tell the ninth.
	for _, number := range []string{
		testBSN, "900.186.021", "%2539%25300186021", "&#x00000039;00186021",
		"%2525%33%39%2525%33%300186021", "eyJhbGciOiJFUzI1NiJ9.eyJic24iOiI5MDAxODYwMjEifQ.c2ln", "OTAwMTg2MDIx",
	} {
		t.Run("no part of a number is left: "+number, func(t *testing.T) {
			for before := MaxText - len(number) - 2; before < MaxText+2; before++ {
				text := Text(strings.Repeat("/", before-1) + " " + number + strings.Repeat(" ", 1<<20))
				kept, _, found := strings.Cut(strings.TrimLeft(text, "/"), " [cut")
				assert.True(t, found)
				if kept = strings.TrimSpace(kept); kept != "" {
					assert.Contains(t, []string{markNumber, markJWT, markBase64}, kept, "%d", before)
				}
			}
		})
	}
}

func TestUUIDsHoldNumbersByChance(t *testing.T) {
	for text, expected := range map[string]bool{
		"urn:uuid:90018602-1000-4000-8000-123456782000":                    false,
		"did:web:x.example#90018602-1000-4000-8000-123456782000 123456782": true,
		"123456782": true, "urn:x:%31%32%33%34%35%36%37%38%32": true, "": false,
	} {
		assert.Equal(t, expected, HoldsBesideUUIDs(text), text)
	}
}
