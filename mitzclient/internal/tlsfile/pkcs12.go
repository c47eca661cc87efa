// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// fromPKCS12 reads a certificate, its chain and its key from one file (RFC 7292).
func fromPKCS12(files ClientFiles) (tls.Certificate, error) {
	content, contentErr := read(certKey, files.Certificate)
	password, passwordErr := files.password()
	var keyErr error
	if files.Key != "" {
		keyErr = errors.New(keyKey + ": of no use with a PKCS#12 file, which holds the key")
	}
	if err := errors.Join(contentErr, passwordErr, keyErr); err != nil {
		return tls.Certificate{}, err
	}
	// The first certificate is taken for the key's own, which it need not be.
	key, first, others, err := pkcs12.DecodeChain(content, password)
	if err != nil {
		return tls.Certificate{}, pkcs12Problem(files, content, err)
	}
	return joinKey(certKey, append([]*x509.Certificate{first}, others...), key)
}

// pkcs12Problem says why a file cannot be read, and how to make one that can.
func pkcs12Problem(files ClientFiles, content []byte, err error) error {
	var unsupported pkcs12.NotImplementedError
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && files.Password == "":
		return fmt.Errorf("%s: not set, and %s does not open with the empty password", passwordKey, certKey)
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return fmt.Errorf("%s: not the password of %s", passwordKey, certKey)
	case len(content) == 0:
		return fmt.Errorf("%s: the file is empty", certKey)
	case isBase64(content), strings.Contains(string(content), "-----BEGIN PKCS12-----"):
		return fmt.Errorf("%s: it is PKCS#12 in base64: convert it with %s", certKey, fromBase64(files.Certificate, content))
	case strings.Contains(string(content), "-----BEGIN "):
		return fmt.Errorf("%s: it is PEM: give it a name that ends in .pem, and name the file of its key in %s", certKey, keyKey)
	case isJavaKeystore(content), isCertificateDER(content):
		return fmt.Errorf("%s: %w", certKey, notPEM(content, files.Certificate))
	case !isPKCS12(content):
		return fmt.Errorf("%s: it is not PKCS#12", certKey)
	case isIndefinite(content):
		return fmt.Errorf("%s: it is written in BER and not in DER: convert it with %s", certKey, reexport(files))
	case strings.Contains(err.Error(), "exactly one key bag"):
		return fmt.Errorf("%s: it holds more than one private key: make a file with one, with keytool -importkeystore -srckeystore %s -srcalias ALIAS -destkeystore NEW.p12 -deststoretype PKCS12",
			certKey, files.Certificate)
	case strings.Contains(err.Error(), "private key missing"), strings.Contains(err.Error(), "certificate missing"):
		return fmt.Errorf("%s: %w: it must hold a certificate and its key", certKey, err)
	case errors.As(err, &unsupported):
		return fmt.Errorf("%s: in a form that is not supported (%w): convert it with %s", certKey, err, reexport(files))
	default:
		return fmt.Errorf("%s: %w: if it is not damaged, it may be BER and not DER: convert it with %s", certKey, err, reexport(files))
	}
}
