// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// damage is what happens to PEM files: text is two certificates, one after the other.
var damages = []struct {
	name   string
	damage func(text string) string
	fault  string // empty: both are read
}{
	{"none", func(s string) string { return s }, ""},
	{"two blocks glued without a line end", func(s string) string { return strings.ReplaceAll(s, "-----\n-----BEGIN", "----------BEGIN") }, ""},
	{"no line end before the end", func(s string) string { return strings.ReplaceAll(s, "\n-----END", "-----END") }, ""},
	{"no line end at the end of the file", func(s string) string { return strings.TrimSuffix(s, "\n") }, ""},
	{"a byte order mark", func(s string) string { return "\uFEFF" + s }, ""},
	{"line ends of Windows", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }, ""},
	{"line ends of an old Mac", func(s string) string { return strings.ReplaceAll(s, "\n", "\r") }, ""},
	{"mixed line ends", func(s string) string { return strings.Replace(s, "\n", "\r\n", 20) }, ""},
	{"indented, as in YAML", func(s string) string { return "    " + strings.ReplaceAll(s, "\n", "  \n    ") }, ""},
	{"comments between", func(s string) string {
		return "Bag Attributes\n    friendlyName: zieken\xe9\n" + strings.Replace(s, "\n-----BEGIN", "\n\nsubject=CN = x\n-----BEGIN", 1)
	}, ""},
	{"blank lines within", func(s string) string { return strings.Replace(s, "\nM", "\n\nM", 1) }, ""},
	{"the label of old tools", func(s string) string { return strings.ReplaceAll(s, "CERTIFICATE", "X509 CERTIFICATE") }, ""},

	{"the end of the file is missing", func(s string) string { return s[:len(s)-40] }, "block 2 (CERTIFICATE) does not end"},
	{"the last boundary is cut off", func(s string) string { return strings.TrimSuffix(s, "---\n") }, "block 2 (CERTIFICATE) has a line with dashes"},
	{"the file ends in the first block", func(s string) string { return s[:200] }, "block 1 (CERTIFICATE) does not end"},
	{"the beginning of the file is missing", func(s string) string { return s[100:] }, "before block 1 there is a line with dashes"},
	{"the first boundary is cut off", func(s string) string { return s[1:] }, "before block 1 there is a line with dashes"},
	{"a boundary in the middle is missing", func(s string) string { return strings.Replace(s, "-----END CERTIFICATE-----\n", "", 1) }, "block 1 (CERTIFICATE) does not end before the next begins"},
	{"a beginning in the middle is missing", func(s string) string {
		return strings.Replace(s, "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", 1)
	}, "before block 2 there is a line with dashes"},
	{"other boundaries", func(s string) string { return strings.Replace(s, "END CERT", "END NEW CERT", 1) }, "block 1 (CERTIFICATE) has a line with dashes"},
	{"a boundary in small letters", func(s string) string { return strings.Replace(s, "BEGIN CERTIFICATE", "BEGIN Certificate", 1) }, "before block 1"},
	{"a lost character", func(s string) string { return s[:100] + s[101:] }, "block 1 (CERTIFICATE) is not base64"},
	{"a lost line", func(s string) string {
		lines := strings.SplitAfter(s, "\n")
		return strings.Join(append(lines[:3], lines[4:]...), "")
	}, "block 1 (CERTIFICATE) cannot be read"},
	{"a lost last line", func(s string) string {
		lines := strings.SplitAfter(s, "\n")
		return strings.Join(append(lines[:len(lines)-3], lines[len(lines)-2:]...), "")
	}, "block 2 (CERTIFICATE) "},
	{"a character that base64 has not", func(s string) string { return s[:100] + "*" + s[101:] }, "block 1 (CERTIFICATE) is not base64"},
	{"an empty block", func(s string) string { return s + "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" }, "block 3 (CERTIFICATE) is empty"},
	{"UTF-16", func(s string) string { return "\xff\xfe" + strings.Join(strings.Split(s, ""), "\x00") + "\x00" }, "it is written in UTF-16"},
	{"UTF-16 without a mark", func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }, "no PEM block in it"},
	{"nothing", func(string) string { return "" }, "the file is empty"},
	{"a certificate of OpenSSL alone", func(s string) string {
		return s + "-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n"
	},
		"block 3 (TRUSTED CERTIFICATE) is of OpenSSL alone: convert each with openssl x509"},
	{"a list of revoked certificates", func(s string) string { return s + "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n" }, "block 3 (X509 CRL) is neither a certificate nor a private key"},
	{"a label to fill a log", func(s string) string { return s + "-----BEGIN " + strings.Repeat("A", 70000) + "-----\n" }, "before block 3"},
}

