// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
	"github.com/stretchr/testify/require"
)

// TestProbeShowsWhoIsNotTrusted: the certificate is shown, with all that is wrong with it,
// and nothing was sent to whoever has it.
func TestProbeShowsWhoIsNotTrusted(t *testing.T) {
	a, stranger := newAuthority(t), stranger(t)
	between := a.intermediate(t)
	expired := newAuthority(t)
	expired.certificate.NotAfter = time.Now().Add(-time.Minute)
	expired.sign(t)
	elsewhere := func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"mitz.example"} }
	forClients := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	for _, tt := range []struct {
		name        string
		trusted     *authority
		certificate tls.Certificate
		problems    []Problem
		missing     *authority
	}{
		{"a certificate of another CA", a, stranger.serverCertificate(t), []Problem{ProblemUnknownIssuer}, stranger},
		{"a certificate without the one between it and the root", a, between.serverCertificate(t), []Problem{ProblemUnknownIssuer}, between},
		{"a certificate of another CA, with the one between", stranger, between.chained(t), []Problem{ProblemUnknownIssuer}, a},
		{"a certificate of another CA, with that CA", a, stranger.chained(t), []Problem{ProblemUnknownIssuer}, stranger},
		{"a certificate of another host", a, a.serverCertificate(t, elsewhere), []Problem{ProblemHostName}, nil},
		{"a certificate of another host, with the one between", a, between.chained(t, elsewhere), []Problem{ProblemHostName}, nil},
		{"a certificate that has expired", a, a.serverCertificate(t, dated(-time.Hour, -time.Minute)), []Problem{ProblemExpired}, nil},
		{"a certificate that is not valid yet", a, a.serverCertificate(t, dated(time.Minute, time.Hour)), []Problem{ProblemNotYetValid}, nil},
		{"a certificate of a CA that has expired", expired, expired.serverCertificate(t), []Problem{ProblemExpiredCA}, nil},
		{"a certificate that is not for servers", a, a.serverCertificate(t, forClients), []Problem{ProblemPurpose}, nil},
		{"a certificate with which all is wrong", a, stranger.serverCertificate(t, elsewhere, dated(-time.Hour, -time.Minute)),
			[]Problem{ProblemExpired, ProblemHostName, ProblemUnknownIssuer}, stranger},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(tls.VersionName(version)+", "+tt.name, func(t *testing.T) {
				address := tt.trusted.secure(t, func(c *tls.Config) {
					c.Certificates, c.MaxVersion = []tls.Certificate{tt.certificate}, version
				}, nil)
				report := tt.trusted.prober(t, address).Probe(t.Context())
				require.Equal(t, ProblemServer, report.Handshake.Problem)
				require.Equal(t, version, report.Version)
				require.True(t, report.Server.Equal(tt.certificate.Leaf))
				require.Equal(t, tt.problems, report.Server.Problems)
				if tt.missing != nil {
					require.Equal(t, tt.missing.certificate.Subject.String(), report.Server.Missing.String())
					require.Equal(t, tt.missing.certificate.SubjectKeyId, report.Server.MissingKeyID)
				}
				require.Nil(t, report.Request, "the client certificate is not shown to whom is not trusted")
				require.False(t, report.Acceptance.Tried)
			})
		}
	}
}

func TestProbeFindsARefusalOfTheClientCertificate(t *testing.T) {
	a, stranger := newAuthority(t), stranger(t)
	notListed := func(c *tls.Config) {
		c.VerifyConnection = func(tls.ConnectionState) error { return errors.New("not on the list") }
	}
	hangsUp := func(c *tls.Config) {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			forThis := c.Clone()
			forThis.VerifyConnection = func(tls.ConnectionState) error { return hello.Conn.Close() }
			return forThis, nil
		}
	}
	takesFrom := func(other *authority) func(*tls.Config) {
		return func(c *tls.Config) { c.ClientCAs = other.pool() }
	}
	old := func(cfg *Config) {
		config, err := LoadTLS(a.files(t, dated(-time.Hour, -time.Minute)))
		require.NoError(t, err)
		cfg.TLS = config
	}
	for _, tt := range []struct {
		name       string
		server     func(*tls.Config)
		client     func(*Config)
		cas        string
		request    CertificateRequest
		problem    Problem
		alert12    Alert
		alert13    Alert
		ownProblem []Problem
	}{
		{"that is not on its list", notListed, nil, "CN=test authority", CertificateRequest{FromCA: true, Presented: true},
			ProblemAlert, AlertBadCertificate, AlertBadCertificate, nil},
		{"that has expired", nil, old, "CN=test authority", CertificateRequest{FromCA: true, Presented: true},
			ProblemAlert, AlertCertificateExpired, AlertCertificateExpired, []Problem{ProblemExpired}},
		{"without a word", hangsUp, nil, "CN=test authority", CertificateRequest{FromCA: true, Presented: true}, ProblemLost, 0, 0, nil},
		{"that is of none of its CAs, and was presented nonetheless", takesFrom(stranger), nil, "CN=stranger", CertificateRequest{Presented: true},
			ProblemAlert, AlertUnknownCA, AlertUnknownCA, nil},
		{"that is of another CA with the same name", takesFrom(newAuthority(t)), nil, "CN=test authority", CertificateRequest{FromCA: true, Presented: true},
			ProblemAlert, AlertUnknownCA, AlertUnknownCA, nil},
		{"that is not there", nil, without, "CN=test authority", CertificateRequest{},
			ProblemAlert, AlertHandshakeFailure, AlertCertificateRequired, nil},
	} {
		for version, alert := range map[uint16]Alert{tls.VersionTLS12: tt.alert12, tls.VersionTLS13: tt.alert13} {
			t.Run(tls.VersionName(version)+", "+tt.name, func(t *testing.T) {
				address := a.secure(t, func(c *tls.Config) {
					c.MaxVersion = version
					if tt.server != nil {
						tt.server(c)
					}
				}, nil)
				client := a.prober(t, address)
				if tt.client != nil {
					client = a.prober(t, address, tt.client)
				}
				report := client.probe(t.Context(), patience)
				require.Empty(t, report.Handshake.Problem)
				require.Equal(t, version, report.Version)
				require.NotZero(t, report.CipherSuite)
				require.NotNil(t, report.Server)
				require.Empty(t, report.Server.Problems)
				tt.request.CAs = []string{tt.cas}
				require.Equal(t, &tt.request, report.Request)
				require.Equal(t, tt.problem, report.Acceptance.Problem)
				require.Equal(t, alert, report.Acceptance.Alert)
				if report.Client != nil {
					require.Equal(t, tt.ownProblem, report.Client.Problems)
				}
			})
		}
	}
}

