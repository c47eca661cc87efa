// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// reached is the report of a link in order, which a test may spoil.
func reached(change func(*mitzclient.Report)) mitzclient.Report {
	tried := mitzclient.Step{Tried: true, Took: time.Millisecond}
	certificate := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: probedAt.Add(-time.Hour), NotAfter: probedAt.AddDate(1, 0, 0)}
	report := mitzclient.Report{
		Host: "mitz.example", Port: "443", Encrypted: true,
		Resolve: tried, Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.7")},
		Connect: tried, Attempts: []mitzclient.Attempt{{Address: netip.MustParseAddrPort("203.0.113.7:443")}},
		Handshake: tried, Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256,
		Server: &mitzclient.ServerCertificate{Certificate: certificate}, Client: &mitzclient.ClientCertificate{Certificate: certificate},
		Request: &mitzclient.CertificateRequest{Presented: true}, Acceptance: tried,
	}
	change(&report)
	return report
}

var probedAt = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func TestCheckHasWordsForEveryProblem(t *testing.T) {
	type change = func(*mitzclient.Report)
	resolve := func(problem mitzclient.Problem) change {
		return func(r *mitzclient.Report) { r.Resolve.Problem, r.Connect.Tried = problem, false }
	}
	connect := func(problem mitzclient.Problem) change {
		return func(r *mitzclient.Report) { r.Connect.Problem, r.Attempts[0].Problem = problem, problem }
	}
	handshake := func(problem mitzclient.Problem) change {
		return func(r *mitzclient.Report) {
			r.Handshake.Problem, r.Handshake.Alert = problem, mitzclient.AlertUnrecognizedName
			r.Server, r.Request, r.Acceptance.Tried = nil, nil, false
		}
	}
	server := func(problem mitzclient.Problem) change {
		return func(r *mitzclient.Report) {
			r.Handshake.Problem, r.Server.Problems = mitzclient.ProblemServer, []mitzclient.Problem{problem}
		}
	}
	client := func(problem mitzclient.Problem) change {
		return func(r *mitzclient.Report) { r.Client.Problems = []mitzclient.Problem{problem} }
	}
	acceptance := func(problem mitzclient.Problem) change {
		return func(r *mitzclient.Report) { r.Acceptance.Problem = problem }
	}
	alert := func(alert mitzclient.Alert) change {
		return func(r *mitzclient.Report) {
			r.Acceptance.Problem, r.Acceptance.Alert = mitzclient.ProblemAlert, alert
		}
	}
	request := func(request *mitzclient.CertificateRequest) change {
		return func(r *mitzclient.Report) { r.Request = request }
	}
	noneConfigured := func(r *mitzclient.Report) { r.Client, r.Request = nil, &mitzclient.CertificateRequest{} }
	for _, tt := range []struct {
		name    string
		change  change
		verdict verdict
		step    string
		words   string
		advice  string
	}{
		{"no such name", resolve(mitzclient.ProblemUnknownHost), verdictFailed, "name", "has no address", "typing error"},
		{"DNS fails", resolve(mitzclient.ProblemDNS), verdictFailed, "name", "could not be looked up", "DNS"},
		{"DNS is silent", resolve(mitzclient.ProblemTimeout), verdictFailed, "name", "no answer from DNS", "DNS"},
		{"nothing listens", connect(mitzclient.ProblemRefused), verdictFailed, "connection", "203.0.113.7:443 refuses", "Nothing listens"},
		{"a firewall drops", connect(mitzclient.ProblemTimeout), verdictFailed, "connection", "does not answer", "firewall"},
		{"no way there", connect(mitzclient.ProblemNetwork), verdictFailed, "connection", "cannot be reached", "routes"},
		{"broken off", connect(mitzclient.ProblemLost), verdictFailed, "connection", "breaks the connection off", "firewall"},
		{"silence", handshake(mitzclient.ProblemTimeout), verdictFailed, "TLS", "says nothing", "hangs"},
		{"an end at once", handshake(mitzclient.ProblemLost), verdictFailed, "TLS", "ends the connection", "inspects"},
		{"plain HTTP", handshake(mitzclient.ProblemPlainHTTP), verdictFailed, "TLS", "HTTP without TLS", "port"},
		{"no TLS", handshake(mitzclient.ProblemNotTLS), verdictFailed, "TLS", "speaks no TLS", "port"},
		{"TLS 1.1 only", handshake(mitzclient.ProblemVersion), verdictFailed, "TLS", "neither TLS 1.2 nor TLS 1.3", "nothing older"},
		{"an alert", handshake(mitzclient.ProblemAlert), verdictFailed, "TLS", "TLS alert 112, unrecognized name", "host"},
		{"no agreement", handshake(mitzclient.ProblemHandshake), verdictFailed, "TLS", "do not agree", "interferes"},
		{"an expired server certificate", server(mitzclient.ProblemExpired), verdictFailed, "server certificate", "it has expired", "clock"},
		{"a server certificate before its time", server(mitzclient.ProblemNotYetValid), verdictFailed, "server certificate", "not valid yet", "clock"},
		{"a wrong host", server(mitzclient.ProblemHostName), verdictFailed, "server certificate", "about another host", "mitz.endpoint"},
		{"an unknown CA", server(mitzclient.ProblemUnknownIssuer), verdictFailed, "server certificate", "Missing is the CA", "obtain its CA's certificate"},
		{"an expired CA", server(mitzclient.ProblemExpiredCA), verdictFailed, "server certificate", "a CA that vouches for it has expired", "truststorefile"},
		{"a certificate for clients", server(mitzclient.ProblemPurpose), verdictFailed, "server certificate", "not a certificate for servers", "Report it"},
		{"another invalid certificate", server(mitzclient.ProblemInvalid), verdictFailed, "server certificate", "not valid by the rules", "Report it"},
		{"an expired client certificate", client(mitzclient.ProblemExpired), verdictFailed, "client certificate", "", "no guarded token"},
		{"a client certificate before its time", client(mitzclient.ProblemNotYetValid), verdictFailed, "client certificate", "", "clock"},
		{"a client certificate for servers", client(mitzclient.ProblemPurpose), verdictWarning, "client certificate", "not a certificate for clients", "may refuse"},
		{"no client certificate", noneConfigured, verdictWarning, "client certificate", "none is configured", "mitz.tls.certfile"},
		{"no client certificate, though asked for", noneConfigured, verdictWarning, "acceptance", "none is configured", "probably be refused"},
		{"no question for it", request(nil), verdictFailed, "acceptance", "with TLS 1.3 it cannot when it has seen a query", "ends TLS"},
		{"no question for it yet", func(r *mitzclient.Report) { r.Request, r.Version = nil, tls.VersionTLS12 }, verdictWarning, "acceptance",
			"asked for no client certificate yet", "shows only with a query"},
		{"no question for what there is not", func(r *mitzclient.Report) { r.Request, r.Client = nil, nil }, verdictWarning, "acceptance",
			"asked for no client certificate", "ends TLS"},
		{"a certificate from another CA", request(&mitzclient.CertificateRequest{CAs: []string{"CN=a", "CN=b"}, Presented: true}), verdictWarning, "acceptance",
			`takes certificates from: "CN=a", "CN=b" Ours is from none of these CAs, and was presented nonetheless.`, "choose another certificate"},
		{"a signature that is not taken", request(&mitzclient.CertificateRequest{CAs: []string{"CN=a"}, FromCA: true}), verdictWarning, "acceptance",
			"no signature that its key can make", "probably be refused"},
		{"a server that speaks first", acceptance(mitzclient.ProblemUnasked), verdictWarning, "acceptance", "spoke before", "HTTP server does not"},
		{"a refusal without a word", acceptance(mitzclient.ProblemLost), verdictFailed, "acceptance", "probably refuses the client certificate", "allow-list"},
		{"silence after the certificate", acceptance(mitzclient.ProblemTimeout), verdictFailed, "acceptance", "says nothing after the client certificate", "allow-list"},
		{"another failure after it", acceptance(mitzclient.ProblemHandshake), verdictFailed, "acceptance", "failed after the client certificate", "allow-list"},
		{"a refusal", alert(mitzclient.AlertBadCertificate), verdictFailed, "acceptance", "TLS alert 42, bad certificate", "allow-list"},
		{"a refusal by age", alert(mitzclient.AlertCertificateExpired), verdictFailed, "acceptance", "TLS alert 45", "Renew it"},
		{"a refusal after revocation", alert(mitzclient.AlertCertificateRevoked), verdictFailed, "acceptance", "TLS alert 44", "revoked"},
		{"a refusal of the CA", alert(mitzclient.AlertUnknownCA), verdictFailed, "acceptance", "TLS alert 48", "CA certificates between"},
		{"a refusal of nothing", func(r *mitzclient.Report) {
			noneConfigured(r)
			alert(mitzclient.AlertHandshakeFailure)(r)
		}, verdictFailed, "acceptance", "refuses a connection without client certificate: TLS alert 40", "Set mitz.tls.certfile"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page := &page{}
			findings := findingsOf(reached(tt.change), probedAt)
			page.findings(findings)
			for _, each := range findings {
				if each.step != tt.step {
					assert.NotEqual(t, verdictFailed, each.verdict, "another step is said to have failed: %s", each.step)
					continue
				}
				assert.Equal(t, tt.verdict, each.verdict)
				assert.Contains(t, each.text+" "+strings.Join(each.details, " "), tt.words)
				assert.Contains(t, each.advice, tt.advice)
			}
			AssertReadable(t, page.String())
		})
	}
	t.Run("a check that was broken off", func(t *testing.T) {
		for _, change := range []change{resolve(mitzclient.ProblemCanceled), connect(mitzclient.ProblemCanceled), handshake(mitzclient.ProblemCanceled), acceptance(mitzclient.ProblemCanceled)} {
			page := &page{}
			assert.Equal(t, 1, page.findings(findingsOf(reached(change), probedAt)))
			assert.Contains(t, page.String(), canceledWords)
		}
	})
}

