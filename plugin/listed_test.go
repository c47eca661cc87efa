// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"os"
	"testing"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/lists"
)

// listsOf makes lists of data holders, all with the same number.
func listsOf(t *testing.T, subjects ...string) *policy.Lists {
	t.Helper()
	builder := policy.NewListBuilder(len(subjects))
	for _, subject := range subjects {
		builder.DataHolder(policy.Place("a test"), policy.DataHolderConfig{Subject: subject, URA: "00000659", FacilityType: "V6"})
	}
	made, err := builder.Build()
	require.NoError(t, err)
	return made
}

func issueGuardedToken(t *testing.T, engine *Engine) error {
	t.Helper()
	token := testToken(guarded)
	return issueFor(t.Context(), engine, &token)
}

func TestRemovingADataHolderCountsAtOnce(t *testing.T) {
	t.Run("for the next request", func(t *testing.T) {
		engine := newTestEngine(t, deciding(consent.Permit))
		require.NoError(t, issueGuardedToken(t, engine))
		engine.policy.Use(listsOf(t, "hospital-west"))
		engine.consult = unasked(t)
		assertOAuthError(t, issueGuardedToken(t, engine), oauth.InvalidScope, descriptionUnusableScope)
		engine.policy.Use(listsOf(t, "hospital-east"))
		engine.consult = deciding(consent.Permit)
		assert.NoError(t, issueGuardedToken(t, engine))
	})
	t.Run("for one about which Mitz is being asked, too", func(t *testing.T) {
		var engine *Engine
		engine = newTestEngine(t, consulter(func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			engine.policy.Use(listsOf(t, "hospital-west"))
			return deciding(consent.Permit)(ctx, q)
		}))
		assertOAuthError(t, issueGuardedToken(t, engine), oauth.InvalidScope, descriptionUnusableScope)
	})
}

func TestSubjectOf(t *testing.T) {
	engine := newTestEngine(t, unasked(t))
	engine.policy.Use(listsOf(t, "hospital-east", "with space", "ünï"))
	for issuer, subject := range map[string]string{
		testIssuer: "hospital-east",
		"https://node.example/oauth2/with%20space":    "with space",
		"https://node.example/oauth2/%C3%BCn%C3%AF":   "ünï",
		"https://node.example/oauth2/with space":      "",
		"https://node.example/oauth2/hospital-west":   "",
		"https://node.example/oauth2/hospital-east/":  "",
		"https://node.example/oauth2/./hospital-east": "",
		"https://node.example/oauth2/hospital%2Deast": "",
		"https://node.example/oauth2/":                "",
		"https://node.example/oauth2":                 "",
		"https://other.example/oauth2/hospital-east":  "",
		"hospital-east":                   "",
		"":                                "",
		"https://node.example/oauth2/%zz": "",
		"https://node.example/x/../oauth2/hospital-east": "",
	} {
		assert.Equal(t, subject, engine.subjectOf(issuer), issuer)
	}
}

func TestHealthTellsHowMuchIsGuarded(t *testing.T) {
	engine := newTestEngineFor(t, unasked(t), testProfile(guarded, "TREAT", "GGC002"), testProfile("medication", "TREAT", "GGC013"))
	engine.config.Profiles = make([]policy.ProfileConfig, 2)
	assert.Equal(t, core.Health{Status: core.HealthStatusUp, Details: "2 scopes, for 1 data holders"}, engine.CheckHealth()["guarded"])
	engine.policy.Use(nil)
	assert.Equal(t, "2 scopes, for 0 data holders", engine.CheckHealth()["guarded"].Details)

	off := newEngine(nodeEngines{})
	off.off = "mitz.enabled is false"
	assert.Equal(t, map[string]core.Health{"guarded": {Status: core.HealthStatusUp, Details: "0 scopes: mitz.enabled is false"}}, off.CheckHealth())
}

func TestHealthOfTheLists(t *testing.T) {
	engine := newTestEngine(t, unasked(t))
	_, exists := engine.CheckHealth()["lists"]
	assert.False(t, exists, "no files")
	t.Chdir(t.TempDir())
	engine.config.DataHoldersFile = "holders.yaml"
	require.NoError(t, os.WriteFile("holders.yaml", []byte("[]"), 0o600))
	_, watcher, err := lists.Load(lists.Source{DataHolders: "holders.yaml"}, lists.Hooks{})
	require.NoError(t, err)
	engine.lists = watcher
	assert.Equal(t, core.Health{Status: core.HealthStatusUp}, engine.CheckHealth()["lists"])
}
