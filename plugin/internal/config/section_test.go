// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// readFile reads a configuration file, with an environment.
func readFile(file string, environment ...string) (section Section, present bool, err error) {
	return readSection(settings.Sources{File: []byte(file), Environment: environment})
}

func TestReadSection(t *testing.T) {
	t.Run("every documented key is read", func(t *testing.T) {
		section, present, err := readFile(`
mitz:
  endpoint: https://mitz.example/tst-us/mitz
  timeout: 750ms
  queriesperminute: 25
  tls: {certfile: a, certkeyfile: b, passwordfile: c, truststorefile: d}
  dataholders: [{subject: hospital-east, ura: "00000659", facilitytype: V6}]
  profiles:
    - {scope: birth-care, categories: [GGC002], purpose: TREAT, grounds: [mitz-closed-query], presentationdefinition: e}
  trust: {organization: ["did:web:a.example"], enrollment: holder}
`)
		require.NoError(t, err)
		assert.True(t, present)
		assert.True(t, section.Enabled)
		assert.Equal(t, 750*time.Millisecond, section.Timeout)
		assert.Equal(t, TLS{"a", "b", "c", "d"}, section.TLS)
		assert.Equal(t, "00000659", section.DataHolders[0].URA)
		assert.Equal(t, []string{"GGC002"}, section.Profiles[0].Categories)
		assert.Equal(t, "e", section.Profiles[0].PresentationDefinition)
		assert.Equal(t, map[string][]string{"organization": {"did:web:a.example"}, "enrollment": {"holder"}}, section.Trust)
	})
	t.Run("a section that says what is so without it is a section nevertheless", func(t *testing.T) {
		section, present, err := readFile("mitz:\n  timeout: 3s\n")
		require.NoError(t, err)
		assert.True(t, present)
		assert.Equal(t, defaults(), section)
	})
	t.Run("unknown keys are named wherever they are, also beside a wrong type", func(t *testing.T) {
		_, _, err := readFile(`
mitz:
  endpont: x
  timeout: soon
  strict: true
  tls: {password: geheim}
  profiles: [{scope: a}, {scoop: b, subscrib: true}]
  withdrawal: {notifyuri: https://node.example, authorization: SAML geheim}
  registration: {endpont: https://mitz.example}
`, "NUTS_MITZ_PDP_TOKEN=geheim")
		for _, problem := range []string{
			"mitz.endpont: no such key", "mitz.timeout: is no duration", "mitz.strict: no such key", "mitz.profiles[1].scoop: no such key",
			"mitz.tls.password: no such key; a secret does not belong in the configuration",
			"mitz.profiles[1].subscrib: no such key; did you mean subscribe?", "mitz.withdrawal.notifyuri: no such key; did you mean notifyurl?",
			"mitz.withdrawal.authorization: no such key; a secret does not belong in the configuration, which the node logs: put it in a file and name that in withdrawal.authorizationfile",
			"mitz.registration.endpont: no such key; did you mean endpoint?",
			"mitz.pdp.token: no such key; a secret does not belong in the configuration, which the node logs: put it in a file and name that in pdp.tokenfile (variable NUTS_MITZ_PDP_TOKEN)",
		} {
			assert.ErrorContains(t, err, problem)
		}
		assert.NotContains(t, err.Error(), "geheim")
		assert.NotContains(t, err.Error(), "soon")
	})
}

func TestInvalidTellsCausesAndNotTheirConsequences(t *testing.T) {
	section, _, err := readFile("mitz:\n  endpoint: [https://mitz.example]\n  profiles: {scope: a}\n")
	_, undecided := policy.New(section.Config, nil)
	err = Invalid(append(append([]error{err}, section.validateLink(true)...), undecided)...)
	assert.EqualError(t, err, "invalid configuration, 5 problems: "+
		"mitz.endpoint: one value belongs here, not a list: write it without the dash or the brackets; "+
		"mitz.profiles: a list belongs here: begin each entry with a dash; "+
		"mitz.tls.certfile: required in strict mode; mitz.tls.truststorefile: required in strict mode; "+
		"mitz.dataholders: none, so no question can be asked")
}

