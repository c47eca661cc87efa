// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/watch"
)

// TestTheTrustStoreIsReadAgain has the CA of Mitz's certificate replaced while the node runs.
func TestTheTrustStoreIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := newCA(t), newCA(t)
		file := filepath.Join(t.TempDir(), "roots.pem")
		write := func(content []byte) {
			t.Helper()
			require.NoError(t, os.WriteFile(file, content, 0o600))
		}
		write([]byte(inPEM(before.certificate)))
		var changed, refused atomic.Int32
		store, err := OpenTrustStore(file, TrustHooks{Changed: func() { changed.Add(1) }, Refused: func(error) { refused.Add(1) }})
		require.NoError(t, err)
		wants := &Certificate{Roots: store.Roots, Names: []string{"mitz.example"}, Header: "X-Cert"}
		assertTrusted := func(expected bool, root *authority) {
			t.Helper()
			request := httptest.NewRequest(http.MethodPost, "/", nil)
			request.Header.Set("X-Cert", root.header(t, "mitz.example"))
			assert.Equal(t, expected, wants.check(request, time.Now()) == nil)
		}
		store.Start()
		defer store.Stop()
		look := func() {
			time.Sleep(watch.Interval)
			synctest.Wait()
		}
		look()
		assertTrusted(true, before)
		assertTrusted(false, after)

		write([]byte("no certificate"))
		look()
		look()
		assert.True(t, store.Refused())
		assert.EqualValues(t, 1, refused.Load(), "told once")
		require.NoError(t, os.Remove(file))
		look()
		assert.EqualValues(t, 2, refused.Load())
		assertTrusted(true, before)

		write([]byte(inPEM(before.certificate)))
		look()
		assert.False(t, store.Refused(), "undone")
		assert.Zero(t, changed.Load())

		write([]byte(inPEM(after.certificate)))
		look()
		look()
		assert.EqualValues(t, 1, changed.Load())
		assertTrusted(true, after)
		assertTrusted(false, before)
		require.NoError(t, os.Remove(file))
		look()
		assert.EqualValues(t, 3, refused.Load(), "told again, for another change")
	})
}

func TestATrustStoreThatIsNoneIsNotOpened(t *testing.T) {
	_, err := OpenTrustStore(filepath.Join(t.TempDir(), "roots.pem"), TrustHooks{})
	assert.Error(t, err)
}
