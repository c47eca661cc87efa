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
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFilesThatAreNotGood(t *testing.T) {
	identity := newIdentity(t)
	for name, tc := range map[string]struct {
		spoil   func(*testing.T, *Files)
		problem string
	}{
		"no certificate":                  {func(_ *testing.T, f *Files) { f.Certificate = "" }, "pdp.tls.certfile: required"},
		"no key":                          {func(_ *testing.T, f *Files) { f.Key = "" }, "pdp.tls.certkeyfile: required"},
		"a key that is not there":         {func(_ *testing.T, f *Files) { f.Key += "x" }, "pdp.tls.certkeyfile: open "},
		"a key that every user can read":  {func(t *testing.T, f *Files) { require.NoError(t, os.Chmod(f.Key, 0o644)) }, "pdp.tls.certkeyfile: every user of this machine can read it"},
		"another's key":                   {func(t *testing.T, f *Files) { f.Key = serverFiles(t, newIdentity(t)).Key }, "pdp.tls.certfile, pdp.tls.certkeyfile: no certificate and its key"},
		"a certificate in place of a key": {func(_ *testing.T, f *Files) { f.Key = f.Certificate }, "pdp.tls.certfile, pdp.tls.certkeyfile: no certificate and its key"},
		"roots that are not there":        {func(_ *testing.T, f *Files) { f.ClientCAs = f.Key + "x" }, "pdp.tls.clientcafile: open "},
		"a key in place of roots":         {func(_ *testing.T, f *Files) { f.ClientCAs = f.Key }, "pdp.tls.clientcafile: "},
		"tokens that are not there":       {func(_ *testing.T, f *Files) { f.Tokens = f.Key + "x" }, "pdp.tokenfile: "},
		"tokens that hold something else": {func(_ *testing.T, f *Files) { f.Tokens = f.Certificate }, "pdp.tokenfile: line 1 is no bearer token"},
		"files that are good":             {func(*testing.T, *Files) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := serverFiles(t, identity)
			tc.spoil(t, &files)
			_, err := Open(files, nil, Hooks{})
			if tc.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.problem)
		})
	}
}

// TestChangedFilesCountWhenAllAreGood changes one file after the other, as people do.
func TestChangedFilesCountWhenAllAreGood(t *testing.T) {
	before, after := newIdentity(t), newIdentity(t)
	files := serverFiles(t, before)
	files.Tokens = write(t, filepath.Join(t.TempDir(), "tokens"), goodToken)
	changed, refused := 0, []error{}
	access, err := Open(files, nil, Hooks{Changed: func() { changed++ }, Refused: func(err error) { refused = append(refused, err) }})
	require.NoError(t, err)
	access.look()
	assert.Zero(t, changed)

	writeCertificate(t, Files{Certificate: files.Certificate, Key: files.Key + ".later"}, after.Server())
	access.look()
	access.look()
	require.Len(t, refused, 1, "told once for each change")
	assert.ErrorContains(t, refused[0], "pdp.tls.certfile")
	assert.True(t, access.Refused())
	assert.Equal(t, before.Server().Leaf.SerialNumber, access.current.Load().tls.Certificates[0].Leaf.SerialNumber, "those before stay in use")

	require.NoError(t, os.Rename(files.Key+".later", files.Key))
	access.look()
	assert.Equal(t, 1, changed)
	assert.False(t, access.Refused())
	assert.Equal(t, after.Server().Leaf.SerialNumber, access.current.Load().tls.Certificates[0].Leaf.SerialNumber)

	write(t, files.Tokens, "")
	access.look()
	require.Len(t, refused, 2)
	assert.ErrorContains(t, refused[1], "pdp.tokenfile: there is no token in it")
	write(t, files.Tokens, goodToken)
	access.look()
	assert.False(t, access.Refused(), "the change was undone")
	assert.Equal(t, 1, changed)

	require.NoError(t, os.Remove(files.Tokens))
	access.look()
	assert.True(t, access.Refused())
	assert.Len(t, access.current.Load().tokens.digests, 1, "who lost the file does not let everybody in")

	write(t, files.Tokens, goodToken)
	access.now = func() time.Time { return time.Now().AddDate(1, 0, 0) }
	writeCertificate(t, files, before.Server())
	access.look()
	assert.ErrorContains(t, refused[len(refused)-1], "pdp.tls.certfile: expired at ")
}

// TestATokenIsReplacedBesideTheOld: the client changes over while both count, without a restart.
func TestATokenIsReplacedBesideTheOld(t *testing.T) {
	const newer = "another-token-that-is-long-enough-0123456789"
	files := serverFiles(t, newIdentity(t))
	files.Tokens = write(t, filepath.Join(t.TempDir(), "tokens"), goodToken)
	access, err := Open(files, nil, Hooks{})
	require.NoError(t, err)
	counts := func(token string) bool {
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
		known, _ := access.current.Load().tokens.has(request)
		return known
	}
	require.True(t, counts(goodToken))
	require.False(t, counts(newer))

	write(t, files.Tokens, strings.TrimSpace(goodToken)+"\n"+newer+"\n")
	access.look()
	assert.True(t, counts(goodToken))
	assert.True(t, counts(newer))

	write(t, files.Tokens, newer+"\n")
	access.look()
	assert.False(t, counts(goodToken))
	assert.True(t, counts(newer))
}

func TestWarningsAboutWhatIsInTheFiles(t *testing.T) {
	files := serverFiles(t, newIdentity(t))
	access, err := Open(files, nil, Hooks{})
	require.NoError(t, err)
	assert.Empty(t, access.Warnings())
	assert.False(t, access.Expires().IsZero())
	access.now = func() time.Time { return time.Now().AddDate(1, 0, 0) }
	assert.Contains(t, access.Warnings()[0], "pdp.tls.certfile: expired at ")
	access.now = func() time.Time { return time.Now().AddDate(-1, 0, 0) }
	assert.Contains(t, access.Warnings()[0], "pdp.tls.certfile: not valid before ")
	plain, err := Open(Files{}, nil, Hooks{})
	require.NoError(t, err)
	assert.Empty(t, plain.Warnings())
	assert.True(t, plain.Expires().IsZero())
}
