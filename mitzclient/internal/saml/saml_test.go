// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package saml

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"encoding/xml"
	"flag"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// update rewrites the files under testdata from the recipes in the tests.
var update = flag.Bool("update", false, "rewrite testdata")

var issuedAt = time.Date(2026, 11, 27, 8, 30, 0, 123456789, time.FixedZone("", 3600))

func assertion() Assertion {
	return Assertion{
		ID: "_000102030405060708090a0b0c0d0e0f", Issuer: "urn:oid:2.999.1", IssuedAt: issuedAt,
		Requester: consent.Requester{
			URA: "00000020", FacilityType: "G3",
			Responsible: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "000095254"}, Role: "03.000"},
		},
		Purpose: consent.PurposeTreatment,
	}
}

func TestEncode(t *testing.T) {
	mandated := assertion()
	mandated.Issuer = "https://care.example/?a=1&b='2'"
	mandated.Requester.Mandated = &consent.ProfessionalID{Root: consent.RootAGB, Extension: "01123456"}
	mandated.Purpose = consent.PurposeCoordinated
	for file, a := range map[string]Assertion{"in_person.xml": assertion(), "mandated.xml": mandated} {
		t.Run(file, func(t *testing.T) {
			encoded, err := Encode(a)
			require.NoError(t, err)
			golden(t, file, encoded)
			var read struct {
				Issuer     string
				Conditions struct {
					NotBefore    time.Time `xml:",attr"`
					NotOnOrAfter time.Time `xml:",attr"`
				}
			}
			require.NoError(t, xml.Unmarshal(encoded, &read))
			require.Equal(t, a.Issuer, read.Issuer)
			require.Equal(t, issuedAt.Truncate(time.Millisecond).UTC(), read.Conditions.NotBefore)
			require.Equal(t, 10*time.Minute, read.Conditions.NotOnOrAfter.Sub(read.Conditions.NotBefore))
		})
	}
}

func TestEncodeRefusesWhatIsNotWhole(t *testing.T) {
	for name, spoil := range map[string]func(*Assertion){
		"no issuer": func(a *Assertion) { a.Issuer = "" },
		"no id":     func(a *Assertion) { a.ID = "" },
		"no time":   func(a *Assertion) { a.IssuedAt = time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			a := assertion()
			spoil(&a)
			_, err := Encode(a)
			require.Error(t, err)
		})
	}
}

func TestCheckIssuer(t *testing.T) {
	for _, good := range []string{"urn:oid:2.999.1", "https://care.example", "https://care.example/saml?x=1"} {
		require.NoError(t, CheckIssuer(good), good)
	}
	for _, bad := range []string{
		"", "2.999.1", "urn:oid:", "urn:oid:2.999.01", "urn:oid:2" + strings.Repeat(".1", maxOID), "http://care.example", "https://", "https://a b.example",
		"https://user:pass@care.example", "care.example", "https://care.example/" + strings.Repeat("a", maxIssuer), "urn:uuid:1",
		"https://:443", "https://care.example/\u00e9", "https://care.example/a\u00a0b",
	} {
		require.Error(t, CheckIssuer(bad), bad)
	}
}

func TestNewID(t *testing.T) {
	id, err := NewID(bytes.NewReader([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}))
	require.NoError(t, err)
	require.Equal(t, "_000102030405060708090a0b0c0d0e0f", id)
	_, err = NewID(bytes.NewReader(make([]byte, idSize-1)))
	require.Error(t, err, "less randomness than an id has")
}

// TestAnotherImplementationVerifiesTheSignature has xmlsec1, of Debian's package of that name,
// verify a signature where it stands in a message.
func TestAnotherImplementationVerifiesTheSignature(t *testing.T) {
	signer, certificate := newSigner(t)
	plain, err := Encode(assertion())
	require.NoError(t, err)
	signed, err := signer.Sign(plain)
	require.NoError(t, err)
	require.Contains(t, string(signed), `</saml2:Issuer><ds:Signature `, "right after the issuer")
	require.Contains(t, string(signed), `Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"`)
	require.Contains(t, string(signed), `Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"`)
	require.Contains(t, string(signed), `Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"`)
	require.Contains(t, string(signed), `URI="#_000102030405060708090a0b0c0d0e0f"`)
	in := func(assertion string) string {
		return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<s:Envelope xmlns:s="urn:s" xmlns="urn:default" xmlns:xsi="urn:other"><s:Header>` + assertion + `</s:Header></s:Envelope>`
	}
	require.True(t, verifies(t, certificate, in(string(signed))), "in a message with namespaces of its own")
	require.False(t, verifies(t, certificate, in(strings.Replace(string(signed), `extension="00000020"`, `extension="00000021"`, 1))), "altered")
	_, other := newSigner(t)
	require.False(t, verifies(t, other, in(string(signed))), "of another key")
	again, err := signer.Sign(plain)
	require.NoError(t, err)
	require.Equal(t, signed, again, "the signature depends on nothing else")
}

// verifies reports whether xmlsec1 takes the signature for one of this certificate's key.
func verifies(t *testing.T, certificate []byte, message string) bool {
	t.Helper()
	xmlsec, err := exec.LookPath("xmlsec1")
	require.NoError(t, err, "the tests need xmlsec1: see .ci/packages")
	directory := t.TempDir()
	key, file := filepath.Join(directory, "certificate.pem"), filepath.Join(directory, "message.xml")
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600))
	require.NoError(t, os.WriteFile(file, []byte(message), 0o600))
	output, err := exec.CommandContext(t.Context(), xmlsec, "--verify", "--id-attr:ID", namespace+":Assertion",
		"--enabled-key-data", "key-name", "--pubkey-cert-pem", key, file).CombinedOutput()
	t.Logf("%s", output)
	return err == nil
}

func TestWhatIsNoAssertionIsNotSigned(t *testing.T) {
	signer, _ := newSigner(t)
	_, err := signer.Sign([]byte("<"))
	require.Error(t, err)
}

func newSigner(t *testing.T) (*Signer, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "signer"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return NewSigner(key, der), der
}

// golden compares an assertion with its file in testdata, or rewrites the file.
func golden(t *testing.T, file string, encoded []byte) {
	path := filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, encoded, 0o644))
	}
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(kept), string(encoded))
}
