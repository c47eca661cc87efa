// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package authorization

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestWhatAFileMayHold(t *testing.T) {
	for _, tc := range []struct{ name, content, want, problem string }{
		{"a scheme and an assertion", "SAML PHNlY3JldC8+", "SAML PHNlY3JldC8+", ""},
		{"with the end of a line", "SAML PHNlY3JldC8+\n", "SAML PHNlY3JldC8+", ""},
		{"as Windows has it", "\uFEFFSAML PHNlY3JldC8+\r\n", "SAML PHNlY3JldC8+", ""},
		{"as much as there may be", "SAML " + strings.Repeat("a", maxSize-5), "SAML " + strings.Repeat("a", maxSize-5), ""},
		{"nothing", "", "", "a scheme, a blank, and what goes with it"},
		{"an empty line", "\n", "", "a scheme, a blank, and what goes with it"},
		{"the assertion alone", "PHNlY3JldC8+", "", "a scheme, a blank, and what goes with it"},
		{"a scheme alone", "SAML ", "", "a scheme, a blank, and what goes with it"},
		{"the header's name too", "Authorization: SAML PHNlY3JldC8+", "", "a scheme, a blank, and what goes with it"},
		{"the assertion itself", "<saml:Assertion>secret</saml:Assertion>", "", "a scheme, a blank, and what goes with it"},
		{"two headers", "SAML PHNlY3JldC8+\r\nX-Other: secret", "", "it has more than one line"},
		{"a letter that is no ASCII", "SAML sécret", "", "a scheme, a blank, and what goes with it"},
		{"a tab", "SAML\tsecret", "", "a scheme, a blank, and what goes with it"},
		{"too much", "SAML " + strings.Repeat("secret", maxSize), "", "not a file of at most 64 KB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "authorization")
			write(t, path, tc.content)
			f, err := Open(path)
			if tc.problem != "" {
				require.ErrorContains(t, err, tc.problem)
				assert.NotContains(t, err.Error(), "secret")
				assert.NotContains(t, err.Error(), "PHN")
				return
			}
			require.NoError(t, err)
			header, err := f.Header(t.Context())
			require.NoError(t, err)
			assert.Equal(t, tc.want, header)
		})
	}
	t.Run("a file that every user can read is no secret", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "authorization")
		write(t, path, "SAML PHNlY3JldC8+")
		require.NoError(t, os.Chmod(path, 0o604))
		_, err := Open(path)
		require.ErrorContains(t, err, "every user of this machine can read it (mode 0604)")
	})
	t.Run("what is no file", func(t *testing.T) {
		_, err := Open(t.TempDir())
		require.ErrorContains(t, err, "not a file")
		_, err = Open(filepath.Join(t.TempDir(), "none"))
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

func TestEachMessageHasWhatIsThereNow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "authorization")
	write(t, path, "SAML one")
	f, err := Open(path)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, tc := range []struct{ content, want string }{{"SAML two", "SAML two"}, {"", ""}, {"SAML three", "SAML three"}} {
		write(t, path+".new", tc.content)
		require.NoError(t, os.Rename(path+".new", path))
		header, err := f.Header(ctx)
		assert.Equal(t, tc.want, header)
		assert.Equal(t, tc.want == "", err != nil)
	}
	require.NoError(t, os.Remove(path))
	header, err := f.Header(ctx)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Empty(t, header)
	write(t, path, "SAML four")
	require.NoError(t, os.Chmod(path, 0o644))
	_, err = f.Header(ctx)
	require.ErrorContains(t, err, "every user of this machine can read it", "whoever opened it meanwhile")
}

// TestADiskThatHangsHoldsOneReader waits for a file that is not read, and sees that no more
// than one reads.
func TestADiskThatHangsHoldsOneReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads, hangs := 0, make(chan struct{})
		f := &File{turn: make(chan struct{}, 1), read: func() (string, error) {
			reads++
			<-hangs
			return "SAML one", nil
		}}
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			began := time.Now()
			_, err := f.Header(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(began))
			cancel()
		}
		synctest.Wait()
		assert.Equal(t, 1, reads)
		close(hangs)
		synctest.Wait()
		header, err := f.Header(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "SAML one", header)
		assert.Equal(t, 2, reads)
	})
}
