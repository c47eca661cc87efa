// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// FuzzNotification posts anything, by a path that is right or not: what is answered with success is
// about the patient of the path, what is refused by that path has ended all tokens or is about
// somebody else, and nobody else's token ends.
func FuzzNotification(f *testing.F) {
	for _, pattern := range []string{"good/*", "hostile/*"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "..", "mitzclient", "internal", "notification", "testdata", pattern))
		require.NoError(f, err)
		for _, file := range files[:min(len(files), 20)] {
			kind := xmlType
			if strings.HasSuffix(file, ".json") {
				kind = jsonType
			}
			f.Add(byte(0), "", kind, message(f, filepath.Join(filepath.Dir(pattern), filepath.Base(file))))
		}
	}
	f.Add(byte(1), "x", xmlType, example(f))
	f.Add(byte(2), "", "text/plain", "")
	f.Fuzz(func(t *testing.T, change byte, secret, contentType, body string) {
		w := newWorld(t)
		pharmacy, hospital := w.pharmacy(t), w.hospital(t)
		another, elsewhere := w.token(t, otherBSN, testHolder, "J8", "GGC002"), w.token(t, testBSN, "00000659", "J8", "GGC002")
		known := change == 0
		if known {
			secret = w.secret
		}
		request := httptest.NewRequest(http.MethodPost, withdrawal.PathPrefix+"x", strings.NewReader(body))
		request.URL.Path = withdrawal.PathPrefix + secret
		request.Header.Set(echo.HeaderContentType, contentType)
		answer := w.send(request)
		switch {
		case !known:
			require.Equal(t, http.StatusNotFound, answer.Code)
			require.True(t, pharmacy() && hospital())
		case answer.Code == http.StatusCreated:
			require.True(t, w.only(t).Patient.Equal(w.patient))
		case answer.Code == http.StatusNotFound:
			require.Equal(t, Mismatch, w.only(t).Outcome)
			require.True(t, pharmacy() && hospital())
		default:
			require.GreaterOrEqual(t, answer.Code, 400)
			require.Less(t, answer.Code, 500)
			require.False(t, pharmacy() || hospital())
		}
		require.True(t, another() && elsewhere())
		require.Empty(t, w.told.panics)
		require.LessOrEqual(t, answer.Body.Len(), 1<<10)
	})
}
