// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"hash"
)

// maxIterations bounds the work that a file can ask for: tens of seconds of it.
const maxIterations = 10_000_000

type (
	encryptedPrivateKeyInfo struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2Params struct {
		Derivation, Encryption pkix.AlgorithmIdentifier
	}
	pbkdf2Params struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

// decryptPKCS8 returns a PrivateKeyInfo. It is our own, since nothing that the node links does
// it; all cryptography in it is the standard library's. It reads what is written by openssl
// pkcs8 -topk8, and by openssl 3 without being asked: PKCS#8 and PBES2 with PBKDF2 and AES-CBC
// (RFC 5958, section 3, and RFC 8018, section 6.2). What is older or rarer is refused.
func decryptPKCS8(der []byte, password string) ([]byte, error) {
	unsupported := errors.New(keyKey + ": encrypted in a form that is not supported: convert it with openssl pkcs8 -topk8 -v2 aes-256-cbc")
	var info encryptedPrivateKeyInfo
	var scheme pbes2Params
	var derivation pbkdf2Params
	var iv []byte
	if !decodes(der, &info) || info.Algorithm.Algorithm.String() != "1.2.840.113549.1.5.13" || // PBES2
		!decodes(info.Algorithm.Parameters.FullBytes, &scheme) ||
		scheme.Derivation.Algorithm.String() != "1.2.840.113549.1.5.12" || // PBKDF2
		!decodes(scheme.Derivation.Parameters.FullBytes, &derivation) ||
		!decodes(scheme.Encryption.Parameters.FullBytes, &iv) {
		return nil, unsupported
	}
	prf, keyLength := prfOf(derivation.PRF.Algorithm), keyLengthOf(scheme.Encryption.Algorithm)
	if prf == nil || keyLength == 0 || len(iv) != aes.BlockSize || len(info.Data) == 0 || len(info.Data)%aes.BlockSize != 0 ||
		derivation.Iterations < 1 || derivation.Iterations > maxIterations {
		return nil, unsupported
	}
	key, err := pbkdf2.Key(prf, password, derivation.Salt, derivation.Iterations, keyLength)
	if err != nil {
		return nil, unsupported
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, unsupported
	}
	plain := make([]byte, len(info.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, info.Data)
	return unpad(plain)
}

// unpad removes the padding and makes sure that what is left is a key: nothing else
// tells a wrong password.
func unpad(plain []byte) ([]byte, error) {
	padding := int(plain[len(plain)-1])
	if padding >= 1 && padding <= aes.BlockSize {
		plain = plain[:len(plain)-padding]
		if _, err := x509.ParsePKCS8PrivateKey(plain); err == nil {
			return plain, nil
		}
	}
	return nil, errors.New(passwordKey + ": not the password of " + keyKey)
}

func decodes(der []byte, into any) bool {
	rest, err := asn1.Unmarshal(der, into)
	return err == nil && len(rest) == 0
}

// prfOf returns the hash of an HMAC; absent, it is SHA-1 (RFC 8018, appendix A.2).
func prfOf(id asn1.ObjectIdentifier) func() hash.Hash {
	switch id.String() {
	case "", "1.2.840.113549.2.7":
		return sha1.New
	case "1.2.840.113549.2.9":
		return sha256.New
	case "1.2.840.113549.2.10":
		return sha512.New384
	case "1.2.840.113549.2.11":
		return sha512.New
	default:
		return nil
	}
}

// keyLengthOf returns the length in bytes of an AES key in CBC mode.
func keyLengthOf(id asn1.ObjectIdentifier) int {
	switch id.String() {
	case "2.16.840.1.101.3.4.1.2":
		return 16
	case "2.16.840.1.101.3.4.1.22":
		return 24
	case "2.16.840.1.101.3.4.1.42":
		return 32
	default:
		return 0
	}
}
