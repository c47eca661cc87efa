// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

var provenPatterns = []string{
	`^did:web:vektis\.example$`,
	`^did:web:vektis\.example:iam:x$`,
	`^did:web:vektis\.example:.*`,
	`^did:web:vektis\.example:.+$`,
	`^did:web:vektis\.example:`,
	`^(did:web:a\.example|did:web:b\.example)$`,
	`^(?:did:web:a\.example|did:web:b\.example:.+)$`,
	`^did:web:localhost%3A8443:iam:.+$`,
	`^` + testFingerprint + `::.*$`,
	`^` + testFingerprint + `::[\w\-.:%]*$`,
	`^` + testFingerprint + `::san:otherName:[\w\-.:%]*$`,
	`^` + testFingerprint + `::san:otherName:2\.16\.528-S-12345678$`,
	`^(did:web:a\.example)$`,
}

func TestProvePattern(t *testing.T) {
	for _, pattern := range provenPatterns {
		t.Run("proven: "+pattern, func(t *testing.T) {
			_, err := provePattern(pattern)
			assert.NoError(t, err)
		})
	}
	for _, tc := range []struct{ name, pattern string }{
		{"no beginning", `did:web:vektis\.example$`},
		{"no end", `^did:web:vektis\.example`},
		{"neither", `did:web:vektis.example`},
		{"an end that anything goes before", `^did:web:vektis\.example.*$`},
		{"an unescaped dot in the host's name", `^did:web:vektis.example$`},
		{"an unescaped dot in the host's name before a colon", `^did:web:vektis.example:.*$`},
		{"any host", `^did:web:.*$`},
		{"any method", `^did:.*$`},
		{"anything", `^.*$`},
		{"anything at all", `.*`},
		{"nothing at all", ``},
		{"an empty value", `^$`},
		{"no DID", `^vektis\.example$`},
		{"a word of the trust", `^holder$`},
		{"any CA", `^did:x509:0:sha256:.*::san:otherName:.*$`},
		{"a part of a CA's fingerprint", `^did:x509:0:sha256:WE4P5dd8:.*$`},
		{"a CA's fingerprint without an end", `^` + testFingerprint + `[\w\-.:%]*$`},
		{"a CA's fingerprint with one colon", `^` + testFingerprint + `:.*$`},
		{"a CA's fingerprint alone", `^` + testFingerprint + `$`},
		{"one alternative without a beginning", `^did:web:a\.example$|did:web:b\.example$`},
		{"one alternative without an end", `^(did:web:a\.example$|did:web:b\.example)`},
		{"one alternative that is empty", `^(did:web:a\.example|)$`},
		{"one alternative of any", `^(?:did:web:a\.example|.*)$`},
		{"a beginning that may be missing", `(?:^)?did:web:a\.example$`},
		{"a beginning that may be repeated", `^*did:web:a\.example$`},
		{"something before the beginning", `.*^did:web:a\.example$`},
		{"a flag", `(?i)^did:web:a\.example$`},
		{"a flag inside", `^(?i:did:web:a\.example)$`},
		{"lines", `(?m)^did:web:a\.example$`},
		{"a whole-line beginning by Go's name", `\Adid:web:a\.example$`},
		{"a word's boundary for an end", `^did:web:a\.example\b`},
		{"look-ahead", `^(?=.*)did:web:a\.example$`},
		{"look-behind", `^did:web:a\.example(?<=x)$`},
		{"a named group", `^(?P<host>did:web:a\.example)$`},
		{"a named group of ECMA-262", `^(?<host>did:web:a\.example)$`},
		{"a back reference", `^(did:web:a\.example)\1$`},
		{"quoting of Go's alone", `^\Qdid:web:a.example\E$`},
		{"an escape by code", `^did:web:a\x2eexample$`},
		{"a set that ends at once in ECMA-262", `^did:web:a\.example:[]a|did:web:evil]`},
		{"a set of all in ECMA-262", `^did:web:a\.example:[^]a|did:web:evil]`},
		{"a set that ends at once in ECMA-262, before an alternative", `^did:web:a\.example:[]|did:web:evil[a]`},
		{"a set of all in ECMA-262, before an alternative", `^did:web:a\.example:[^]|did:web:evil[a]`},
		{"a set inside a set", `^did:web:a\.example:[a-z-[aeiou]|b]`},
		{"a named set", `^did:web:a\.example:[[:alpha:]|]`},
		{"a count with a zero before it", `^did:web:a\.example:x{00}|b`},
		{"a count of nothing", `^did:web:a\.examples{0}$`},
		{"a repeated last letter of a host's name", `^did:web:a\.exampl(e+)$`},
		{"a last letter repeated by count", `^did:web:a\.exampl(?:e){1,2}$`},
		{"a name that may be missing by count", `^(?:did:web:a\.example:){0,2}`},
		{"a beginning at the end", `did:web:a\.example:^`},
		{"a first letter that is any of many", `^did:web:[a-z]\.example$`},
		{"a last letter that may be missing", `^did:web:a\.example(?::x)?`},
		{"another script", `^did:web:a\.exämple:.*$`},
		{"a line break", "^did:web:a\\.example:\n.*$"},
		{"several groups, which the node refuses", `^(did):(web):a\.example$`},
		{"what cannot be parsed", `^did:web:a\.example:(`},
		{"a set of one character", `^did:web:vektis[.]example$`},
		{"a set of digits", `^did:web:node[1-3]\.example$`},
		{"a beginning that goes beyond a colon", `^did:web:vektis\.example:iam:x.*`},
		{"alternatives that are anchored each", `^did:web:a\.example$|^did:web:b\.example$`},
		{"alternatives after a common beginning", `^did:web:(a|b)\.example$`},
		{"alternatives within alternatives", `^(?:did:web:a\.example|(?:did:web:b\.example))$`},
		{"alternatives without an end", `^(?:did:web:a\.example|did:web:b\.example:)`},
		{"an end that is escaped", `^did:web:a\.example\$`},
		{"an end that is there twice", `^did:web:a\.example$$`},
		{"a colon that may be missing", `^did:web:a\.example:?`},
		{"a colon that may be repeated", `^did:web:a\.example:*$`},
		{"too many alternatives", `^did:web:` + strings.Repeat(`(?:a|bc)`, 20) + `:x$`},
	} {
		t.Run("not proven: "+tc.name, func(t *testing.T) {
			_, err := provePattern(tc.pattern)
			assert.Error(t, err)
		})
	}
}

