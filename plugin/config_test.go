// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// decodeFile decodes a configuration file, with an environment.
func decodeFile(file string, environment ...string) (config Config, present bool, err error) {
	return decodeConfig(settings.Sources{File: []byte(file), Environment: environment})
}

func TestDecodeConfig(t *testing.T) {
	t.Run("every documented key is read", func(t *testing.T) {
		config, present, err := decodeFile(`
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
		assert.True(t, config.Enabled)
		assert.Equal(t, 750*time.Millisecond, config.Timeout)
		assert.Equal(t, TLSConfig{"a", "b", "c", "d"}, config.TLS)
		assert.Equal(t, "00000659", config.DataHolders[0].URA)
		assert.Equal(t, []string{"GGC002"}, config.Profiles[0].Categories)
		assert.Equal(t, "e", config.Profiles[0].PresentationDefinition)
		assert.Equal(t, map[string][]string{"organization": {"did:web:a.example"}, "enrollment": {"holder"}}, config.Trust)
	})
	t.Run("a section that says what is so without it is a section nevertheless", func(t *testing.T) {
		config, present, err := decodeFile("mitz:\n  timeout: 3s\n")
		require.NoError(t, err)
		assert.True(t, present)
		assert.Equal(t, DefaultConfig(), config)
	})
	t.Run("unknown keys are named wherever they are, also beside a wrong type", func(t *testing.T) {
		_, _, err := decodeFile(`
mitz:
  endpont: x
  timeout: soon
  strict: true
  tls: {password: geheim}
  profiles: [{scope: a}, {scoop: b, subscribe: true}]
  withdrawal: {notifyurl: https://node.example}
`, "NUTS_MITZ_PDP_ADDRESS=x")
		for _, problem := range []string{
			"mitz.endpont: no such key", "mitz.timeout: is no duration", "mitz.strict: no such key", "mitz.profiles[1].scoop: no such key",
			"mitz.tls.password: no such key; a secret does not belong in the configuration",
			"mitz.profiles[1].subscribe: is not available in this version", "mitz.withdrawal: is not available in this version",
			"mitz.pdp.address: is not available in this version: remove it (variable NUTS_MITZ_PDP_ADDRESS)",
		} {
			assert.ErrorContains(t, err, problem)
		}
		assert.NotContains(t, err.Error(), "geheim")
		assert.NotContains(t, err.Error(), "soon")
	})
}

func TestConfigErrorTellsCausesAndNotTheirConsequences(t *testing.T) {
	config, _, err := decodeFile("mitz:\n  endpoint: [https://mitz.example]\n  profiles: {scope: a}\n")
	_, undecided := policy.New(config.Config, nil)
	err = configError(append(append([]error{err}, config.validateLink(true)...), undecided))
	assert.EqualError(t, err, "invalid configuration, 5 problems: "+
		"mitz.endpoint: one value belongs here, not a list: write it without the dash or the brackets; "+
		"mitz.profiles: a list belongs here: begin each entry with a dash; "+
		"mitz.tls.certfile: required in strict mode; mitz.tls.truststorefile: required in strict mode; "+
		"mitz.dataholders: none, so no question can be asked")
}

func TestValidateLink(t *testing.T) {
	valid := DefaultConfig()
	valid.Endpoint = "https://mitz.example/tst-us/mitz"
	valid.TLS = TLSConfig{CertFile: "a", TrustStoreFile: "b"}
	for _, tc := range []struct {
		name    string
		spoil   func(*Config)
		problem string // empty: valid
		lax     bool   // accepted when not strict
	}{
		{"a whole configuration", func(*Config) {}, "", true},
		{"no endpoint", func(c *Config) { c.Endpoint = "" }, "endpoint: missing", false},
		{"an endpoint that is no URL", func(c *Config) { c.Endpoint = "mitz.example" }, "endpoint: not a URL", false},
		{"an endpoint of another scheme", func(c *Config) { c.Endpoint = "ftp://mitz.example" }, "endpoint: not a URL", false},
		{"an endpoint with a password", func(c *Config) { c.Endpoint = "https://u:geheim@mitz.example" }, "endpoint: only scheme", false},
		{"an endpoint with a query", func(c *Config) { c.Endpoint += "?a=b" }, "endpoint: only scheme", false},
		{"plain http", func(c *Config) { c.Endpoint = "http://mitz.example" }, "endpoint: must be https in strict mode", true},
		{"no query at all", func(c *Config) { c.QueriesPerMinute = 0 }, "queriesperminute: at least 1 and at most 1000000", false},
		{"fewer queries than none", func(c *Config) { c.QueriesPerMinute = -1 }, "queriesperminute: at least 1 and at most 1000000", false},
		{"queries without a limit", func(c *Config) { c.QueriesPerMinute = 1 << 40 }, "queriesperminute: at least 1 and at most 1000000", false},
		{"no timeout", func(c *Config) { c.Timeout = 0 }, "timeout: at least 500ms and at most 1m", false},
		{"a negative timeout", func(c *Config) { c.Timeout = -time.Second }, "timeout: at least 500ms and at most 1m", false},
		{"nanoseconds", func(c *Config) { c.Timeout = 3 }, "timeout: at least 500ms and at most 1m", false},
		{"less time than Mitz needs", func(c *Config) { c.Timeout = 499 * time.Millisecond }, "timeout: at least 500ms and at most 1m", false},
		{"the least time", func(c *Config) { c.Timeout = 500 * time.Millisecond }, "", true},
		{"the most time", func(c *Config) { c.Timeout = time.Minute }, "", true},
		{"an endless timeout", func(c *Config) { c.Timeout = time.Hour }, "timeout: at least 500ms and at most 1m", false},
		{"no client certificate", func(c *Config) { c.TLS.CertFile = "" }, "tls.certfile: required in strict mode", true},
		{"no truststore", func(c *Config) { c.TLS.TrustStoreFile = "" }, "tls.truststorefile: required in strict mode", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := valid
			tc.spoil(&config)
			err := configError(config.validateLink(true))
			if tc.problem == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "mitz."+tc.problem)
				assert.NotContains(t, err.Error(), "geheim")
			}
			assert.Equal(t, tc.lax, configError(config.validateLink(false)) == nil, "outside strict mode")
		})
	}
}

func TestCheckAudit(t *testing.T) {
	config := DefaultConfig()
	assert.NoError(t, config.checkAudit())
	config.Audit.File = filepath.Join(t.TempDir(), "audit.jsonl")
	assert.NoError(t, config.checkAudit())
	config.Audit.File = filepath.Join(t.TempDir(), "none", "audit.jsonl")
	assert.ErrorContains(t, config.checkAudit(), "audit.file: ")
}
