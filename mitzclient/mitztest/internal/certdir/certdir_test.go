// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package certdir

import (
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"
)

func open(t *testing.T, path, host string) (Dir, bool) {
	t.Helper()
	d, made, err := Open(path, host, time.Now())
	require.NoError(t, err)
	return d, made
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func TestTheFilesHoldTheSameClientInEveryForm(t *testing.T) {
	d, made := open(t, filepath.Join(t.TempDir(), "a", "b"), "localhost")
	assert.True(t, made)
	pair, err := tls.LoadX509KeyPair(d.ClientCert, d.ClientKey)
	require.NoError(t, err)
	password := read(t, d.Password)
	assert.Regexp(t, `^[0-9a-f]{32}$`, password, "no end of line, which some programs take for a part of it")

	key, leaf, authorities, err := pkcs12.DecodeChain([]byte(read(t, d.ClientP12)), password)
	require.NoError(t, err)
	assert.True(t, pair.PrivateKey.(*rsa.PrivateKey).Equal(key))
	assert.True(t, pair.Leaf.Equal(leaf))
	authority, err := d.authority()
	require.NoError(t, err)
	require.Len(t, authorities, 1)
	assert.True(t, authority.Equal(authorities[0]))
	trusted, err := pkcs12.DecodeTrustStore([]byte(read(t, d.TrustP12)), password)
	require.NoError(t, err)
	require.Len(t, trusted, 1)
	assert.True(t, authority.Equal(trusted[0]))
}

func TestWhatIsPrivateIsForTheOwnerAlone(t *testing.T) {
	d, _ := open(t, filepath.Join(t.TempDir(), "new"), "localhost")
	for _, file := range []string{d.ClientKey, d.ServerKey, d.ClientP12, d.TrustP12, d.Password} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), file)
	}
	info, err := os.Stat(d.Path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	files, err := os.ReadDir(d.Path)
	require.NoError(t, err)
	assert.Len(t, files, len(d.files()), "nothing else, and no key of the CA")
}

func TestCertificatesAreUsedAgainWhileTheyServe(t *testing.T) {
	tests := map[string]struct {
		spoil func(d Dir) error
		host  string
		at    time.Duration
		anew  bool
	}{
		"at once":                      {nil, "localhost", 0, false},
		"under an address of loopback": {nil, "127.0.0.1", 0, false},
		"under another name":           {nil, "mitz.test", 0, true},
		"after two months":             {nil, "localhost", 60 * 24 * time.Hour, false},
		"on their last day":            {nil, "localhost", validity - margin/2, true},
		"with a file missing":          {func(d Dir) error { return os.Remove(d.ClientP12) }, "localhost", 0, true},
		"with the server's key as the client's": {func(d Dir) error {
			key, err := os.ReadFile(d.ServerKey)
			return errors.Join(err, os.WriteFile(d.ClientKey, key, 0o600))
		}, "localhost", 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d, made := open(t, dir, "localhost")
			require.True(t, made)
			before := read(t, d.CA)
			if test.spoil != nil {
				require.NoError(t, test.spoil(d))
			}
			again, made, err := Open(dir, test.host, time.Now().Add(test.at))
			require.NoError(t, err)
			assert.Equal(t, test.anew, made)
			assert.Equal(t, test.anew, read(t, again.CA) != before)
			require.NoError(t, again.serves(test.host, time.Now()))
		})
	}
}

func TestFilesOfOthersStay(t *testing.T) {
	for name, content := range map[string]string{"ca.pem": "mine", "client.key": "mine", "password.txt": ""} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
			_, made, err := Open(dir, "localhost", time.Now())
			require.ErrorContains(t, err, "holds "+name+", but no ca.pem of a simulator: give another directory")
			assert.False(t, made)
			assert.Equal(t, content, read(t, filepath.Join(dir, name)))
		})
	}
}

func TestALinkIsNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
	d, _ := open(t, dir, "localhost")
	require.NoError(t, os.WriteFile(outside, []byte("mine"), 0o644))
	require.NoError(t, os.Remove(d.ClientKey))
	require.NoError(t, os.Symlink(outside, d.ClientKey))
	_, made := open(t, dir, "localhost")
	assert.True(t, made)
	assert.Equal(t, "mine", read(t, outside))
}

func TestADirectoryThatCannotBeUsedIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, _, err := Open(filepath.Join(file, "below"), "localhost", time.Now())
	require.Error(t, err)
}
