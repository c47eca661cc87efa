// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatAFileOfTokensMayHold(t *testing.T) {
	long := strings.Repeat("t", goodLength)
	for _, tc := range []struct {
		name, content string
		count, short  int
		problem       string
	}{
		{"one token", long, 1, 0, ""},
		{"two tokens, and whose they are", "# the gateway\n" + long + "\n\n# the node\n" + long + "2\n", 2, 0, ""},
		{"as Windows has it", "\uFEFF" + long + "\r\n" + long + "2\r\n", 2, 0, ""},
		{"every letter that a token may have", "ABCabc019-._~+/ABCabc019-._~+/ABCabc019-._~+/==", 1, 0, ""},
		{"one that could be guessed", long + "\nsecret12", 2, 2, ""},
		{"one that is guessed", "secret1", 0, 0, "line 1: a token of fewer than 8 letters can be guessed"},
		{"nothing", "", 0, 0, "there is no token in it, so nobody could ask"},
		{"comments alone", "# " + long, 0, 0, "there is no token in it, so nobody could ask"},
		{"the scheme too", "Bearer " + long, 0, 0, "line 1 is no bearer token"},
		{"a token and its name", long + " gateway", 0, 0, "line 1 is no bearer token"},
		{"a letter that is no ASCII", long + "\n" + long + "é", 0, 0, "line 2 is no bearer token"},
		{"one twice", long + "\n\n" + long, 0, 0, "line 3 is there twice"},
		{"one that is too long", strings.Repeat("t", maxToken+1), 0, 0, "line 1 is no bearer token"},
		{"UTF-16", "\xff\xfet\x00", 0, 0, "UTF-16"},
		{"too much", strings.Repeat(long+"\n", maxTokensSize/len(long)), 0, 0, "not a file of at most 256 KB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			read, err := readTokens(write(t, filepath.Join(t.TempDir(), "tokens"), tc.content))
			if tc.problem != "" {
				require.ErrorContains(t, err, tc.problem)
				assert.NotContains(t, err.Error(), "secret")
				assert.NotContains(t, err.Error(), long)
				return
			}
			require.NoError(t, err)
			assert.Len(t, read.digests, tc.count)
			assert.Equal(t, tc.short, read.short)
		})
	}
	t.Run("a file that every user can read is no secret", func(t *testing.T) {
		path := write(t, filepath.Join(t.TempDir(), "tokens"), long)
		require.NoError(t, os.Chmod(path, 0o604))
		_, err := readTokens(path)
		require.ErrorContains(t, err, "every user of this machine can read it (mode 0604)")
	})
	t.Run("what is no file", func(t *testing.T) {
		_, err := readTokens(t.TempDir())
		require.ErrorContains(t, err, "not a file")
		_, err = readTokens(filepath.Join(t.TempDir(), "none"))
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

func TestWhoHasAToken(t *testing.T) {
	known, err := parseTokens([]byte("first-token-of-all\nsecond-token-of-all\n"))
	require.NoError(t, err)
	for _, tc := range []struct {
		name        string
		values      []string
		known, sent bool
	}{
		{"the first", []string{"Bearer first-token-of-all"}, true, true},
		{"the second", []string{"Bearer second-token-of-all"}, true, true},
		{"a scheme in other letters, as RFC 9110 has it", []string{"bEaReR first-token-of-all"}, true, true},
		{"none", nil, false, false},
		{"another", []string{"Bearer third-token-of-all"}, false, true},
		{"an empty one", []string{"Bearer "}, false, true},
		{"the beginning of one", []string{"Bearer first-token-of-al"}, false, true},
		{"one with more after it", []string{"Bearer first-token-of-all "}, false, true},
		{"in other letters", []string{"Bearer FIRST-token-of-all"}, false, true},
		{"two in one", []string{"Bearer first-token-of-all, second-token-of-all"}, false, true},
		{"another scheme", []string{"Basic first-token-of-all"}, false, true},
		{"no scheme", []string{"first-token-of-all"}, false, true},
		{"the header twice", []string{"Bearer first-token-of-all", "Bearer first-token-of-all"}, false, true},
		{"one that is endless", []string{"Bearer " + strings.Repeat("t", maxToken+1)}, false, true},
	} {
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		for _, value := range tc.values {
			request.Header.Add("Authorization", value)
		}
		isKnown, sent := known.has(request)
		assert.Equal(t, tc.known, isKnown, tc.name)
		assert.Equal(t, tc.sent, sent, tc.name)
	}
}
