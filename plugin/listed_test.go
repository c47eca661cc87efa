// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
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
		engine.listHooks().Changed(listsOf(t, "hospital-west"))
		engine.consult = unasked(t)
		assertOAuthError(t, issueGuardedToken(t, engine), oauth.InvalidScope, descriptionUnusableScope)
		engine.listHooks().Changed(listsOf(t, "hospital-east"))
		engine.consult = deciding(consent.Permit)
		assert.NoError(t, issueGuardedToken(t, engine))
	})
	t.Run("for one about which Mitz is being asked, too", func(t *testing.T) {
		var engine *Engine
		engine = newTestEngine(t, consulter(func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			engine.listHooks().Changed(listsOf(t, "hospital-west"))
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
	_, watcher, err := lists.Load(engine.config.listSource(), engine.listHooks())
	require.NoError(t, err)
	engine.lists = watcher
	assert.Equal(t, core.Health{Status: core.HealthStatusUp}, engine.CheckHealth()["lists"])
}

func TestRefusedListsAreToldInOneLine(t *testing.T) {
	log := captureLog(t)
	engine := newTestEngine(t, unasked(t))
	log.Reset()
	engine.listHooks().Refused(errors.Join(errors.New("dataholdersfile: one"), errors.New("dataholdersfile: two")))
	assert.Equal(t, 1, strings.Count(log.String(), "\n"))
	assert.Contains(t, log.String(), "2 problems: mitz.dataholdersfile: one; mitz.dataholdersfile: two")
}

func TestExplainReadsTheFiles(t *testing.T) {
	dir := t.TempDir()
	holders, types := dir+"/holders.json", dir+"/types.yaml"
	var content, numbers strings.Builder
	for i := range 200 {
		fmt.Fprintf(&content, ",{\"subject\": \"practice-%03d\", \"ura\": \"%08d\", \"facilitytype\": \"Z3\"}\n", i, i)
		fmt.Fprintf(&numbers, "\"%08d\": G3\n", i)
	}
	require.NoError(t, os.WriteFile(holders, []byte("["+strings.TrimPrefix(content.String(), ",")+"]"), 0o600))
	require.NoError(t, os.WriteFile(types, []byte(numbers.String()), 0o600))
	config := laxNode + builtinConfig(t) + "  dataholdersfile: " + holders + "\n  facilitytypesfile: " + types + "\n"
	output, _, err := runExplain(t, config)
	require.NoError(t, err)
	assert.Contains(t, output, "clinic-west: URA 00000660")
	assert.Contains(t, output, "practice-000: URA 00000000")
	assert.Contains(t, output, "and 182 more", "data holders")
	assert.Contains(t, output, "and 180 more", "types")
	assert.Contains(t, output, "At the other 192 data holders likewise.")
	assertTidy(t, output)

	require.NoError(t, os.WriteFile(holders, []byte("[{\"subject\": \"clinic-west\", \"ura\": \"659\"}]"), 0o600))
	_, _, err = runExplain(t, config)
	assert.EqualError(t, err, "unable to configure mitz: invalid configuration, 3 problems: "+
		"mitz.dataholdersfile[line 1].ura: not a URA: eight digits; "+
		"mitz.dataholdersfile[line 1].facilitytype: not an organisation type: a capital and one to three capitals or digits; "+
		`mitz.dataholdersfile[line 1].subject: "clinic-west" is given twice, first in dataholders[1]`)
}
