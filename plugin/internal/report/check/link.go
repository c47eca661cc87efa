// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// findingsOf puts a probe in words, step by step in the order in which they were tried.
func findingsOf(probed mitzclient.Report, now time.Time) []finding {
	findings := []finding{nameFinding(probed), connectionFinding(probed)}
	if !probed.Encrypted {
		return append(findings, finding{
			verdict: verdictWarning, step: "TLS", text: "none: the endpoint is http",
			advice: "Nothing protects this link. It is fit for development only, and strict mode refuses it.",
		})
	}
	return append(findings, tlsFinding(probed), serverFinding(probed, now), clientFinding(probed, now), acceptanceFinding(probed))
}

func nameFinding(probed mitzclient.Report) finding {
	result := finding{step: "name", verdict: verdictOK}
	host := harmless(probed.Host)
	if !probed.Resolve.Tried {
		result.text = host + " is an address: there is nothing to look up"
		return result
	}
	took := tookWords(probed.Resolve.Took)
	if probed.Resolve.OK() {
		var addresses []string
		for _, address := range probed.Addresses {
			addresses = append(addresses, address.String())
		}
		result.text = fmt.Sprintf("%s is %s (%s)", host, listWords(addresses), took)
		return result
	}
	result.verdict = verdictFailed
	switch probed.Resolve.Problem {
	case mitzclient.ProblemUnknownHost:
		result.text = fmt.Sprintf("%s has no address (%s)", host, took)
		result.advice = "Look for a typing error in mitz.endpoint. If only a care network knows the name, this machine must use that network's DNS."
	case mitzclient.ProblemTimeout:
		result.text = fmt.Sprintf("no answer from DNS about %s (%s)", host, took)
		result.advice = "Check this machine's DNS servers, and that it may reach them."
	case mitzclient.ProblemCanceled:
		result.text = canceledWords
	default:
		result.text = fmt.Sprintf("%s could not be looked up (%s)", host, took)
		result.advice = "Check this machine's DNS servers."
	}
	return result
}

const canceledWords = "the check was broken off"

// attemptWords says why a connection failed.
var attemptWords = map[mitzclient.Problem]string{
	mitzclient.ProblemRefused:  "refuses the connection",
	mitzclient.ProblemTimeout:  "does not answer",
	mitzclient.ProblemLost:     "breaks the connection off",
	mitzclient.ProblemCanceled: canceledWords,
}

var connectAdvice = map[mitzclient.Problem]string{
	mitzclient.ProblemRefused: "Nothing listens there, or a firewall refuses. Check host and port in mitz.endpoint, and ask whether Mitz has an outage.",
	mitzclient.ProblemTimeout: "Probably a firewall drops what is sent. Have this machine's way out to these addresses and this port opened; " +
		"the other side may also admit only addresses that it knows.",
	mitzclient.ProblemNetwork: "This machine has no way to that address. Check host and port in mitz.endpoint, routes, and the connection to the care network if Mitz is reached by it.",
	mitzclient.ProblemLost:    "A firewall or gateway between this machine and Mitz ends the connection. Ask who manages it.",
}

func connectionFinding(probed mitzclient.Report) finding {
	result := finding{step: "connection", verdict: verdictUntried, text: "not tried: there is no address"}
	if !probed.Connect.Tried {
		return result
	}
	for _, attempt := range probed.Attempts {
		if attempt.Problem == "" {
			result.verdict = verdictOK
			result.text = fmt.Sprintf("%s (%s: one round trip)", attempt.Address, tookWords(attempt.Took))
			continue
		}
		words, known := attemptWords[attempt.Problem]
		if !known {
			words = "cannot be reached"
		}
		result.details = append(result.details, fmt.Sprintf("%s %s (%s)", attempt.Address, words, tookWords(attempt.Took)))
	}
	if !probed.Connect.OK() {
		result.verdict, result.text = verdictFailed, "no connection"
		result.advice = connectAdvice[probed.Connect.Problem]
	}
	return result
}

// handshakeWords says why there is no TLS, and what to do about it.
var handshakeWords = map[mitzclient.Problem][2]string{
	mitzclient.ProblemTimeout: {"the other side accepts the connection and then says nothing",
		"A gateway that hangs, or no TLS server. Check host and port in mitz.endpoint; look whether something between this machine and Mitz inspects connections."},
	mitzclient.ProblemLost: {"the other side ends the connection at once",
		"It does not serve this host name, does not admit this machine's address, or something between here and Mitz inspects connections."},
	mitzclient.ProblemPlainHTTP: {"the other side speaks HTTP without TLS",
		"Check the port in mitz.endpoint: this is not the one for https."},
	mitzclient.ProblemNotTLS: {"the other side speaks no TLS",
		"Check host and port in mitz.endpoint: something else listens there."},
	mitzclient.ProblemVersion: {"the other side supports neither TLS 1.2 nor TLS 1.3",
		"This is not Mitz as it should be, or something between here and Mitz weakens connections. Ask who manages it; this node accepts nothing older."},
	mitzclient.ProblemAlert: {"the other side refuses",
		"Check the host in mitz.endpoint. If it is right, report this to Mitz."},
	mitzclient.ProblemHandshake: {"the two sides do not agree on TLS",
		"Something between here and Mitz interferes, or this is not Mitz. Check host and port in mitz.endpoint."},
	mitzclient.ProblemCanceled: {canceledWords, ""},
}

func tlsFinding(probed mitzclient.Report) finding {
	result := finding{step: "TLS", verdict: verdictUntried, text: "not tried: there is no connection"}
	step := probed.Handshake
	if !step.Tried {
		return result
	}
	if step.OK() || step.Problem == mitzclient.ProblemServer {
		// Without trust in the server it was not completed, but the fault is not here.
		result.verdict = verdictOK
		result.text = fmt.Sprintf("%s (%s)", versionWords(probed), tookWords(step.Took))
		return result
	}
	words := handshakeWords[step.Problem]
	result.verdict, result.text, result.advice = verdictFailed, words[0], words[1]
	if step.Problem == mitzclient.ProblemAlert {
		result.text += ": " + alertWords(step.Alert)
	}
	result.text += fmt.Sprintf(" (%s)", tookWords(step.Took))
	return result
}

func versionWords(probed mitzclient.Report) string {
	text := tls.VersionName(probed.Version)
	if probed.CipherSuite != 0 {
		text += ", " + tls.CipherSuiteName(probed.CipherSuite)
	}
	return text
}

// alertWords names a TLS alert.
func alertWords(alert mitzclient.Alert) string {
	return fmt.Sprintf("TLS alert %d, %s", uint8(alert), alert)
}

// tookWords is a length of time that was measured.
func tookWords(took time.Duration) string {
	switch {
	case took < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(took)/float64(time.Millisecond))
	case took < time.Second:
		return fmt.Sprintf("%d ms", took.Milliseconds())
	default:
		return fmt.Sprintf("%.1f s", took.Seconds())
	}
}

// maxListed is how many names of a list are shown.
const maxListed = 6

// listWords is a list, of which the end may be left out.
func listWords(items []string) string {
	if more := len(items) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:maxListed], ", "), more)
	}
	return strings.Join(items, ", ")
}
