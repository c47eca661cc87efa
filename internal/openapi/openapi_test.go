// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package openapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const description = `
openapi: 3.0.3
info: {title: a door, version: "1"}
paths:
  /door:
    post:
      operationId: open
      responses:
        "204": {description: it is open}
        "404": {description: there is no door}
        "500": {description: it broke}
`

// failures keeps what a test is told, and does not fail.
type failures struct {
	testing.TB
	all []string
}

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) {
	f.all = append(f.all, fmt.Sprintf(format, args...))
}

func TestAssertSeen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "openapi.yaml")
	require.NoError(t, os.WriteFile(file, []byte(description), 0o600))
	document := Read(t, file)
	for _, status := range []int{204, 404} {
		document.Hold(t, Exchange{
			Operation: "open", Status: status, Request: httptest.NewRequest(http.MethodPost, "/door", nil), Answer: Answer{Status: status},
		})
	}
	for name, tc := range map[string]struct {
		below string
		but   []string
		told  string // empty: nothing
	}{
		"all but what cannot be":                    {"/", []string{"open 500"}, ""},
		"nothing below a path":                      {"/window", nil, ""},
		"one is missing":                            {"/", nil, "open 500"},
		"one was seen that cannot be":               {"/", []string{"open 500", "open 404"}, "seen, and said not to be"},
		"one that cannot be is not described":       {"/", []string{"open 500", "open 501"}, "not described"},
		"one that cannot be is described elsewhere": {"/window", []string{"open 500"}, "not described"},
	} {
		t.Run(name, func(t *testing.T) {
			told := &failures{TB: t}
			document.AssertSeen(told, tc.below, tc.but...)
			if tc.told == "" {
				assert.Empty(t, told.all)
				return
			}
			require.Len(t, told.all, 1)
			assert.Contains(t, told.all[0], tc.told)
		})
	}
}