func TestEveryBlockIsReadOrTheFileIsRefused(t *testing.T) {
	check := func(t *testing.T, fault string, err error, key string) {
		if fault == "" {
			require.NoError(t, err)
			return
		}
		require.ErrorContains(t, err, key+": ")
		require.ErrorContains(t, err, fault)
		require.Less(t, len(err.Error()), 500)
	}
	for _, tt := range damages {
		t.Run(tt.name+", in a trust store", func(t *testing.T) {
			path := file(t, "ca.pem", []byte(tt.damage(string(join(fixture(t, "intermediate.pem"), fixture(t, "root.pem"))))))
			roots, err := Roots(path)
			check(t, tt.fault, err, "tls.truststorefile")
			if tt.fault == "" {
				require.True(t, roots.Equal(poolOf(t, "intermediate.pem", "root.pem")))
			} else {
				require.Nil(t, roots)
			}
		})
		t.Run(tt.name+", in a certificate file", func(t *testing.T) {
			path := file(t, "client.pem", []byte(tt.damage(string(join(fixture(t, "client.pem"), fixture(t, "intermediate.pem"))))))
			certificate, err := Client(ClientFiles{Certificate: path, Key: "testdata/client.key"})
			check(t, tt.fault, err, "tls.certfile")
			if tt.fault == "" {
				require.Equal(t, wholeChain[:2], subjects(t, certificate))
			}
		})
	}
}

func TestClientFromPEM(t *testing.T) {
	client, intermediate, root, key := fixture(t, "client.pem"), fixture(t, "intermediate.pem"), fixture(t, "root.pem"), fixture(t, "client.key")
	for _, tt := range []struct {
		name             string
		certificate, key []byte
		expected         []string
	}{
		{"in order", join(client, intermediate, root), key, wholeChain},
		{"the other way round", join(root, intermediate, client), key, wholeChain},
		{"in no order", join(intermediate, client, root), key, wholeChain},
		{"one certificate twice", join(intermediate, client, intermediate, root, client), key, wholeChain},
		{"alone", client, key, wholeChain[:1]},
		{"with one that nothing leads to", join(root, client), key, []string{"fixture client", "fixture root"}},
		{"key and certificates in one file", join(key, root, intermediate, client), join(key, root, intermediate, client), wholeChain},
		{"a key with a byte order mark and line ends of Windows", client, join([]byte("\uFEFF"), bytes.ReplaceAll(key, []byte("\n"), []byte("\r\n"))), wholeChain[:1]},
		{"a key glued to a certificate", client, join(bytes.TrimSpace(client), key), wholeChain[:1]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			certificate, err := Client(ClientFiles{Certificate: file(t, "client.pem", tt.certificate), Key: file(t, "client.key", tt.key)})
			require.NoError(t, err)
			require.Equal(t, tt.expected, subjects(t, certificate))
			require.Equal(t, "fixture client", certificate.Leaf.Subject.CommonName)
		})
	}
}

