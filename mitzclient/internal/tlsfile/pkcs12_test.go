// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"
)

func TestClientFromPKCS12(t *testing.T) {
	for _, tt := range []struct{ name, file, password string }{
		{"of keytool, in which the CAs stand before the leaf", "keytool.p12", "geheim"},
		{"of OpenSSL 3", "openssl.p12", "geheim"},
		{"of OpenSSL 1", "openssl-legacy.p12", "geheim"},
		{"of Windows", "windows.p12", "geheim"},
		{"whose password file has a line end", "openssl.p12", "geheim\r\n"},
		{"whose password file has a byte order mark", "windows.p12", "\uFEFFgeheim\r\n"},
		{"with the empty password, in an empty file", "empty-password.p12", ""},
		{"with the empty password, in a file with an empty line", "empty-password-legacy.p12", "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := ClientFiles{Certificate: "testdata/" + tt.file, Password: file(t, "password", []byte(tt.password))}
			certificate, err := Client(files)
			require.NoError(t, err)
			require.Equal(t, wholeChain, subjects(t, certificate))
			require.Equal(t, "fixture client", certificate.Leaf.Subject.CommonName)
		})
	}
	for _, name := range []string{"empty-password.p12", "empty-password-legacy.p12"} {
		t.Run("no password file is the empty password: "+name, func(t *testing.T) {
			certificate, err := Client(ClientFiles{Certificate: "testdata/" + name})
			require.NoError(t, err)
			require.Equal(t, wholeChain, subjects(t, certificate))
		})
	}
	t.Run("the empty password may also be no bytes at all", func(t *testing.T) {
		certificate, err := Client(ClientFiles{Certificate: file(t, "client.pfx", withNoPassword(t))})
		require.NoError(t, err)
		require.Equal(t, wholeChain, subjects(t, certificate))
	})
}

// withNoPassword makes a file whose MAC is by the password of zero bytes, where others have
// the two zero bytes of an empty string (RFC 7292 appendix B.1): both are met.
func withNoPassword(t *testing.T) []byte {
	opened, err := Client(ClientFiles{Certificate: "testdata/empty-password.p12"})
	require.NoError(t, err)
	var issuers []*x509.Certificate
	for _, der := range opened.Certificate[1:] {
		issuer, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		issuers = append(issuers, issuer)
	}
	content, err := pkcs12.Passwordless.Encode(opened.PrivateKey, opened.Leaf, issuers, "")
	require.NoError(t, err)
	type (
		contentInfo struct {
			Type    asn1.ObjectIdentifier
			Content []byte `asn1:"tag:0,explicit"`
		}
		algorithm struct {
			ID   asn1.ObjectIdentifier
			Null asn1.RawValue
		}
		digest struct {
			Algorithm algorithm
			Digest    []byte
		}
		mac struct {
			Digest     digest
			Salt       []byte
			Iterations int
		}
	)
	var plain struct {
		Version int
		Safe    contentInfo
	}
	rest, err := asn1.Unmarshal(content, &plain)
	require.NoError(t, err)
	require.Empty(t, rest)
	salt := []byte("saltsalt")
	keyed := hmac.New(sha1.New, macKey(salt))
	keyed.Write(plain.Safe.Content)
	sealed, err := asn1.Marshal(struct {
		Version int
		Safe    contentInfo
		MAC     mac
	}{3, plain.Safe, mac{digest{algorithm{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, asn1.NullRawValue}, keyed.Sum(nil)}, salt, 1}})
	require.NoError(t, err)
	return sealed
}

// macKey derives a key of 20 bytes from no password, in one iteration (RFC 7292 appendix
// B.2: the diversifier is 3, u is 20 and v is 64).
func macKey(salt []byte) []byte {
	hashed := sha1.Sum(append(bytes.Repeat([]byte{3}, 64), bytes.Repeat(salt, 64/len(salt))...))
	return hashed[:]
}

// indefinite writes the outer length of DER as BER may: at the end.
func indefinite(t *testing.T, der []byte) []byte {
	var outer asn1.RawValue
	_, err := asn1.Unmarshal(der, &outer)
	require.NoError(t, err)
	return join([]byte{0x30, 0x80}, outer.Bytes, []byte{0, 0})
}

