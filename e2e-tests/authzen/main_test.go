// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answering returns the address of a decision point that answers everything with a text.
func answering(t *testing.T, status int, text string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-ID", r.Header.Get("X-Request-ID"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.json")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

const oneVector = `{"cases": [
	{"id": "1", "endpoint": "evaluation", "title": "may", "request": {"subject": 1}, "expected": {"status": 200, "body": {"decision": true}}},
	{"id": "2", "endpoint": "search", "title": "is not asked"}]}`

func TestWhatTheCommandSays(t *testing.T) {
	for name, tc := range map[string]struct {
		status  int
		answer  string
		vectors string
		more    []string
		line    string
		fails   bool
	}{
		"right":                {200, `{"decision": true}`, oneVector, nil, "ok    1 may\n1 asked, 0 wrong\n", false},
		"wrong":                {200, `{"decision": false}`, oneVector, nil, "WRONG 1 may: decision false, expected true", true},
		"another type":         {200, `{"decision": "true"}`, oneVector, nil, "the decision is not true or false", true},
		"another status":       {400, `x`, oneVector, nil, "status 400, expected 200", true},
		"no JSON":              {200, `x`, oneVector, nil, "the answer is not JSON", true},
		"a context of no kind": {200, `{"decision": true, "context": "x"}`, oneVector, nil, "the context is not an object", true},
		"nothing asked":        {200, `{"decision": true}`, `{"cases": [{"id": "2", "endpoint": "search"}]}`, nil, "0 asked", true},
		"no vectors":           {200, `{"decision": true}`, `{"cases": []}`, nil, "", true},
		"not as the schema of a question says": {
			200, `{"decision": true}`, oneVector, []string{"--request-schema", `{"properties": {"subject": {"type": "object"}}}`},
			"the question is not as its schema says", true,
		},
		"not as the schema of an answer says": {
			200, `{"decision": true}`, oneVector, []string{"--response-schema", `{"required": ["context"]}`},
			"the answer is not as its schema says", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			arguments := []string{"--url", answering(t, tc.status, tc.answer), "--vectors", file(t, tc.vectors)}
			for i := 0; i+1 < len(tc.more); i += 2 {
				arguments = append(arguments, tc.more[i], file(t, tc.more[i+1]))
			}
			var out bytes.Buffer
			err := run(arguments, &out)
			assert.Equal(t, tc.fails, err != nil, "%v", err)
			assert.Contains(t, out.String(), tc.line)
		})
	}
}

func TestTheVectorsOnBoardAreAsked(t *testing.T) {
	var out bytes.Buffer
	require.Error(t, run([]string{"--url", answering(t, 200, `{"decision": true}`), "--token", "secret"}, &out))
	assert.Contains(t, out.String(), "ok    single-permit")
	assert.Contains(t, out.String(), "WRONG single-deny")
	assert.NotContains(t, out.String(), "secret")
}
