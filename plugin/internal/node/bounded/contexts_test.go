// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

func TestContexts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "context.json")
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		asked++
		switch request.URL.Path {
		case "/large":
			_, _ = w.Write([]byte(`{"a":"` + strings.Repeat("x", maxDocument) + `"}`))
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write([]byte(`{"@context":{"a":"urn:a"}}`))
		}
	}))
	defer server.Close()
	for _, tc := range []struct {
		name, address string
		strict        bool
		loaded        bool
		asked         int // of two uses
	}{
		{"one on board", jsonld.W3cVcContext, true, true, 0},
		{"another, in strict mode", server.URL, true, false, 0},
		{"another, outside strict mode", server.URL, false, true, 1},
		{"a large one", server.URL + "/large", false, false, 1},
		{"one that is gone", server.URL + "/gone", false, false, 1},
		{"a file of this machine", file, false, false, 0},
		{"a file of this machine, as an address", "file://" + file, false, false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asked = 0
			visit := visitOf(t)
			contexts := boundedContexts{JSONLD: newTestJSONLD(t), http: http.DefaultClient, strict: tc.strict, visit: func() *door.Visit { return visit }}
			for range 2 {
				document, err := contexts.DocumentLoader().LoadDocument(tc.address)
				assert.Equal(t, tc.loaded, err == nil)
				assert.Equal(t, tc.loaded, document != nil)
			}
			assert.Equal(t, tc.asked, asked)
		})
	}
	t.Run("the large one on board is work", func(t *testing.T) {
		visit := visitOf(t)
		contexts := boundedContexts{JSONLD: newTestJSONLD(t), visit: func() *door.Visit { return visit }}
		for range door.MaxWork / largeContext {
			_, err := contexts.LoadDocument(jsonld.SchemaOrgContext)
			require.NoError(t, err)
		}
		_, err := contexts.LoadDocument(jsonld.SchemaOrgContext)
		require.Error(t, err)
		assert.ErrorIs(t, visit.Exceeded(), door.ErrWork)
	})
}
