// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"bytes"
	"os"
	"testing"

	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node"
)

const guarded = "birth-care"

func testProfile(scope, purpose string, categories ...string) policy.ProfileConfig {
	return policy.ProfileConfig{Scope: scope, Categories: categories, Purpose: purpose}
}

// newTestEngine returns an engine that is configured and not started, with one guarded scope
// and a link that leads nowhere. It has no router.
func newTestEngine(t *testing.T) *Engine {
	t.Helper()
	return newTestEngineFor(t, testProfile(guarded, "TREAT", "GGC002"))
}

func newTestEngineFor(t *testing.T, profiles ...policy.ProfileConfig) *Engine {
	t.Helper()
	engine := newEngine(node.Engines{Policy: nutspolicy.New()})
	rules := policy.Config{
		DataHolders: []policy.DataHolderConfig{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}},
		Profiles:    profiles,
		Trust:       map[string][]string{"organization": {"did:web:cibg.example"}, "practitioner": {"holder"}, "enrollment": {"holder"}},
		TypesListed: true,
	}
	engine.config.Config = rules
	var err error
	engine.policy, err = policy.New(rules, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return nil, nil })
	require.NoError(t, err)
	engine.client, err = mitzclient.NewLink(mitzclient.Config{Endpoint: "http://127.0.0.1:1"}, engine.hooks())
	require.NoError(t, err)
	t.Cleanup(engine.client.Close)
	engine.off = ""
	return engine
}

// captureLog returns what is logged during a test.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	logrus.SetOutput(&out)
	logrus.SetLevel(logrus.TraceLevel)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	return &out
}
