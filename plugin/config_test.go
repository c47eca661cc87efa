// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDecodeConfig(t *testing.T) {
	t.Run("every documented key is read", func(t *testing.T) {
		config, err := decodeConfig(map[string]any{
			"endpoint": "https://mitz.example/tst-us/mitz",
			"timeout":  "250ms",
			"tls": map[string]any{
				"certfile": "a", "certkeyfile": "b", "passwordfile": "c", "truststorefile": "d",
			},
			"dataholders": []any{map[string]any{"subject": "hospital-east", "ura": "00000659", "facilitytype": "V6"}},
			"profiles": []any{map[string]any{
				"scope": "birth-care", "categories": []any{"GGC002"}, "purpose": "TREAT",
				"grounds": []any{"mitz-closed-query"}, "presentationdefinition": "e",
			}},
			"trust": map[string]any{"organization": []any{"did:web:a.example"}, "enrollment": "holder"},
		})
		require.NoError(t, err)
		assert.Equal(t, 250*time.Millisecond, config.Timeout)
		assert.Equal(t, TLSConfig{"a", "b", "c", "d"}, config.TLS)
		assert.Equal(t, "00000659", config.DataHolders[0].URA)
		assert.Equal(t, []string{"GGC002"}, config.Profiles[0].Categories)
		assert.Equal(t, "e", config.Profiles[0].PresentationDefinition)
		assert.Equal(t, map[string][]string{"organization": {"did:web:a.example"}, "enrollment": {"holder"}}, config.Trust)
		assert.False(t, config.isAbsent())
	})
	t.Run("the flags' defaults are an absent section", func(t *testing.T) {
		config, err := decodeConfig(map[string]any{"endpoint": "", "timeout": 3 * time.Second, "tls": map[string]any{"certfile": ""}})
		require.NoError(t, err)
		assert.True(t, config.isAbsent())
	})
	t.Run("unknown keys are named wherever they are, also beside a wrong type", func(t *testing.T) {
		_, err := decodeConfig(map[string]any{
			"endpont":  "x",
			"timeout":  "soon",
			"strict":   true,
			"tls":      map[string]any{"password": "geheim"},
			"profiles": []any{map[string]any{"scope": "a"}, map[string]any{"scoop": "b"}},
		})
		for _, problem := range []string{
			"endpont: no such key", "timeout: has the wrong type", "strict: no such key", "profiles[1].scoop: no such key",
			"tls.password: no such key; a secret does not belong in the configuration",
		} {
			assert.ErrorContains(t, err, problem)
		}
		assert.NotContains(t, err.Error(), "geheim")
		assert.NotContains(t, err.Error(), "soon")
	})
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
		{"no timeout", func(c *Config) { c.Timeout = 0 }, "timeout: more than 0s", false},
		{"an endless timeout", func(c *Config) { c.Timeout = time.Hour }, "timeout: more than 0s and at most 1m", false},
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
