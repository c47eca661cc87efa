// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

func TestGetter(t *testing.T) {
	answer, asked := "", 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	for _, tc := range []struct {
		name, answer string
		bounded      bool
	}{
		{"a document", `{"a":1}`, true},
		{"a large document", `{"a":"` + strings.Repeat("x", maxDocument) + `"}`, false},
		{"a document that holds much", "[" + strings.Repeat("1,", 3000) + "1]", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answer, asked = tc.answer, 0
			visit := visitOf(t)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			require.NoError(t, err)
			documents := getter{HTTPRequestDoer: http.DefaultClient, visit: func() *door.Visit { return visit }, largest: maxDocument}
			response, err := documents.Do(request)
			if !tc.bounded {
				require.ErrorIs(t, err, errDocument)
				return
			}
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			again, err := documents.Do(request)
			require.NoError(t, err)
			body, err := io.ReadAll(again.Body)
			require.NoError(t, err)
			assert.Equal(t, tc.answer, string(body))
			require.NoError(t, again.Body.Close())
			assert.Equal(t, 1, asked, "one visit gets it once")
		})
	}
}
