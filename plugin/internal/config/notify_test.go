// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// secretFile writes a file that no other user can read.
func secretFile(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// rootsFile writes a trust store.
func rootsFile(t *testing.T) string {
	t.Helper()
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	files, err := identity.WriteFiles(t.TempDir())
	require.NoError(t, err)
	return files.TrustStore
}

// offloading is the configuration of a node behind a proxy that hands certificates over.
var offloading = Node{Policies: nodesPolicies{}, tls: core.TLSConfig{Offload: core.OffloadIncomingTLS, ClientCertHeaderName: "X-SSL-CERT"}}

// notifiedSection is a section in which Mitz tells the node of changes.
func notifiedSection(t *testing.T) Section {
	t.Helper()
	section := validSection()
	section.Profiles = []policy.ProfileConfig{{Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT", Subscribe: true}}
	section.Withdrawal = Withdrawal{
		KeyFile: secretFile(t, string(withdrawal.NewKeys().Lines())), NotifyURL: "https://node.example/mitz/notify",
		GatewaySystem: "2.999.1", SourceSystem: "2.999.1.2", NotifyTrustStoreFile: rootsFile(t), NotifyCertNames: []string{"mitz.example"},
	}
	return section
}

func TestMitzTellsTheNodeOfChanges(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Withdrawal)
	}{
		{"as it is written", func(*Withdrawal) {}},
		{"with a slash at the end", func(w *Withdrawal) { w.NotifyURL += "/" }},
		{"with OIDs that say that they are", func(w *Withdrawal) { w.GatewaySystem, w.SourceSystem = "urn:oid:2.999.1", "urn:oid:2.999.1.2" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			section := notifiedSection(t)
			tc.change(&section.Withdrawal)
			config, err := construct(section, nil, offloading, Hooks{})
			require.NoError(t, err)
			t.Cleanup(config.Link.Close)
			assert.Equal(t, "https://node.example/mitz/notify", config.NotifyURL)
			assert.Equal(t, []string{"2.999.1", "2.999.1.2"}, []string{config.Withdrawal.GatewaySystem, config.Withdrawal.SourceSystem})
			require.NotNil(t, config.NotifyCertificate)
			assert.Equal(t, []string{"mitz.example"}, config.NotifyCertificate.Names)
			assert.Equal(t, "X-SSL-CERT", config.NotifyCertificate.Header)
			require.NotNil(t, config.NotifyTrust)
			assert.Same(t, config.NotifyTrust.Roots(), config.NotifyCertificate.Roots())
			assert.Equal(t, withdrawal.DefaultKinds(), config.Kinds)
			assert.True(t, config.Policy.Profile("birth-care").Subscribes)
			assert.Empty(t, config.SectionWarnings())
		})
	}
	t.Run("or it does not", func(t *testing.T) {
		config, err := construct(validSection(), nil, offloading, Hooks{})
		require.NoError(t, err)
		t.Cleanup(config.Link.Close)
		assert.Empty(t, config.NotifyURL)
		assert.Nil(t, config.NotifyCertificate)
		assert.Nil(t, config.NotifyTrust)
	})
}

// TestWhatKeepsMitzFromTellingTheNode spoils a configuration, and expects these problems alone.
func TestWhatKeepsMitzFromTellingTheNode(t *testing.T) {
	const keyfile = "withdrawal.keyfile: required with withdrawal.notifyurl: what Mitz is told must hold after a restart, and on every node; " +
		"make the file with 'nuts-mitz mitz key <file>'"
	const offload = "withdrawal.notifytruststorefile: needs the node's own tls.offload: incoming and tls.certheader, the header in which your proxy " +
		"puts the certificate of the client: the node does not end TLS itself"
	for _, tc := range []struct {
		name     string
		spoil    func(*Section, *Node)
		problems []string
	}{
		{"no key", func(s *Section, _ *Node) { s.Withdrawal.KeyFile = "" }, []string{keyfile}},
		{"no address", func(s *Section, _ *Node) { s.Withdrawal.NotifyURL = "" },
			[]string{"profiles[0].subscribe: needs withdrawal.notifyurl, the address at which Mitz reaches this node"}},
		{"an address of slashes", func(s *Section, _ *Node) { s.Withdrawal.NotifyURL = "//" },
			[]string{"profiles[0].subscribe: needs withdrawal.notifyurl, the address at which Mitz reaches this node"}},
		{"a host alone", func(s *Section, _ *Node) { s.Withdrawal.NotifyURL = "node.example" },
			[]string{"withdrawal.notifyurl: not a URL of the form https://host/path"}},
		{"another scheme", func(s *Section, _ *Node) { s.Withdrawal.NotifyURL = "ftp://node.example/mitz/notify" }, []string{"withdrawal.notifyurl: not https"}},
		{"a query", func(s *Section, _ *Node) { s.Withdrawal.NotifyURL += "?a=b" }, []string{"withdrawal.notifyurl: only scheme, host and path"}},
		{"an empty query", func(s *Section, _ *Node) { s.Withdrawal.NotifyURL += "?" }, []string{"withdrawal.notifyurl: only scheme, host and path"}},
		{"a fragment", func(s *Section, _ *Node) { s.Withdrawal.NotifyURL += "#a" }, []string{"withdrawal.notifyurl: only scheme, host and path"}},
		{"a password", func(s *Section, _ *Node) { s.Withdrawal.NotifyURL = "https://u:geheim@node.example" }, []string{"withdrawal.notifyurl: only scheme, host and path"}},
		{"no room for a secret", func(s *Section, _ *Node) {
			s.Withdrawal.NotifyURL = "https://node.example/" + strings.Repeat("a", 2048-100)
		},
			[]string{"withdrawal.notifyurl: not a URL of the form https://host/path"}},
		{"systems by their names", func(s *Section, _ *Node) { s.Withdrawal.GatewaySystem, s.Withdrawal.SourceSystem = "geheim", "2.999." },
			[]string{"withdrawal.gatewaysystem: not an OID: numbers with dots between them, such as 2.999.1", "withdrawal.sourcesystem: not an OID: numbers with dots between them, such as 2.999.1"}},
		{"no ground on which Mitz answers", func(s *Section, _ *Node) { s.Profiles[0].Grounds = []string{"mitz-attestation"} },
			[]string{`profiles[0].grounds: "mitz-attestation" needs trust.attestation, which says whose attestations of consent count: name the DID with which Mitz issues them`,
				"profiles[0].subscribe: needs the ground mitz-closed-query, which alone rests on what Mitz has on record"}},
		{"roots without names", func(s *Section, _ *Node) { s.Withdrawal.NotifyCertNames = nil },
			[]string{"withdrawal.notifycertnames: required with withdrawal.notifytruststorefile: others than Mitz have certificates under these roots too"}},
		{"names without roots", func(s *Section, _ *Node) { s.Withdrawal.NotifyTrustStoreFile = "" },
			[]string{"withdrawal.notifytruststorefile: required with withdrawal.notifycertnames: the roots of Mitz's certificate, in PEM"}},
		{"a name that is none", func(s *Section, _ *Node) {
			s.Withdrawal.NotifyCertNames = []string{"mitz.example", "", " mitz.example"}
		},
			[]string{"withdrawal.notifycertnames[1]: not a name as it is in a certificate: a DNS name, or the common name",
				"withdrawal.notifycertnames[2]: not a name as it is in a certificate: a DNS name, or the common name"}},
		{"roots that are none", func(s *Section, _ *Node) { s.Withdrawal.NotifyTrustStoreFile = secretFile(t, "geheim") },
			[]string{"withdrawal.notifytruststorefile: no certificates: no PEM block in it"}},
		{"a node that ends no TLS", func(_ *Section, n *Node) { n.tls.Offload = core.NoOffloading }, []string{offload}},
		{"a node without a header", func(_ *Section, n *Node) { n.tls.ClientCertHeaderName = "" }, []string{offload}},
		{"an assertion that everybody can read", func(s *Section, _ *Node) {
			s.Withdrawal.AuthorizationFile = secretFile(t, "SAML geheim")
			assert.NoError(t, os.Chmod(s.Withdrawal.AuthorizationFile, 0o644))
		}, []string{"withdrawal.authorizationfile: every user of this machine can read it (mode 0644): chmod 600 it, or set the defaultMode of its volume to 0440, and see who has read it"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			section, node := notifiedSection(t), offloading
			tc.spoil(&section, &node)
			_, err := construct(section, nil, node, Hooks{})
			require.Error(t, err)
			_, problems, _ := strings.Cut(err.Error(), ": ")
			assert.Equal(t, "mitz."+strings.Join(tc.problems, "; mitz."), problems)
		})
	}
	t.Run("http, in strict mode alone", func(t *testing.T) {
		section := notifiedSection(t)
		section.Withdrawal.NotifyURL = "http://node.example/mitz/notify"
		assert.EqualError(t, Invalid(checkNotifyURL(section.Withdrawal.NotifyURL, true)), "invalid configuration, 1 problem: mitz.withdrawal.notifyurl: must be https in strict mode")
		assert.NoError(t, Invalid(section.validateNotify()...))
		section.Strict = true
		assert.EqualError(t, Invalid(section.validateNotify()...), "invalid configuration, 1 problem: mitz.withdrawal.notifyurl: must be https in strict mode")
	})
}

func TestWarningsAboutNotifications(t *testing.T) {
	for _, tc := range []struct {
		name     string
		change   func(*Section)
		warnings []string
	}{
		{"another path", func(s *Section) { s.Withdrawal.NotifyURL = "https://node.example/otv" }, []string{
			"withdrawal.notifyurl: does not end in /mitz/notify, where this node takes notifications: they arrive only if a proxy puts that in the place of this path"}},
		{"no path", func(s *Section) { s.Withdrawal.NotifyURL = "https://node.example" }, []string{
			"withdrawal.notifyurl: does not end in /mitz/notify, where this node takes notifications: they arrive only if a proxy puts that in the place of this path"}},
		{"a path before it", func(s *Section) { s.Withdrawal.NotifyURL = "https://node.example/nuts/mitz/notify" }, nil},
		{"this machine", func(s *Section) { s.Withdrawal.NotifyURL = "https://localhost/mitz/notify" }, []string{
			"withdrawal.notifyurl: is an address of this machine alone, which Mitz cannot reach"}},
		{"this machine's own address", func(s *Section) { s.Withdrawal.NotifyURL = "https://[::1]:8080/mitz/notify" }, []string{
			"withdrawal.notifyurl: is an address of this machine alone, which Mitz cannot reach"}},
		{"this machine, for development", func(s *Section) { s.Withdrawal.NotifyURL, s.Strict = "https://127.0.0.1/mitz/notify", false }, nil},
		{"no systems", func(s *Section) { s.Withdrawal.GatewaySystem, s.Withdrawal.SourceSystem = "", "" }, []string{
			"withdrawal.gatewaysystem: is not given, and Mitz may refuse subscriptions without it",
			"withdrawal.sourcesystem: is not given, and Mitz may refuse subscriptions without it"}},
		{"no address, with a key by which Mitz may know this node from before", func(s *Section) {
			s.Withdrawal.NotifyURL, s.Withdrawal.AuthorizationFile = "", "file"
			s.Withdrawal.ProviderCategories = []ProviderCategory{{"RPZAC001", []string{"Z3"}}}
		}, []string{
			"withdrawal.gatewaysystem: of no use without withdrawal.notifyurl: nobody is subscribed",
			"withdrawal.sourcesystem: of no use without withdrawal.notifyurl: nobody is subscribed",
			"withdrawal.authorizationfile: of no use without withdrawal.notifyurl: nobody is subscribed"}},
		{"neither an address nor a key", func(s *Section) {
			s.Withdrawal = Withdrawal{NotifyTrustStoreFile: "file", ProviderCategories: []ProviderCategory{{"RPZAC001", []string{"Z3"}}}}
		}, []string{
			"withdrawal.notifytruststorefile: of no use without withdrawal.keyfile: this node takes no notifications",
			"withdrawal.providercategories: of no use without withdrawal.keyfile: this node takes no notifications"}},
		{"codes that nobody knows", func(s *Section) {
			s.Withdrawal.ProviderCategories = []ProviderCategory{{"RPZAC002", []string{"Z3", "Q9"}}}
		}, []string{
			"withdrawal.providercategories: the code is not one that this software knows: check RPZAC002",
			"withdrawal.providercategories: the facility type is not one that this software knows: check Q9"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			section := notifiedSection(t)
			section.Strict = true
			tc.change(&section)
			assert.Equal(t, tc.warnings, append(section.notifyWarnings(), section.Withdrawal.kindWarnings()...))
		})
	}
	t.Run("are told with the others", func(t *testing.T) {
		section := notifiedSection(t)
		section.Withdrawal.SourceSystem = ""
		section.Withdrawal.ProviderCategories = []ProviderCategory{{"RPZAC002", []string{"Z3"}}}
		config, err := construct(section, nil, offloading, Hooks{})
		require.NoError(t, err)
		t.Cleanup(config.Link.Close)
		assert.Len(t, config.SectionWarnings(), 2)
	})
}

// TestHowTheLinkSubscribes subscribes with a configuration, at a Mitz without TLS.
func TestHowTheLinkSubscribes(t *testing.T) {
	var headers []string
	mitz := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header.Get("Authorization"))
		w.Header().Set("Location", "Subscription/1")
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(mitz.Close)
	section := notifiedSection(t)
	section.Endpoint = mitz.URL
	patient, err := consent.ParseBSN("900186021")
	require.NoError(t, err)
	file := secretFile(t, "SAML one\n")
	subscribe := func() error {
		config, err := construct(section, nil, offloading, Hooks{})
		require.NoError(t, err)
		defer config.Link.Close()
		_, err = config.Link.Subscribe(t.Context(), mitzclient.Subscription{
			Patient: patient, DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"}, NotifyURL: "http://node.example/mitz/notify/s3cret",
		})
		return err
	}
	require.NoError(t, subscribe(), "plain http, outside strict mode")
	section.Withdrawal.AuthorizationFile = file
	require.NoError(t, subscribe())
	assert.Equal(t, []string{"", "SAML one"}, headers)

	section.Strict = true
	strict, err := section.subscriptions()
	require.NoError(t, err)
	assert.False(t, strict.PlainHTTP)
	require.NoError(t, os.WriteFile(file, []byte("SAML two"), 0o600))
	header, err := strict.Authorize(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "SAML two", header, "as it is now")
}
