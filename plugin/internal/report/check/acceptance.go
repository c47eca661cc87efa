// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"crypto/tls"
	"fmt"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// refusalAdvice says what a refusal of the client certificate means, by its alert. Servers
// differ in which they choose.
var refusalAdvice = map[mitzclient.Alert]string{
	mitzclient.AlertCertificateExpired: "Mitz takes the client certificate for expired. Renew it; if it is valid still, report this to Mitz.",
	mitzclient.AlertCertificateRevoked: "The client certificate was revoked. Obtain a new one.",
	mitzclient.AlertUnknownCA: "Mitz does not know the CA of the client certificate, or cannot find the way to it: " +
		"put the CA certificates between with it in mitz.tls.certfile, and check that it is a PKIoverheid or GZN certificate.",
	mitzclient.AlertUnsupportedCertificate: "Mitz does not take this kind of certificate. Check that mitz.tls.certfile is the certificate that Mitz was told of.",
	mitzclient.AlertCertificateRequired:    "Mitz admits nobody without a client certificate, and none was presented.",
}

// generalRefusalAdvice is for every other refusal.
const generalRefusalAdvice = "Ask Mitz whether the client certificate above, by its serial number, is on the allow-list of this environment (test or production)."

// acceptanceFinding says how the server took the client certificate.
func acceptanceFinding(probed mitzclient.Report) finding {
	result := finding{step: "acceptance", verdict: verdictUntried, text: "not tried: there is no TLS connection"}
	if !probed.Acceptance.Tried {
		return result
	}
	step := probed.Acceptance
	took := tookWords(step.Took)
	notPresented := notPresentedWords(probed)
	switch {
	case step.Problem == mitzclient.ProblemUnasked:
		result.verdict, result.text = verdictWarning, "the other side spoke before it was asked anything"
		result.advice = "An HTTP server does not. Check host and port in mitz.endpoint."
	case step.Problem != "":
		result.verdict, result.text = verdictFailed, fmt.Sprintf("%s (%s)", refusalWords(probed), took)
		result.advice = adviceOnRefusal(probed)
	case probed.Request == nil:
		result.verdict, result.text, result.advice = unaskedWords(probed)
	case !probed.Request.Presented:
		result.verdict, result.text = verdictWarning, "a client certificate was asked for and none presented"
		result.advice = "Queries will probably be refused."
	default:
		result.verdict = verdictOK
		result.text = fmt.Sprintf("the client certificate was asked for, and not refused within %s", took)
		result.details = []string{"Whether Mitz admits this organisation to its queries shows only with one (--bsn-file)."}
		if len(probed.Request.CAs) > 0 && !probed.Request.FromCA {
			result.verdict = verdictWarning
			result.advice = "If queries are refused, choose another certificate, or put the CA certificates between with it in mitz.tls.certfile."
		}
	}
	if probed.Request != nil {
		result.details = append(caDetails(probed), result.details...)
	}
	if notPresented != "" {
		result.details = append(result.details, notPresented)
	}
	return result
}

// unaskedWords is about a server that asked for no client certificate. With TLS 1.2 it may
// ask when it has seen the request, which the node answers once; with TLS 1.3 it can only by
// a way that few servers and clients know, and Go's does not (RFC 8446 section 4.6.2).
func unaskedWords(probed mitzclient.Report) (verdict, string, string) {
	const text = "the other side asked for no client certificate"
	const advice = "Mitz asks for one. Check host and port in mitz.endpoint, and whether something between here and Mitz ends TLS."
	switch {
	case probed.Version == tls.VersionTLS12:
		return verdictWarning, text + " yet; with TLS 1.2 it may when it has seen a query, as IIS does", advice + " Whether it asks later shows only with a query (--bsn-file)."
	case probed.Client == nil:
		return verdictWarning, text, advice
	default:
		return verdictFailed, text + ", and with TLS 1.3 it cannot when it has seen a query", advice + " If it is a server that asks later (IIS), it must speak TLS 1.2 for this."
	}
}

// refusalWords says how the connection ended.
func refusalWords(probed mitzclient.Report) string {
	what := "the client certificate"
	if probed.Request == nil || !probed.Request.Presented {
		what = "a connection without client certificate"
	}
	switch probed.Acceptance.Problem {
	case mitzclient.ProblemAlert, mitzclient.ProblemVersion:
		return fmt.Sprintf("the other side refuses %s: %s", what, alertWords(probed.Acceptance.Alert))
	case mitzclient.ProblemLost:
		return fmt.Sprintf("the other side ended the connection, so it probably refuses %s", what)
	case mitzclient.ProblemTimeout:
		return fmt.Sprintf("the other side says nothing after %s", what)
	case mitzclient.ProblemCanceled:
		return canceledWords
	default:
		return fmt.Sprintf("the connection failed after %s", what)
	}
}

func adviceOnRefusal(probed mitzclient.Report) string {
	if probed.Acceptance.Problem == mitzclient.ProblemCanceled {
		return ""
	}
	if advice, known := refusalAdvice[probed.Acceptance.Alert]; known && probed.Acceptance.Problem == mitzclient.ProblemAlert {
		return advice
	}
	if probed.Client == nil {
		return refusalAdvice[mitzclient.AlertCertificateRequired] + " Set mitz.tls.certfile."
	}
	return generalRefusalAdvice
}

// caDetails say from which CAs the other side takes certificates.
func caDetails(probed mitzclient.Report) []string {
	request := probed.Request
	switch {
	case len(request.CAs) == 0:
		return []string{"It does not say from which CAs it takes certificates."}
	case request.FromCA:
		return []string{fmt.Sprintf("Ours is from one of the CAs that it takes (%d in all).", len(request.CAs))}
	default:
		names := make([]string, len(request.CAs))
		for i, name := range request.CAs {
			names[i] = harmless(name)
		}
		details := []string{"It takes certificates from: " + listWords(names)}
		if request.Presented {
			details = append(details, "Ours is from none of these CAs, and was presented nonetheless.")
		}
		return details
	}
}

// notPresentedWords says why no client certificate was presented, when one was asked for.
func notPresentedWords(probed mitzclient.Report) string {
	switch request := probed.Request; {
	case request == nil || request.Presented:
		return ""
	case probed.Client == nil:
		return "None was presented: none is configured."
	default:
		return "Ours was not presented: the other side takes no signature that its key can make."
	}
}