func TestCheckSaysThatTheLinkWorksOnlyWhenACertificateWasAskedFor(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*mitzclient.Report)
		works  bool
	}{
		{"asked for and presented", func(*mitzclient.Report) {}, true},
		{"asked for by the name of another CA", func(r *mitzclient.Report) { r.Request.CAs = []string{"CN=a"} }, true},
		{"not asked for", func(r *mitzclient.Report) { r.Request = nil }, false},
		{"not asked for yet", func(r *mitzclient.Report) { r.Request, r.Version = nil, tls.VersionTLS12 }, false},
		{"asked for and not there", func(r *mitzclient.Report) { r.Client, r.Request = nil, &mitzclient.CertificateRequest{} }, false},
		{"no TLS", func(r *mitzclient.Report) { r.Encrypted, r.Request = false, nil }, false},
	} {
		assert.Equal(t, tt.works, workWords(reached(tt.change)) == "The link works.", tt.name)
	}
}

// AssertReadable checks that a page is plain text of lines of some length.
func AssertReadable(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		assert.LessOrEqual(t, len([]rune(line)), report.Width+maxListed*(maxForeign*10+2), "a line without end")
		assert.Equal(t, strings.TrimRight(line, " "), line, "spaces at the end")
		assert.False(t, strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", line)
	}
}

func TestTookWords(t *testing.T) {
	for took, words := range map[time.Duration]string{
		0: "0.0 ms", 1250 * time.Microsecond: "1.2 ms", 12345 * time.Microsecond: "12 ms", 999 * time.Millisecond: "999 ms", 3100 * time.Millisecond: "3.1 s",
	} {
		assert.Equal(t, words, tookWords(took))
	}
}
