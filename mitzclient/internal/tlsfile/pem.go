// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/textfile"
)

// block is a PEM block (RFC 7468 section 2), with the headers of RFC 1421 that old keys have.
type block struct {
	number  int // from 1
	label   string
	headers map[string]string
	bytes   []byte
}

// String names the block in an error.
func (b block) String() string { return fmt.Sprintf("block %d (%s)", b.number, b.label) }

var (
	beginLine = regexp.MustCompile(`^-----BEGIN ([A-Z0-9][A-Z0-9 ]{0,63})-----$`)
	// joined finds a boundary that does not begin its line: of files put one after the other
	// when the first has no line end, or with its line end lost.
	joined   = regexp.MustCompile(`([^\n])(-----(?:BEGIN|END) )`)
	pemLines = strings.NewReplacer("\r\n", "\n", "\r", "\n")
)

// readBlocks reads every block of a PEM file. encoding/pem passes over what it cannot
// read; here that is an error. Text between blocks is allowed (RFC 7468 section 5.2), but
// nothing in it that is a part of a block.
func readBlocks(content []byte) ([]block, error) {
	content, err := textfile.Plain(content)
	if err != nil {
		return nil, err
	}
	var blocks []block
	var current *block // the one that the line is in
	var body []string
	for line := range strings.SplitSeq(joined.ReplaceAllString(pemLines.Replace(string(content)), "$1\n$2"), "\n") {
		line = strings.Trim(line, " \t\f\v")
		begin := beginLine.FindStringSubmatch(line)
		switch {
		case current == nil && begin != nil:
			current, body = &block{number: len(blocks) + 1, label: begin[1]}, nil
		case current == nil && strings.Contains(line, "-----"):
			return nil, fmt.Errorf("before block %d there is a line with dashes that begins no block: a part of the file is missing", len(blocks)+1)
		case current == nil: // a comment
		case line == "-----END "+current.label+"-----":
			if err := current.decode(body); err != nil {
				return nil, err
			}
			blocks, current = append(blocks, *current), nil
		case begin != nil:
			return nil, fmt.Errorf("%s does not end before the next begins: a part of it is missing", current)
		case strings.Contains(line, "-----"):
			return nil, fmt.Errorf("%s has a line with dashes that does not end it", current)
		default:
			body = append(body, line)
		}
	}
	if current != nil {
		return nil, fmt.Errorf("%s does not end: a part of the file is missing", current)
	}
	return blocks, nil
}

// decode reads the lines between the boundaries.
func (b *block) decode(lines []string) error {
	for len(lines) > 0 {
		name, value, isHeader := strings.Cut(lines[0], ":")
		if !isHeader {
			break
		}
		if b.headers == nil {
			b.headers = map[string]string{}
		}
		b.headers[name] = strings.TrimSpace(value)
		lines = lines[1:]
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(strings.NewReplacer(" ", "", "\t", "").Replace(strings.Join(lines, "")))
	if err != nil {
		return fmt.Errorf("%s is not base64: a part of it is missing or damaged", b)
	}
	if len(decoded) == 0 {
		return fmt.Errorf("%s is empty", b)
	}
	b.bytes = decoded
	return nil
}

func (b block) isKey() bool {
	return b.label == "PRIVATE KEY" || strings.HasSuffix(b.label, " PRIVATE KEY")
}

func (b block) isCertificate() bool { return b.label == "CERTIFICATE" || b.label == "X509 CERTIFICATE" }

// misplaced refuses a block that is neither a certificate nor a key.
func (b block) misplaced(path string, content []byte) error {
	switch b.label {
	case "TRUSTED CERTIFICATE":
		return fmt.Errorf("%s is of OpenSSL alone: convert each with openssl x509 -in ONE.pem -out NEW.pem", b)
	case "PKCS7", "CMS":
		return fmt.Errorf("%s holds certificates in another form: convert it with openssl pkcs7 -print_certs -in %s -out NEW.pem", b, path)
	case "PKCS12":
		return fmt.Errorf("%s is PKCS#12 in base64: convert it with %s", b, fromBase64(path, content))
	default:
		return fmt.Errorf("%s is neither a certificate nor a private key: leave it out", b)
	}
}

// notPEM says what a file without any block is.
func notPEM(content []byte, path string) error {
	switch {
	case len(content) == 0:
		return errors.New("the file is empty")
	case isJavaKeystore(content):
		return fmt.Errorf("it is a Java keystore: convert it with keytool -importkeystore -srckeystore %s -destkeystore NEW.p12 -deststoretype PKCS12", path)
	case isCertificateDER(content):
		return fmt.Errorf("it is a certificate in DER: convert it with openssl x509 -inform der -in %s -out NEW.pem", path)
	case isPKCS12(content):
		return fmt.Errorf("it is PKCS#12: give it a name that ends in .p12, or convert it with openssl pkcs12 -in %s -nokeys -out NEW.pem", path)
	case isKeyDER(content):
		return fmt.Errorf("it is a private key in DER: convert it with openssl pkey -inform der -in %s -out NEW.key", path)
	default:
		return errors.New("no PEM block in it")
	}
}
