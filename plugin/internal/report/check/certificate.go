// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// maxForeign bounds a text that others wrote, in characters.
const maxForeign = 120

// plainText needs no quotes: a host name or an address.
var plainText = regexp.MustCompile(`^[A-Za-z0-9.*:_-]+$`)

// harmless is a text that others wrote, made fit for a terminal: of bounded length, in
// quotes, with everything escaped that does not print, and without what may be a patient's
// number.
func harmless(text string) string {
	if runes := []rune(text); len(runes) > maxForeign {
		text = string(runes[:maxForeign]) + "..."
	}
	if !plainText.MatchString(text) {
		text = strconv.Quote(text)
	}
	return redact.Text(text)
}

// serverProblems says why the server's certificate is not trusted, and what to do.
var serverProblems = map[mitzclient.Problem][2]string{
	mitzclient.ProblemExpired:     {"it has expired", "If this machine's clock is right, report it to Mitz: the certificate must be renewed there."},
	mitzclient.ProblemNotYetValid: {"it is not valid yet", "Check this machine's clock. If that is right, report it to Mitz."},
	mitzclient.ProblemHostName: {"it is about another host than the endpoint's",
		"Write in mitz.endpoint one of the names in the certificate, if Mitz says so; otherwise something else than Mitz answers."},
	mitzclient.ProblemUnknownIssuer: {"no CA in mitz.tls.truststorefile vouches for it",
		"If this is Mitz's certificate, obtain its CA's certificate from where that CA publishes it, and add it to the file; otherwise something else than Mitz answers."},
	mitzclient.ProblemExpiredCA: {"a CA that vouches for it has expired, or is not valid yet",
		"Check this machine's clock, and renew the CA certificates in mitz.tls.truststorefile."},
	mitzclient.ProblemPurpose: {"it is not a certificate for servers", "Report it to Mitz, if it is Mitz that answers."},
	mitzclient.ProblemInvalid: {"it is not valid by the rules for certificates", "Report it to Mitz, if it is Mitz that answers."},
}

func serverFinding(probed mitzclient.Report, now time.Time) finding {
	result := finding{step: "server certificate", verdict: verdictUntried, text: "none was received"}
	server := probed.Server
	if server == nil {
		return result
	}
	result.verdict, result.text = verdictOK, harmless(server.Subject.String())
	result.details = []string{
		"issued by " + harmless(server.Issuer.String()),
		"for " + hostNames(server.Certificate),
		validityWords(server.Certificate, now),
	}
	var advice []string
	for _, problem := range server.Problems {
		result.verdict = verdictFailed
		words := serverProblems[problem]
		result.details = append(result.details, "Not trusted: "+words[0]+".")
		if problem == mitzclient.ProblemUnknownIssuer {
			result.details = append(result.details, "Missing is the CA "+harmless(server.Missing.String()))
			if len(server.MissingKeyID) > 0 {
				result.details = append(result.details, "with key id "+hexWords(server.MissingKeyID))
			}
		}
		advice = append(advice, words[1])
	}
	result.advice = strings.Join(advice, " ")
	return result
}

// hostNames are the hosts that a certificate is for.
func hostNames(certificate *x509.Certificate) string {
	var names []string
	for _, name := range certificate.DNSNames {
		names = append(names, harmless(name))
	}
	for _, address := range certificate.IPAddresses {
		names = append(names, address.String())
	}
	if len(names) == 0 {
		return "no host"
	}
	return listWords(names)
}

func clientFinding(probed mitzclient.Report, now time.Time) finding {
	client := probed.Client
	if client == nil {
		return finding{
			step: "client certificate", verdict: verdictWarning, text: "none is configured",
			advice: "Mitz admits nobody without one: set mitz.tls.certfile.",
		}
	}
	result := finding{step: "client certificate", verdict: verdictOK, text: harmless(client.Subject.String())}
	result.details = []string{
		"issued by " + harmless(client.Issuer.String()),
		"serial number " + hexWords(client.SerialNumber.Bytes()),
		keyWords(client.Certificate),
		validityWords(client.Certificate, now),
	}
	switch {
	case slices.Contains(client.Problems, mitzclient.ProblemExpired):
		result.verdict = verdictFailed
		result.advice = "Renew it. This node presents no expired certificate, so until then no guarded token is issued."
	case slices.Contains(client.Problems, mitzclient.ProblemNotYetValid):
		result.verdict = verdictFailed
		result.advice = "Check this machine's clock, and whether this is the right file."
	case slices.Contains(client.Problems, mitzclient.ProblemPurpose):
		result.verdict = verdictWarning
		result.details = append(result.details, "It is not a certificate for clients (extended key usage).")
		result.advice = "Mitz may refuse it. Check that mitz.tls.certfile is the certificate that Mitz was told of."
	case client.NotAfter.Sub(now) < config.CertificateNotice:
		result.verdict = verdictWarning
		result.advice = "Renew it in time, and have Mitz put the new one on its allow-list before you use it. The node takes changed files into use without a restart."
	}
	return result
}

// keyWords is the kind of a certificate's key.
func keyWords(certificate *x509.Certificate) string {
	switch key := certificate.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("key RSA, %d bits", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "key ECDSA, " + key.Curve.Params().Name
	default:
		return "key " + certificate.PublicKeyAlgorithm.String()
	}
}

// validityWords says from when until when a certificate is valid.
func validityWords(certificate *x509.Certificate, now time.Time) string {
	text := fmt.Sprintf("valid %s to %s UTC", timeWords(certificate.NotBefore), timeWords(certificate.NotAfter))
	switch {
	case now.Before(certificate.NotBefore):
		return text + fmt.Sprintf(", NOT VALID YET: %s to go", daysWords(certificate.NotBefore.Sub(now)))
	case now.After(certificate.NotAfter):
		return text + fmt.Sprintf(", EXPIRED %s ago", daysWords(now.Sub(certificate.NotAfter)))
	default:
		return text + fmt.Sprintf(", %s left", daysWords(certificate.NotAfter.Sub(now)))
	}
}

func timeWords(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func daysWords(d time.Duration) string {
	switch days := int(d.Hours() / 24); days {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", days)
	}
}

// maxHex bounds a number that others wrote, in bytes. RFC 5280 allows a serial number 20.
const maxHex = 24

// hexWords writes bytes as openssl does, separated by colons.
func hexWords(number []byte) string {
	more := ""
	if len(number) > maxHex {
		number, more = number[:maxHex], "..."
	}
	return strings.ReplaceAll(fmt.Sprintf("% x", number), " ", ":") + more
}
