// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// watched is a reloader, and what it told.
type watched struct {
	*reloader
	used     []*tls.Config
	reloaded []time.Time
	failed   []string
}

func newWatched(files TLSFiles) *watched {
	w := &watched{}
	w.reloader = newReloader(files, Hooks{
		Reloaded:     func(notAfter time.Time) { w.reloaded = append(w.reloaded, notAfter) },
		ReloadFailed: func(err error) { w.failed = append(w.failed, err.Error()) },
	})
	w.use = func(c *tls.Config) { w.used = append(w.used, c) }
	return w
}

func lastsUntil(end time.Time) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.NotAfter = end }
}

// replace puts the content of other files in place.
func replace(t *testing.T, path, with string) {
	content, err := os.ReadFile(with)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

func TestChangedFilesAreUsed(t *testing.T) {
	a := newAuthority(t)
	files := a.files(t)
	w := newWatched(files)
	require.NoError(t, w.check())
	require.Empty(t, w.used, "nothing changed")

	end := time.Now().Add(30 * time.Minute).Truncate(time.Second).UTC()
	replace(t, files.CertFile, a.files(t, lastsUntil(end)).CertFile)
	require.NoError(t, w.check())
	require.NoError(t, w.check())
	require.Len(t, w.used, 1)
	require.Equal(t, end, w.used[0].Certificates[0].Leaf.NotAfter)
	require.Equal(t, []time.Time{end}, w.reloaded)

	other := newAuthority(t)
	replace(t, files.TrustStoreFile, other.files(t).TrustStoreFile)
	require.NoError(t, w.check())
	require.Len(t, w.used, 2)
	require.True(t, w.used[1].RootCAs.Equal(other.pool()))
	require.Empty(t, w.failed)
}

// While a file is written, a part of it stands there: certificates would be lost in silence.
func TestHalfAFileIsNotUsed(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	files := a.files(t)
	w := newWatched(files)
	whole := append(a.pem(), other.pem()...)
	for _, part := range []int{len(a.pem()) + 20, len(whole) - 40} {
		require.NoError(t, os.WriteFile(files.TrustStoreFile, whole[:part], 0o600))
		require.ErrorContains(t, w.check(), "tls.truststorefile: b")
		require.Empty(t, w.used)
	}
	require.Len(t, w.failed, 2)
	require.NoError(t, os.WriteFile(files.TrustStoreFile, whole, 0o600))
	require.NoError(t, w.check())
	require.Len(t, w.used, 1)
	pool := a.pool()
	pool.AddCert(other.certificate)
	require.True(t, w.used[0].RootCAs.Equal(pool))
}

func TestAChangedPasswordOfAPKCS12FileIsUsed(t *testing.T) {
	a := newAuthority(t)
	files, next := a.pkcs12(t, "geheim"), a.pkcs12(t, "anders")
	w := newWatched(files)
	replace(t, files.CertFile, next.CertFile)
	require.ErrorContains(t, w.check(), "tls.passwordfile: not the password")
	replace(t, files.PasswordFile, next.PasswordFile)
	require.NoError(t, w.check())
	require.Len(t, w.used, 1)

	require.NoError(t, os.WriteFile(files.PasswordFile, []byte("geheim"), 0o600))
	require.ErrorContains(t, w.check(), "tls.passwordfile: not the password", "with which a restart would fail")
}

func TestASwappedSymbolicLinkIsSeen(t *testing.T) {
	// As Kubernetes does: client.pem -> ..data/client.pem, ..data -> ..one
	a := newAuthority(t)
	dir := t.TempDir()
	place := func(version string, from TLSFiles) {
		require.NoError(t, os.Mkdir(filepath.Join(dir, version), 0o700))
		for name, path := range map[string]string{"client.pem": from.CertFile, "client.key": from.CertKeyFile, "ca.pem": from.TrustStoreFile} {
			replace(t, filepath.Join(dir, version, name), path)
		}
		require.NoError(t, os.Symlink(version, filepath.Join(dir, "new")))
		require.NoError(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "data")))
	}
	link := func(name string) string {
		require.NoError(t, os.Symlink(filepath.Join("data", name), filepath.Join(dir, name)))
		return filepath.Join(dir, name)
	}
	place("one", a.files(t))
	w := newWatched(TLSFiles{CertFile: link("client.pem"), CertKeyFile: link("client.key"), TrustStoreFile: link("ca.pem")})
	require.NoError(t, w.check())
	require.Empty(t, w.used)
	place("two", a.files(t, lastsUntil(time.Now().Add(time.Minute))))
	require.NoError(t, w.check())
	require.Len(t, w.used, 1)
}

