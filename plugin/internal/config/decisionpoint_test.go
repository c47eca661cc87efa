// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"strings"
	"testing"
	"time"

	nodehttp "github.com/nuts-foundation/nuts-node/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

func TestWhereADecisionPointMayListen(t *testing.T) {
	const (
		inTheClear = "pdp.address: can be reached from other machines, and what is asked holds patients' numbers: give it TLS"
		forAll     = "pdp.address: can be reached from other machines, and everybody there could ask what Mitz knows about any patient: demand bearer tokens"
		noPlace    = "pdp.address: a host and a port belong here"
		aName      = "pdp.address: the host is neither an IP address of this machine nor localhost"
	)
	for _, tc := range []struct {
		name     string
		change   func(*DecisionPoint)
		problems []string
	}{
		{"as it comes", func(*DecisionPoint) {}, nil},
		{"loopback without anything", func(d *DecisionPoint) { d.Address = "127.0.0.2:9000" }, nil},
		{"loopback of IPv6", func(d *DecisionPoint) { d.Address = "[::1]:9000" }, nil},
		{"localhost", func(d *DecisionPoint) { d.Address = "localhost:9000" }, nil},
		{"loopback with TLS alone", func(d *DecisionPoint) { d.TLS.CertFile, d.TLS.CertKeyFile = "a", "b" }, nil},
		{"loopback with tokens alone", func(d *DecisionPoint) { d.TokenFile = "a" }, nil},
		{"another address in the clear", func(d *DecisionPoint) { d.Address = "192.0.2.1:8086" }, []string{inTheClear}},
		{"another address in the clear, with tokens", func(d *DecisionPoint) { d.Address, d.TokenFile = "192.0.2.1:8086", "a" }, []string{inTheClear}},
		{"every address in the clear", func(d *DecisionPoint) { d.Address = "0.0.0.0:8086" }, []string{inTheClear}},
		{"every address of IPv6 in the clear", func(d *DecisionPoint) { d.Address = "[::]:8086" }, []string{inTheClear}},
		{"a port alone", func(d *DecisionPoint) { d.Address = ":8086" }, []string{inTheClear}},
		{"another address for everybody", func(d *DecisionPoint) { d.Address, d.TLS.CertFile, d.TLS.CertKeyFile = ":8086", "a", "b" }, []string{forAll}},
		{"another address for who has a token", func(d *DecisionPoint) {
			d.Address, d.TLS.CertFile, d.TLS.CertKeyFile, d.TokenFile = ":8086", "a", "b", "c"
		}, nil},
		{"another address for who has a certificate", func(d *DecisionPoint) {
			d.Address, d.TLS = ":8086", DecisionPointTLS{"a", "b", "c", []string{"gateway.example"}}
		}, nil},
		{"no address", func(d *DecisionPoint) { d.Address = "" }, []string{noPlace}},
		{"no port", func(d *DecisionPoint) { d.Address = "127.0.0.1" }, []string{noPlace}},
		{"a URL", func(d *DecisionPoint) { d.Address = "http://127.0.0.1:8086" }, []string{noPlace}},
		{"a name", func(d *DecisionPoint) { d.Address = "pdp.example:8086" }, []string{aName}},
		{"a name that begins as loopback does", func(d *DecisionPoint) { d.Address = "127.0.0.1.example:8086" }, []string{aName}},
		{"a port by its name", func(d *DecisionPoint) { d.Address = "127.0.0.1:http" }, []string{"pdp.address: the port is no number up to 65535"}},
		{"a port that is too great", func(d *DecisionPoint) { d.Address = "127.0.0.1:65536" }, []string{"pdp.address: the port is no number up to 65535"}},
		{"a key without a certificate", func(d *DecisionPoint) { d.TLS.CertKeyFile = "a" }, []string{"pdp.tls.certfile: required with pdp.tls.certkeyfile"}},
		{"a certificate without a key", func(d *DecisionPoint) { d.TLS.CertFile = "a" }, []string{"pdp.tls.certkeyfile: required with pdp.tls.certfile"}},
		{"clients' certificates without TLS", func(d *DecisionPoint) { d.TLS.ClientCAFile, d.TLS.ClientCertNames = "a", []string{"*"} },
			[]string{"pdp.tls.clientcafile: needs pdp.tls.certfile"}},
		{"clients of any name", func(d *DecisionPoint) { d.TLS = DecisionPointTLS{"a", "b", "c", nil} },
			[]string{"pdp.tls.clientcertnames: required with pdp.tls.clientcafile: the names of those who may ask, or '*'"}},
		{"names without roots", func(d *DecisionPoint) { d.TLS = DecisionPointTLS{"a", "b", "", []string{"gateway.example"}} },
			[]string{"pdp.tls.clientcafile: required with pdp.tls.clientcertnames"}},
		{"names that are none", func(d *DecisionPoint) { d.TLS = DecisionPointTLS{"a", "b", "c", []string{"gateway", "", " x"}} },
			[]string{"pdp.tls.clientcertnames[1]: not a name", "pdp.tls.clientcertnames[2]: not a name"}},
		{"everybody and somebody", func(d *DecisionPoint) { d.TLS = DecisionPointTLS{"a", "b", "c", []string{"gateway", "*"}} },
			[]string{"pdp.tls.clientcertnames: '*' is everybody"}},
		{"a URL for clients", func(d *DecisionPoint) { d.URL = "https://pdp.example:8443/" }, nil},
		{"a URL with a path", func(d *DecisionPoint) { d.URL = "https://pdp.example/pdp" }, []string{"pdp.url: only a scheme, a host and a port belong here"}},
		{"a URL with a password", func(d *DecisionPoint) { d.URL = "https://u:geheim@pdp.example" }, []string{"pdp.url: only a scheme, a host and a port belong here"}},
		{"a URL that is none", func(d *DecisionPoint) { d.URL = "pdp.example" }, []string{"pdp.url: not a URL such as https://pdp.example"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			section := validSection()
			tc.change(&section.DecisionPoint)
			var problems []error
			for _, each := range section.validateDecisionPoint() {
				problems = append(problems, errlist.Each(each)...)
			}
			require.Len(t, problems, len(tc.problems), "%v", problems)
			for i, problem := range problems {
				assert.True(t, strings.HasPrefix(problem.Error(), tc.problems[i]), "%v", problem)
				assert.NotContains(t, problem.Error(), "geheim")
			}
			_, err := construct(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
			assert.Equal(t, tc.problems == nil, err == nil, "a node does not start either: %v", err)
		})
	}
}

// TestADecisionPointLacksWhatOnlyANodeNeeds names files that are not there, and sees what is told
// of each.
func TestADecisionPointLacksWhatOnlyANodeNeeds(t *testing.T) {
	section := validSection()
	section.Withdrawal = Withdrawal{KeyFile: "none.key", NotifyURL: "no url", NotifyTrustStoreFile: "none.pem", AuthorizationFile: "none"}
	section.Registration.MaxAge = time.Second
	section.Localization = Localization{Issuer: "nobody", SigningKeyFile: "none.pem"}
	section.Trust["membership"] = []string{"did:web:mitz.example"}
	section.Profiles[0].Grounds = []string{"mitz-closed-query", "consent-registration"}
	section.Profiles[0].Subscribe, section.Profiles[0].Recheck, section.Profiles[0].RecheckFailure = true, time.Minute, "keep"
	_, err := construct(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
	require.Error(t, err, "of a node")

	node := Node{Policies: nodesPolicies{}, HTTP: &httpEngine{config: nodehttp.Config{Log: nodehttp.LogMetadataAndBodyLevel}}}
	config, err := constructPoint(section, nil, node, Hooks{})
	require.NoError(t, err)
	config.Close()
	var keys []string
	for _, warning := range config.PointWarnings() {
		key, _, _ := strings.Cut(warning, ": ")
		keys = append(keys, key)
	}
	assert.Equal(t, []string{"withdrawal", "registration", "localization", "profiles[0].subscribe", "profiles[0].recheck", "profiles[0].grounds", "pdp.address"}, keys)
	assert.Empty(t, config.SectionWarnings(), "what is left out is not warned of again")
	profile := config.Policy.Profile("birth-care")
	assert.False(t, profile.Subscribes)
	assert.Zero(t, profile.Recheck)
	assert.Equal(t, []policy.GroundName{policy.GroundClosedQuery, policy.GroundRegistration}, profile.Grounds)
	assert.True(t, section.Profiles[0].Subscribe, "the section itself is as it was")
}

func TestADecisionPointIsToldEveryProblemAtOnce(t *testing.T) {
	section := validSection()
	section.Endpoint = ""
	section.DecisionPoint.TokenFile = "none.tokens"
	section.DecisionPoint.TLS = DecisionPointTLS{"none.pem", "none.key", "none.pem", []string{"*"}}
	section.DecisionPoint.Address = "pdp.example:1"
	_, err := constructPoint(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
	require.ErrorContains(t, err, "6 problems")
	for _, key := range []string{"endpoint", "pdp.tokenfile", "pdp.tls.certfile", "pdp.tls.certkeyfile", "pdp.tls.clientcafile", "pdp.address"} {
		assert.ErrorContains(t, err, "mitz."+key+": ")
	}
	section = validSection()
	section.DecisionPoint.TokenFile = "none.tokens"
	config, err := construct(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
	require.NoError(t, err, "a node does not need the files")
	config.Close()
}

func TestWarningsOfADecisionPoint(t *testing.T) {
	for _, tc := range []struct {
		name     string
		change   func(*testing.T, *Section)
		warnings []string
	}{
		{"everybody on this machine", func(*testing.T, *Section) {}, []string{"pdp.address: everybody on this machine may ask about every patient"}},
		{"who has a token", func(t *testing.T, s *Section) { s.DecisionPoint.TokenFile = secretFile(t, strings.Repeat("t", 32)) }, nil},
		{"a token that is short", func(t *testing.T, s *Section) {
			s.DecisionPoint.TokenFile = secretFile(t, "# mine\n"+strings.Repeat("t", 31))
		},
			[]string{"pdp.tokenfile: the token on line 2 could be guessed"}},
		{"an audit file", func(t *testing.T, s *Section) {
			s.DecisionPoint.TokenFile, s.Audit.File = secretFile(t, strings.Repeat("t", 32)), t.TempDir()+"/audit.jsonl"
		}, []string{"audit.file: is not signed"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			section := validSection()
			tc.change(t, &section)
			config, err := constructPoint(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
			require.NoError(t, err)
			config.Close()
			warnings := config.PointWarnings()
			require.Len(t, warnings, len(tc.warnings), "%v", warnings)
			for i, warning := range warnings {
				assert.True(t, strings.HasPrefix(warning, tc.warnings[i]), warning)
			}
		})
	}
	for address, named := range map[string]bool{"127.0.0.1:1": true, "localhost:1": true, "192.0.2.1:1": true, ":1": false, "0.0.0.0:1": false, "[::]:1": false} {
		assert.Equal(t, named, DecisionPoint{Address: address}.isNamed(), address)
		assert.True(t, DecisionPoint{Address: address, URL: "https://pdp.example"}.isNamed(), address)
	}
}
