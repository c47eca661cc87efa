// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/require"
)

func fixtureKey(t *testing.T) *rsa.PrivateKey {
	block, _ := pem.Decode([]byte(keyPlain))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	return key.(*rsa.PrivateKey)
}

// keyFiles has a certificate for the fixtures' key, and that key in one of its forms.
func keyFiles(t *testing.T, key, password string) ClientFiles {
	files := ClientFiles{Certificate: file(t, "client.pem", selfSigned(t, fixtureKey(t))), Key: file(t, "client.key", []byte(key))}
	if password != "" {
		files.Password = file(t, "client.pass", []byte(password))
	}
	return files
}

func TestClientWithAnEncryptedKey(t *testing.T) {
	for name, key := range map[string]string{
		"AES-256 and SHA-256":      keyAES256SHA256,
		"AES-192 and SHA-512":      keyAES192SHA512,
		"AES-128 and SHA-1":        keyAES128SHA1,
		"behind another PEM block": string(fixture(t, "root.pem")) + keyAES256SHA256,
	} {
		for _, password := range []string{"geheim", "geheim\r\n", "\uFEFFgeheim\n"} {
			t.Run(name, func(t *testing.T) {
				certificate, err := Client(keyFiles(t, key, password))
				require.NoError(t, err)
				require.True(t, fixtureKey(t).Equal(certificate.PrivateKey))
			})
		}
	}
}

func TestClientRefusesAnEncryptedKey(t *testing.T) {
	for _, tt := range []struct{ name, key, password, text string }{
		{"without a password", keyAES256SHA256, "", "tls.passwordfile: not set"},
		{"with another password", keyAES256SHA256, "geheim2", "tls.passwordfile: not the password of tls.certkeyfile"},
		{"with a password in UTF-16", keyAES256SHA256, "\xff\xfeg\x00e\x00h\x00e\x00i\x00m\x00", "tls.passwordfile: it is written in UTF-16"},
		{"with an older cipher", keyDES3, "geheim", "tls.certkeyfile: encrypted in a form that is not supported"},
		{"with another derivation", keyScrypt, "geheim", "tls.certkeyfile: encrypted in a form that is not supported"},
		{"in the form before PKCS#8", keyLegacy, "geheim", "tls.certkeyfile: encrypted in a form that is not safe"},
		{"that is none", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "geheim",
			"tls.certkeyfile: encrypted in a form that is not supported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Client(keyFiles(t, tt.key, tt.password))
			require.ErrorContains(t, err, tt.text)
			require.NotContains(t, err.Error(), "geheim")
		})
	}
}

// Whatever an encrypted key holds, it is refused in an orderly way.
func TestACorruptEncryptedKeyIsRefused(t *testing.T) {
	block, _ := pem.Decode([]byte(keyAES128SHA1))
	for i := range block.Bytes {
		_, err := decryptPKCS8(block.Bytes[:i], "geheim")
		require.Error(t, err, "%d bytes", i)
		if i >= 34 && i < 48 || i >= 63 { // in salt, iterations, initial vector and data anything is well-formed
			continue
		}
		der := append([]byte(nil), block.Bytes...)
		der[i] ^= 0x41
		_, err = decryptPKCS8(der, "geheim")
		require.Error(t, err, "byte %d", i)
	}
}

func TestAnEncryptedKeyWithImpossibleParametersIsRefused(t *testing.T) {
	for name, change := range map[string]func(*pbkdf2Params, *[]byte, *[]byte){
		"no data":               func(_ *pbkdf2Params, _, data *[]byte) { *data = nil },
		"half a block":          func(_ *pbkdf2Params, _, data *[]byte) { *data = (*data)[:24] },
		"a short vector":        func(_ *pbkdf2Params, iv, _ *[]byte) { *iv = (*iv)[:8] },
		"no iterations":         func(p *pbkdf2Params, _, _ *[]byte) { p.Iterations = 0 },
		"iterations for a week": func(p *pbkdf2Params, _, _ *[]byte) { p.Iterations = maxIterations + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			var info encryptedPrivateKeyInfo
			var scheme pbes2Params
			var derivation pbkdf2Params
			var iv []byte
			block, _ := pem.Decode([]byte(keyAES256SHA256))
			require.True(t, decodes(block.Bytes, &info) && decodes(info.Algorithm.Parameters.FullBytes, &scheme) &&
				decodes(scheme.Derivation.Parameters.FullBytes, &derivation) && decodes(scheme.Encryption.Parameters.FullBytes, &iv))
			change(&derivation, &iv, &info.Data)
			scheme.Derivation.Parameters.FullBytes = encoded(t, derivation)
			scheme.Encryption.Parameters.FullBytes = encoded(t, iv)
			info.Algorithm.Parameters.FullBytes = encoded(t, scheme)
			_, err := decryptPKCS8(encoded(t, info), "geheim")
			require.ErrorContains(t, err, "not supported")
		})
	}
}

// One wrong password in 256 gives something that looks padded.
func TestPaddingAloneMakesNoKey(t *testing.T) {
	_, err := unpad([]byte("fifteen letters\x01"))
	require.EqualError(t, err, "tls.passwordfile: not the password of tls.certkeyfile")
}

func encoded(t *testing.T, value any) []byte {
	der, err := asn1.Marshal(value)
	require.NoError(t, err)
	return der
}