func TestClientRefusesPEM(t *testing.T) {
	client, key := fixture(t, "client.pem"), fixture(t, "client.key")
	for _, tt := range []struct {
		name             string
		certificate, key []byte
		text             string
	}{
		{"without the key's certificate", fixture(t, "root.pem"), key, "tls.certfile, tls.certkeyfile: the key is not the certificate's: none of the certificates is of this key"},
		{"with a key and no certificate", key, key, "tls.certfile: no certificate in it"},
		{"with a certificate in place of the key", client, client, "tls.certkeyfile: no private key in it"},
		{"with two keys", client, join(key, client, []byte(keyPlain)), "tls.certkeyfile: block 3 (PRIVATE KEY) is a second private key, after block 1 (PRIVATE KEY)"},
		{"with half a key", client, key[:500], "tls.certkeyfile: block 1 (PRIVATE KEY) does not end"},
		{"with a key that is none", client, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "tls.certkeyfile: block 1 (PRIVATE KEY) cannot be read"},
		{"with a key of a kind that is not known", client, []byte("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n"), "tls.certkeyfile: block 1 (DSA PRIVATE KEY) cannot be read"},
		{"with a public key", client, []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), "tls.certkeyfile: block 1 (PUBLIC KEY) is neither"},
		{"that is DER", fixture(t, "client.der"), key, "tls.certfile: it is a certificate in DER: convert it with openssl x509 -inform der -in "},
		{"that is PKCS#12", fixture(t, "openssl.p12"), key, "tls.certfile: it is PKCS#12: give it a name that ends in .p12"},
		{"that is PKCS#7", fixture(t, "chain.p7b"), key, "tls.certfile: block 1 (PKCS7) holds certificates in another form: convert it with openssl pkcs7 -print_certs -in "},
		{"whose key is DER", client, must(pem.Decode(key)).Bytes, "tls.certkeyfile: it is a private key in DER: convert it with openssl pkey"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			certificate, err := Client(ClientFiles{Certificate: file(t, "client.pem", tt.certificate), Key: file(t, "client.key", tt.key)})
			require.ErrorContains(t, err, tt.text)
			require.Zero(t, certificate)
		})
	}
}

func must(b *pem.Block, _ []byte) *pem.Block { return b }

func TestRootsRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		content []byte
		text    string
	}{
		{"a private key", join(fixture(t, "root.pem"), fixture(t, "client.key")), "tls.truststorefile: block 2 (PRIVATE KEY) is not a certificate: a private key has no place"},
		{"a certificate of OpenSSL alone", fixture(t, "trusted.pem"), "tls.truststorefile: block 1 (TRUSTED CERTIFICATE) is of OpenSSL alone"},
		{"a Java keystore", fixture(t, "keytool.jks"), "tls.truststorefile: no certificates: it is a Java keystore"},
		{"PKCS#12", fixture(t, "keytool-cas.p12"), "tls.truststorefile: no certificates: it is PKCS#12"},
		{"text", []byte("hello"), "tls.truststorefile: no certificates: no PEM block in it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			roots, err := Roots(file(t, "ca.pem", tt.content))
			require.ErrorContains(t, err, tt.text)
			require.Nil(t, roots)
		})
	}
}

// FuzzReadBlocks compares with encoding/pem: what is read is what that reads, all of it.
func FuzzReadBlocks(f *testing.F) {
	text := string(join(fixture(f, "intermediate.pem"), fixture(f, "root.pem")))
	for _, each := range damages {
		f.Add([]byte(each.damage(text)))
	}
	f.Add([]byte(keyLegacy))
	f.Fuzz(func(t *testing.T, content []byte) {
		blocks, err := readBlocks(content)
		if err != nil {
			require.Nil(t, blocks)
			require.Less(t, len(err.Error()), 500)
			return
		}
		rest := bytes.TrimPrefix(content, []byte("\uFEFF"))
		for i := 0; ; i++ {
			var expected *pem.Block
			if expected, rest = pem.Decode(rest); expected == nil {
				return // which passes over what it cannot read
			}
			found := false
			for _, each := range blocks {
				found = found || each.label == expected.Type && bytes.Equal(each.bytes, expected.Bytes)
			}
			if !found {
				t.Fatal(errors.New("a block that encoding/pem reads is passed over"), expected.Type)
			}
		}
	})
}

// poolOf returns the roots that the fixtures are, one certificate each.
func poolOf(t *testing.T, names ...string) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	for _, name := range names {
		require.True(t, pool.AppendCertsFromPEM(fixture(t, name)))
	}
	return pool
}