func TestBadFilesAreNotUsed(t *testing.T) {
	a := newAuthority(t)
	for _, tt := range []struct {
		name   string
		change func(*testing.T, TLSFiles)
		text   string
	}{
		{"a file that is gone", func(t *testing.T, f TLSFiles) { require.NoError(t, os.Remove(f.CertFile)) }, "tls.certfile: open"},
		{"a file that is empty", func(t *testing.T, f TLSFiles) { require.NoError(t, os.WriteFile(f.CertFile, nil, 0o600)) }, "tls.certfile: the file is empty"},
		{"a certificate without its key", func(t *testing.T, f TLSFiles) {
			certificate, _ := a.issueFor(t, newRSAKey())
			require.NoError(t, os.WriteFile(f.CertFile, certificate, 0o600))
		}, "tls.certfile, tls.certkeyfile"},
		{"a certificate that has expired", func(t *testing.T, f TLSFiles) {
			replace(t, f.CertFile, a.files(t, lastsUntil(time.Now().Add(-time.Second))).CertFile)
		}, "tls.certfile: expired at"},
		{"a certificate that is not valid yet", func(t *testing.T, f TLSFiles) {
			replace(t, f.CertFile, a.files(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }).CertFile)
		}, "tls.certfile: not valid before"},
		{"roots without certificates", func(t *testing.T, f TLSFiles) {
			require.NoError(t, os.WriteFile(f.TrustStoreFile, []byte("x"), 0o600))
		}, "tls.truststorefile: no certificates"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := a.files(t)
			before, err := os.ReadFile(files.CertFile)
			require.NoError(t, err)
			w := newWatched(files)
			tt.change(t, files)
			for range 3 {
				require.ErrorContains(t, w.check(), tt.text)
			}
			require.Empty(t, w.used)
			require.Len(t, w.failed, 1, "told once")
			require.Contains(t, w.failed[0], tt.text)
			require.True(t, w.rejected.Load())

			require.NoError(t, os.WriteFile(files.CertFile, before, 0o600))
			replace(t, files.TrustStoreFile, a.files(t).TrustStoreFile)
			require.NoError(t, w.check(), "the change is undone")
			require.False(t, w.rejected.Load())
			tt.change(t, files)
			require.Error(t, w.check())
			require.Len(t, w.failed, 2, "told again when it happens again")

			replace(t, files.CertFile, a.files(t, lastsUntil(time.Now().Add(time.Minute))).CertFile)
			replace(t, files.TrustStoreFile, a.files(t).TrustStoreFile)
			require.NoError(t, w.check())
			require.Len(t, w.used, 1)
			require.False(t, w.rejected.Load())
		})
	}
}

func TestFilesThatChangeWhileTheyAreReadAreNotUsed(t *testing.T) {
	w := newWatched(newAuthority(t).files(t))
	_, err := w.load(fingerprint{1})
	require.EqualError(t, err, "tls: the files changed while they were read")
}

func TestFilesAreWatchedUntilTheLinkIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		files := a.files(t)
		var reloads int
		link, err := NewLink(Config{Endpoint: "https://mitz.example", Files: &files}, Hooks{Reloaded: func(time.Time) { reloads++ }})
		require.NoError(t, err)
		link.Start()
		link.Start() // does nothing
		change := func() {
			content, err := os.ReadFile(files.TrustStoreFile)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(files.TrustStoreFile, append(content, '\n'), 0o600))
			time.Sleep(2 * time.Second)
			synctest.Wait()
		}
		change()
		require.Equal(t, 1, reloads)
		change()
		require.Equal(t, 2, reloads)
		link.Close()
		link.Close()
		change()
		require.Equal(t, 2, reloads)
	})
}

func TestCloseWaitsForAReloadInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(newAuthority(t).files(t))
		var ended bool
		w.hooks.ReloadFailed = func(error) {
			time.Sleep(time.Second / 2)
			ended = true
		}
		require.NoError(t, os.Remove(w.files.CertFile))
		w.reloader.watch.Start()
		time.Sleep(time.Second + time.Millisecond)
		w.reloader.watch.Stop()
		require.True(t, ended)
	})
}

func TestALinkWithoutFilesHasNothingToReload(t *testing.T) {
	link, err := NewLink(Config{Endpoint: "http://mitz.example"}, Hooks{})
	require.NoError(t, err)
	link.Start()
	require.Zero(t, link.Certificate())
	link.Close()
}
