// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
)

func isJavaKeystore(content []byte) bool {
	return bytes.HasPrefix(content, []byte("\xfe\xed\xfe\xed")) || bytes.HasPrefix(content, []byte("\xce\xce\xce\xce"))
}

func isCertificateDER(content []byte) bool {
	_, err := x509.ParseCertificate(content)
	return err == nil
}

func isKeyDER(content []byte) bool {
	_, pkcs8Err := x509.ParsePKCS8PrivateKey(content)
	_, pkcs1Err := x509.ParsePKCS1PrivateKey(content)
	return pkcs8Err == nil || pkcs1Err == nil
}

// isPKCS12 goes by the beginning of a PFX: a sequence whose first element is the number 3
// (RFC 7292 section 4). Its length may be written in any way.
func isPKCS12(content []byte) bool {
	if len(content) < 2 || content[0] != 0x30 {
		return false
	}
	length := 0
	if content[1] > 0x80 {
		length = int(content[1] & 0x7f)
	}
	return len(content) > 2+length && bytes.HasPrefix(content[2+length:], []byte{2, 1, 3})
}

// isIndefinite tells that a length stands at the end in place of the beginning, which BER
// allows and DER does not (X.690 section 8.1.3.6).
func isIndefinite(content []byte) bool { return len(content) > 1 && content[1] == 0x80 }

// isBase64 reports whether a file is PKCS#12 in base64, as it travels in mails and Kubernetes.
func isBase64(content []byte) bool {
	text := strings.Join(strings.Fields(string(content)), "")
	decoded, err := base64.StdEncoding.DecodeString(text)
	return err == nil && isPKCS12(decoded)
}

// fromBase64 is the command that undoes base64.
func fromBase64(path string, content []byte) string {
	switch text := bytes.TrimSpace(content); {
	case bytes.Contains(text, []byte("-----")):
		return fmt.Sprintf("grep -v -e ----- %s | openssl base64 -d -out NEW.p12", path)
	case bytes.Contains(text, []byte("\n")):
		return fmt.Sprintf("openssl base64 -d -in %s -out NEW.p12", path)
	default:
		return fmt.Sprintf("openssl base64 -d -A -in %s -out NEW.p12", path)
	}
}

// reexport is the command that writes a PKCS#12 file anew, as DER, with the same password.
func reexport(files ClientFiles) string {
	password := "pass:"
	if files.Password != "" {
		password = "file:" + files.Password
	}
	return fmt.Sprintf("openssl pkcs12 -in %s -passin %s -nodes -out ALL.pem && openssl pkcs12 -export -in ALL.pem -passout %s -out NEW.p12 "+
		"(and delete ALL.pem; if the first says that RC2 is unsupported, give it -legacy)", files.Certificate, password, password)
}