func TestBetterPattern(t *testing.T) {
	const x509 = `^` + testFingerprint + `::.+$`
	for pattern, better := range map[string]string{
		`did:web:vektis.example`:                       `^did:web:vektis\.example$`,
		`^did:web:vektis.example$`:                     `^did:web:vektis\.example$`,
		`^did:web:vektis\.example`:                     `^did:web:vektis\.example$`,
		`(?i)^did:web:vektis.example.*$`:               `^did:web:vektis\.example$`,
		`^did:web:vektis.example:iam:.*`:               `^did:web:vektis\.example:iam:.+$`,
		`did:web:a.example:iam:x$`:                     `^did:web:a\.example:iam:x$`,
		`did:web:a.example|did:web:a.example$`:         `^did:web:a\.example$`,
		`did:web:a.example|did:web:b.example`:          `^(?:did:web:a\.example|did:web:b\.example)$`,
		`^` + testFingerprint + `[\w\-.:%]*$`:          x509,
		testFingerprint + `::.*`:                       x509,
		`^` + testFingerprint + `$`:                    x509,
		`^did:web:.*$`:                                 "",
		`^did:x509:0:sha256:.*$`:                       "",
		`.*`:                                           "",
		`(`:                                            "",
		`^did:web:vektis\.example$|^[a-z]+\.example`:   "",
		`^did:web:a\.example$|^did:web:b\.example$`:    `^(?:did:web:a\.example|did:web:b\.example)$`,
		`^did:web:vektis\.example:iam:x.*`:             `^did:web:vektis\.example:iam:x$`,
		`^did:web:vektis[.]example$`:                   "",
		`^(did:web:vektis.example|did:web:b.example)$`: `^(?:did:web:vektis\.example|did:web:b\.example)$`,
	} {
		t.Run(pattern, func(t *testing.T) {
			actual, ok := betterPattern(pattern)
			assert.Equal(t, better != "", ok)
			if ok {
				assert.Equal(t, better, actual)
				_, err := provePattern(actual)
				assert.NoError(t, err, "what is suggested is proven")
			}
		})
	}
}

// matchesInNode asks the node itself, so that its own engine for patterns answers.
func matchesInNode(t testing.TB, pattern, issuer string) bool {
	t.Helper()
	uri, err := ssi.ParseURI(issuer)
	if err != nil {
		return false // no credential has such an issuer
	}
	definition := pe.PresentationDefinition{InputDescriptors: []*pe.InputDescriptor{describe("one", issuerField(pe.Filter{Type: "string", Pattern: &pattern}))}}
	credential := vc.VerifiableCredential{Type: []ssi.URI{vc.VerifiableCredentialTypeV1URI()}, Issuer: *uri}
	found, _, err := definition.Match([]vc.VerifiableCredential{credential})
	return err == nil && len(found) == 1
}