func TestProbeFindsNoRefusal(t *testing.T) {
	a := newAuthority(t)
	ask := func(auth tls.ClientAuthType) func(*tls.Config) {
		return func(c *tls.Config) { c.ClientAuth, c.ClientCAs = auth, nil }
	}
	t.Run("when no client certificate is asked for", func(t *testing.T) {
		report := a.prober(t, a.secure(t, ask(tls.NoClientCert), nil)).probe(t.Context(), briefly)
		require.Nil(t, report.Request)
		require.True(t, report.Acceptance.OK())
	})
	t.Run("when there is none and none is needed", func(t *testing.T) {
		report := a.prober(t, a.secure(t, ask(tls.RequestClientCert), nil), without).probe(t.Context(), briefly)
		require.Equal(t, &CertificateRequest{CAs: []string{}}, report.Request)
		require.True(t, report.Acceptance.OK())
		require.Nil(t, report.Client)
	})
	t.Run("when a certificate of any CA is taken", func(t *testing.T) {
		report := a.prober(t, a.secure(t, ask(tls.RequireAnyClientCert), nil)).probe(t.Context(), briefly)
		require.Equal(t, &CertificateRequest{CAs: []string{}, Presented: true}, report.Request)
		require.True(t, report.Acceptance.OK())
	})
	t.Run("when the server speaks first, which is told", func(t *testing.T) {
		address := a.secure(t, nil, func(c *tls.Conn) { _, _ = io.WriteString(c, "220 mail\r\n") })
		report := a.prober(t, address).probe(t.Context(), patience)
		require.Equal(t, ProblemUnasked, report.Acceptance.Problem)
	})
	t.Run("with TLS 1.2", func(t *testing.T) {
		report := a.prober(t, a.secure(t, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, nil)).probe(t.Context(), briefly)
		require.True(t, report.Acceptance.OK())
		require.EqualValues(t, tls.VersionTLS12, report.Version)
	})
}

func TestProbeJudgesTheClientCertificate(t *testing.T) {
	a := newAuthority(t)
	for _, tt := range []struct {
		name     string
		change   func(*x509.Certificate)
		problems []Problem
	}{
		{"in order", func(*x509.Certificate) {}, nil},
		{"expired", dated(-time.Hour, -time.Minute), []Problem{ProblemExpired}},
		{"not valid yet", dated(time.Minute, time.Hour), []Problem{ProblemNotYetValid}},
		{"for servers only", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, []Problem{ProblemPurpose}},
		{"for everything", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, nil},
		{"for nothing in particular", func(c *x509.Certificate) { c.ExtKeyUsage = nil }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config, err := LoadTLS(a.files(t, tt.change))
			require.NoError(t, err)
			probe := &probe{via: wire.NewPeer(config, time.Second).Line(1, nil).Connections()}
			require.Equal(t, tt.problems, probe.clientCertificate(time.Now()).Problems)
		})
	}
}

// TestProbeSaysHelloAsAConsult: what a probe finds holds for consults only when both
// connect in the same way.
func TestProbeSaysHelloAsAConsult(t *testing.T) {
	a := newAuthority(t)
	var mu sync.Mutex
	var hellos []tls.ClientHelloInfo
	address := a.secure(t, func(c *tls.Config) {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			mu.Lock()
			defer mu.Unlock()
			hellos = append(hellos, tls.ClientHelloInfo{
				ServerName: hello.ServerName, CipherSuites: hello.CipherSuites, SupportedCurves: hello.SupportedCurves,
				SignatureSchemes: hello.SignatureSchemes, SupportedProtos: hello.SupportedProtos,
				SupportedVersions: hello.SupportedVersions, Extensions: hello.Extensions,
			})
			return nil, errors.New("enough")
		}
	}, nil)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	client := a.prober(t, "localhost:"+port)
	_ = client.Probe(t.Context())
	_, err = client.Consult(t.Context(), question(t, "GGC002"))
	require.Error(t, err)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, hellos, 2)
	require.Equal(t, hellos[1], hellos[0])
	require.Equal(t, "localhost", hellos[0].ServerName)
}

func TestAlertString(t *testing.T) {
	require.Equal(t, "bad certificate", AlertBadCertificate.String())
	require.Equal(t, "alert(200)", Alert(200).String())
}