func TestValidateLink(t *testing.T) {
	valid := defaults()
	valid.Endpoint = "https://mitz.example/tst-us/mitz"
	valid.TLS = TLS{CertFile: "a", TrustStoreFile: "b"}
	for _, tc := range []struct {
		name    string
		spoil   func(*Section)
		problem string // empty: valid
		lax     bool   // accepted when not strict
	}{
		{"a whole configuration", func(*Section) {}, "", true},
		{"no endpoint", func(c *Section) { c.Endpoint = "" }, "endpoint: missing", false},
		{"an endpoint that is no URL", func(c *Section) { c.Endpoint = "mitz.example" }, "endpoint: not a URL", false},
		{"an endpoint of another scheme", func(c *Section) { c.Endpoint = "ftp://mitz.example" }, "endpoint: not a URL", false},
		{"an endpoint with a password", func(c *Section) { c.Endpoint = "https://u:geheim@mitz.example" }, "endpoint: only scheme", false},
		{"an endpoint with a query", func(c *Section) { c.Endpoint += "?a=b" }, "endpoint: only scheme", false},
		{"plain http", func(c *Section) { c.Endpoint = "http://mitz.example" }, "endpoint: must be https in strict mode", true},
		{"no query at all", func(c *Section) { c.QueriesPerMinute = 0 }, "queriesperminute: at least 1 and at most 1000000", false},
		{"fewer queries than none", func(c *Section) { c.QueriesPerMinute = -1 }, "queriesperminute: at least 1 and at most 1000000", false},
		{"queries without a limit", func(c *Section) { c.QueriesPerMinute = 1 << 40 }, "queriesperminute: at least 1 and at most 1000000", false},
		{"no timeout", func(c *Section) { c.Timeout = 0 }, "timeout: at least 500ms and at most 1m", false},
		{"a negative timeout", func(c *Section) { c.Timeout = -time.Second }, "timeout: at least 500ms and at most 1m", false},
		{"nanoseconds", func(c *Section) { c.Timeout = 3 }, "timeout: at least 500ms and at most 1m", false},
		{"less time than Mitz needs", func(c *Section) { c.Timeout = 499 * time.Millisecond }, "timeout: at least 500ms and at most 1m", false},
		{"the least time", func(c *Section) { c.Timeout = 500 * time.Millisecond }, "", true},
		{"the most time", func(c *Section) { c.Timeout = time.Minute }, "", true},
		{"an endless timeout", func(c *Section) { c.Timeout = time.Hour }, "timeout: at least 500ms and at most 1m", false},
		{"no client certificate", func(c *Section) { c.TLS.CertFile = "" }, "tls.certfile: required in strict mode", true},
		{"no truststore", func(c *Section) { c.TLS.TrustStoreFile = "" }, "tls.truststorefile: required in strict mode", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			section := valid
			tc.spoil(&section)
			err := Invalid(section.validateLink(true)...)
			if tc.problem == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "mitz."+tc.problem)
				assert.NotContains(t, err.Error(), "geheim")
			}
			assert.Equal(t, tc.lax, Invalid(section.validateLink(false)...) == nil, "outside strict mode")
		})
	}
}

func TestValidateAudit(t *testing.T) {
	section := defaults()
	assert.NoError(t, section.validateAudit())
	section.Audit.File = filepath.Join(t.TempDir(), "audit.jsonl")
	assert.NoError(t, section.validateAudit())
	section.Audit.File = filepath.Join(t.TempDir(), "none", "audit.jsonl")
	assert.ErrorContains(t, section.validateAudit(), "audit.file: ")
}

func TestASectionThatVanishesWhileItIsReadIsMissed(t *testing.T) {
	lists := map[string]any{"profiles": []any{map[string]any{"scope": "a"}}}
	assert.True(t, lost(lists, []byte("url: x\n")))
	assert.False(t, lost(lists, []byte("url: x\nmitz: {}\n")))
	assert.False(t, lost(map[string]any{"timeout": "3s", "profiles": map[string]any{"port": "tcp://10.96.0.17:80"}}, []byte("url: x\n")))
}

// TestOff: only what is off without a doubt is off.
func TestOff(t *testing.T) {
	for _, tc := range []struct{ name, file, off string }{
		{"no section", "url: x\n", "there is no mitz section"},
		{"nothing is guarded on purpose", "mitz: {enabled: false}\n", "mitz.enabled is false"},
		{"nothing is guarded on purpose, and the rest is wrong", "mitz: {enabled: false, endpont: x}\n", "mitz.enabled is false"},
		{"a section", "mitz: {timeout: 3s}\n", ""},
		{"a section in which all is wrong", "mitz: {endpont: x}\n", ""},
		{"an empty section", "mitz:\n", ""},
		{"a misspelt section", "mits: {enabled: false}\n", ""},
		{"nothing is guarded, perhaps", "mitz: {enabled: no}\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.off, off(readFile(tc.file)))
		})
	}
}
