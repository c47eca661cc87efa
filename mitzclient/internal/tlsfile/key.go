// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"crypto/x509"
	"errors"
	"fmt"
)

// keyIn reads the one private key of a PEM file.
func keyIn(files ClientFiles) (any, error) {
	content, err := read(keyKey, files.Key)
	if err != nil {
		return nil, err
	}
	found, err := keyBlock(content, files.Key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyKey, err)
	}
	switch {
	case found.label == "ENCRYPTED PRIVATE KEY":
		return decrypted(found, files)
	case found.headers["DEK-Info"] != "":
		return nil, errors.New(keyKey + ": encrypted in a form that is not safe: convert it with openssl pkcs8 -topk8 -in " + files.Key + " -out NEW.key")
	case files.Password != "":
		return nil, errors.New(passwordKey + ": of no use, the private key is not encrypted")
	}
	key, err := parseKey(found)
	if err != nil {
		return nil, fmt.Errorf("%s: %s cannot be read as a private key", keyKey, found)
	}
	return key, nil
}

// keyBlock finds the one private key. Certificates may stand beside it.
func keyBlock(content []byte, path string) (block, error) {
	blocks, err := readBlocks(content)
	if err != nil {
		return block{}, err
	}
	if len(blocks) == 0 {
		return block{}, notPEM(content, path)
	}
	var found block
	for _, each := range blocks {
		switch {
		case each.isCertificate():
		case !each.isKey():
			return block{}, each.misplaced(path, content)
		case found.number != 0:
			return block{}, fmt.Errorf("%s is a second private key, after %s: leave the one that is not the certificate's out", each, found)
		default:
			found = each
		}
	}
	if found.number == 0 {
		return block{}, errors.New("no private key in it")
	}
	return found, nil
}

func decrypted(found block, files ClientFiles) (any, error) {
	if files.Password == "" {
		return nil, errors.New(passwordKey + ": not set, and the private key is encrypted")
	}
	password, err := files.password()
	if err != nil {
		return nil, err
	}
	der, err := decryptPKCS8(found.bytes, password)
	if err != nil {
		return nil, err
	}
	return x509.ParsePKCS8PrivateKey(der)
}

func parseKey(found block) (any, error) {
	switch found.label {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(found.bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(found.bytes)
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(found.bytes)
	default:
		return nil, errors.New("not known")
	}
}