func TestMatchesInNode(t *testing.T) {
	assert.True(t, matchesInNode(t, `^did:web:a\.example$`, "did:web:a.example"))
	assert.False(t, matchesInNode(t, `^did:web:a\.example$`, "did:web:axexample"))
	assert.True(t, matchesInNode(t, `did:web:a.example`, "did:web:evil:did:web:axexample"))
	assert.False(t, matchesInNode(t, `^(?=did:web:b)did:web:a$`, "did:web:a"), "look-ahead works, as in ECMA-262 and not in Go")
	assert.True(t, matchesInNode(t, `^(?=did:web:a)did:web:a$`, "did:web:a"))
}

// named reports whether an issuer is one of those that a proven pattern names.
func named(proven []string, issuer string) bool {
	return slices.ContainsFunc(proven, func(text string) bool {
		return text == issuer || strings.HasSuffix(text, ":") && strings.HasPrefix(issuer, text)
	})
}

// impostors are issuers that nobody named, close to those that a pattern names.
func impostors(random *rand.Rand, proven []string) []string {
	letters := "abexmplviktsdw1:.-_%|^$/"
	bases := []string{"", someIssuer, testUZI, "did:web:evil.example"}
	for _, text := range proven {
		bases = append(bases, text, strings.ToUpper(text), strings.ReplaceAll(text, ".", "x"), strings.ReplaceAll(text, ":", "::"))
	}
	var issuers []string
	for range 40 {
		base := bases[random.IntN(len(bases))]
		cut := random.IntN(len(base) + 1)
		middle := make([]byte, random.IntN(4))
		for i := range middle {
			middle[i] = letters[random.IntN(len(letters))]
		}
		issuers = append(issuers, base+string(middle), string(middle)+base, base[:cut]+string(middle)+base[cut:], base[:cut]+string(middle),
			"did:web:evil.example:"+base, base+":"+bases[random.IntN(len(bases))])
	}
	return filter(issuers, func(issuer string) bool { return trust.IsDID(issuer) && !named(proven, issuer) })
}

// FuzzProvePattern holds the prover against the node: whatever is proven, no issuer that
// the pattern does not name passes.
func FuzzProvePattern(f *testing.F) {
	for i, pattern := range provenPatterns {
		f.Add(pattern, uint64(i), "did:web:evil.example")
	}
	f.Add(`^did:web:a\.example:[]a|did:web:evil]`, uint64(0), "did:web:evil]")
	f.Add(`^did:web:a\.example:[^]|did:web:evil[a]`, uint64(0), "did:web:evila")
	f.Add(`^did:web:a\.example:x{00}|b`, uint64(0), "did:web:b")
	f.Fuzz(func(t *testing.T, pattern string, seed uint64, issuer string) {
		assertNoImpostors(t, pattern, rand.New(rand.NewPCG(seed, 0)), issuer)
	})
}

func assertNoImpostors(t *testing.T, pattern string, random *rand.Rand, more ...string) bool {
	proven, err := provePattern(pattern)
	if err != nil {
		return false
	}
	for _, issuer := range append(impostors(random, proven), more...) {
		if trust.IsDID(issuer) && !named(proven, issuer) && matchesInNode(t, pattern, issuer) {
			t.Errorf("%q is proven, but %q passes", pattern, issuer)
		}
	}
	return true
}

// TestProvenPatternsPassNobodyElse puts patterns together from parts that patterns for
// issuers are made of, in ways that nobody would.
func TestProvenPatternsPassNobodyElse(t *testing.T) {
	parts := []string{
		`^`, `^`, `^did:web:`, `^did:web:`, `did:web:`, `^` + testFingerprint, `a`, `b`, `a\.example`, `b\.example`, `.`, `\.`, `:`, `::`, `:iam:`, `$`, `$`, `|`, `|`,
		`(`, `(?:`, `)`, `)`, `)?`, `)*`, `)+`, `?`, `*`, `+`, `{0}`, `{2}`, `{0,1}`, `.*`, `.+`, `[ab]`, `[^a]`, `[.]`, `[a-c-]`, `\d`, `[\w.-]+`, `x`, `[]`, `{00}`, `\|`, `-`,
	}
	parts = append(parts, `^(?:did:web:`, `^(did:web:`, `)$`, `|did:web:`, `[\w\-.:%]*`, `.+$`, `\-`, `\:`)
	random := rand.New(rand.NewPCG(1, 2))
	proven := 0
	for range 400_000 {
		var pattern strings.Builder
		for range 2 + random.IntN(8) {
			pattern.WriteString(parts[random.IntN(len(parts))])
		}
		if assertNoImpostors(t, pattern.String(), random) {
			proven++
		}
	}
	assert.Greater(t, proven, 50, "or the test says nothing")
	t.Logf("%d patterns were proven", proven)
}