// inPieces writes the content of a PFX as BER may: an octet string in two, with a length
// of the whole that is known.
func inPieces(t *testing.T, der []byte) []byte {
	var pfx struct {
		Version int
		Safe    struct {
			Type    asn1.ObjectIdentifier
			Content asn1.RawValue `asn1:"tag:0,explicit"`
		}
		MAC asn1.RawValue
	}
	_, err := asn1.Unmarshal(der, &pfx)
	require.NoError(t, err)
	var octets []byte
	_, err = asn1.Unmarshal(pfx.Safe.Content.Bytes, &octets)
	require.NoError(t, err)
	pieces := []byte{}
	for _, piece := range [][]byte{octets[:100], octets[100:]} {
		encoded, err := asn1.Marshal(piece)
		require.NoError(t, err)
		pieces = append(pieces, encoded...)
	}
	pfx.Safe.Content = asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagOctetString, IsCompound: true, Bytes: pieces}
	encoded, err := asn1.Marshal(pfx)
	require.NoError(t, err)
	return encoded
}

func TestClientRefusesPKCS12(t *testing.T) {
	plain := fixture(t, "openssl.p12")
	armoured := pem.EncodeToMemory(&pem.Block{Type: "PKCS12", Bytes: plain})
	lines := bytes.TrimSuffix(bytes.TrimPrefix(armoured, []byte("-----BEGIN PKCS12-----\n")), []byte("-----END PKCS12-----\n"))
	password := func(t *testing.T) string { return file(t, "password", []byte("geheim")) }
	for _, tt := range []struct {
		name    string
		content []byte
		text    string
	}{
		{"with two keys", fixture(t, "keytool-two-keys.p12"), "more than one private key: make a file with one, with keytool -importkeystore"},
		{"with CAs only", fixture(t, "keytool-cas.p12"), "private key missing: it must hold a certificate and its key"},
		{"with a key only", fixture(t, "no-certificate.p12"), "certificate missing: it must hold a certificate and its key"},
		{"without a MAC", fixture(t, "no-mac.p12"), "no MAC"},
		{"in BER, with lengths at the end", indefinite(t, plain), "it is written in BER and not in DER: convert it with openssl pkcs12 -in "},
		{"in BER, in pieces", inPieces(t, plain), "it may be BER and not DER: convert it with openssl pkcs12 -in "},
		{"of which a part is missing", plain[:2000], "if it is not damaged"},
		{"in base64", []byte(base64.StdEncoding.EncodeToString(plain)), "it is PKCS#12 in base64: convert it with openssl base64 -d -A -in "},
		{"in lines of base64", lines, "it is PKCS#12 in base64: convert it with openssl base64 -d -in "},
		{"with nothing in it", nil, "the file is empty"},
		{"in base64 as PEM", armoured, "it is PKCS#12 in base64: convert it with grep -v -e ----- "},
		{"that is PEM", fixture(t, "client.pem"), "it is PEM: give it a name that ends in .pem"},
		{"that is a Java keystore", fixture(t, "keytool.jks"), "it is a Java keystore: convert it with keytool -importkeystore"},
		{"that is a certificate", fixture(t, "client.der"), "it is a certificate in DER"},
		{"that is something else", []byte("x"), "it is not PKCS#12"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := ClientFiles{Certificate: file(t, "client.P12", tt.content), Password: password(t)}
			certificate, err := Client(files)
			require.ErrorContains(t, err, "tls.certfile: ")
			require.ErrorContains(t, err, tt.text)
			require.Zero(t, certificate)
			require.NotContains(t, err.Error(), "geheim")
		})
	}
	for _, tt := range []struct{ name, password, text string }{
		{"with another password", "other", "tls.passwordfile: not the password of tls.certfile"},
		{"with an empty password", "", "tls.passwordfile: not the password of tls.certfile"},
		{"with a password of two lines", "geheim\ngeheim", "tls.passwordfile: it has more than one line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Client(ClientFiles{Certificate: "testdata/openssl.p12", Password: file(t, "password", []byte(tt.password))})
			require.ErrorContains(t, err, tt.text)
		})
	}
	t.Run("without its password", func(t *testing.T) {
		_, err := Client(ClientFiles{Certificate: "testdata/openssl.p12"})
		require.EqualError(t, err, "tls.passwordfile: not set, and tls.certfile does not open with the empty password")
	})
	t.Run("with a key beside it", func(t *testing.T) {
		_, err := Client(ClientFiles{Certificate: "testdata/openssl.p12", Password: password(t), Key: "testdata/client.key"})
		require.ErrorContains(t, err, "tls.certkeyfile: of no use with a PKCS#12 file")
	})
}
