// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func definitionOf(path, pattern string) string {
	return `{"id":"a","input_descriptors":[{"id":"b","constraints":{"fields":[{"path":["$.type",` + quoted(path) + `],"filter":{"type":"string","pattern":` + quoted(pattern) + `}}]}}]}`
}

func TestDefinitionsOfOthers(t *testing.T) {
	for _, tc := range []struct {
		name, path, pattern string
		bounded             bool
	}{
		{"a place and a pattern", "$.credentialSubject.ura", "^did:web:.+$", true},
		{"a search", "$..ura", "", true},
		{"a search in searches", "$..*..*", "", false},
		{"a filter with an expression", "$.a[?(@.b)]", "", false},
		{"a long path", "$" + strings.Repeat(".a", maxPath), "", false},
		{"a pattern that repeats what repeats", "$.a", "^(a+)+$", false},
		{"a pattern that repeats alternatives", "$.a", "^(a|a)*$", false},
		{"a pattern of repetitions after each other", "$.a", "^.*.*$", false},
		{"the same with classes", "$.a", `^\d+[0-9]+$`, false},
		{"the same with counts", "$.a", `^a{1,9}a*?a+$`, false},
		{"a pattern for any text between many letters", "$.a", "^.*a.*b.*c.*d.*$", false},
		{"a UZI number", "$.a", `^[0-9.]+-\d+-\d+-S-(\d+)-00\.000-\d+$`, true},
		{"a did:x509", "$.a", `^did:x509:0:sha256:[A-Za-z0-9_-]+::.*$`, true},
		{"a date", "$.a", `^\d{4}-\d{2}-\d{2}$`, true},
		{"a long pattern", "$.a", strings.Repeat("a", maxPattern+1), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			definition := definitionOf(tc.path, tc.pattern)
			assert.Equal(t, tc.bounded, CheckDefinition([]byte(definition)) == nil)
			for _, claim := range []string{definition, quoted(definition)} {
				object := jwtOf(`{"alg":"ES256"}`, `{"presentation_definition":`+claim+`}`)
				assert.Equal(t, tc.bounded, CheckRequestObject(object) == nil)
			}
		})
	}
	assert.NoError(t, CheckDefinition([]byte("[]")), "the node's to refuse")
	assert.Error(t, CheckDefinition([]byte(list(maxElements, "1"))))
	assert.NotNil(t, CheckRequestObject(strings.Repeat("a", maxRequestObject+1)))
	assert.Nil(t, CheckRequestObject("a.b.c"), "the node's to refuse")
}
