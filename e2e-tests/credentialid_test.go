// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestTheIDOfACredentialTellsNoPatient: the issuer of a credential chooses its id, which is the
// consent_request_id of the token that rests on it, and is logged. One with the patient's number is
// refused, and any patient's number in one is in no log, no trace and no table.
func TestTheIDOfACredentialTellsNoPatient(t *testing.T) {
	world := &brought{}
	config := broughtWorld(world)
	collector := harness.NewCollector()
	t.Cleanup(collector.Close)
	configure := config.ConfigureDataHolder
	config.ConfigureDataHolder = func(ctx context.Context, w *harness.World, node *harness.NodeConfig) error {
		settings, env := collector.Settings()
		if node.Settings == nil {
			node.Settings = map[string]any{}
		}
		maps.Copy(node.Settings, settings)
		node.Env = append(node.Env, env...)
		return configure(ctx, w, node)
	}
	harness.StartWorld(t, config)
	attests := func(b *bringing, id string) {
		b.brings(b.mitz(harness.IssueOptions{ID: id}, typeAttestation, attestedConsent(nil)))
	}
	registers := func(b *bringing, id string) {
		b.brings(b.own(harness.IssueOptions{ID: id}, typeRegistration, registeredConsent(nil)), b.mitz(harness.IssueOptions{}, typeMembership, membership(nil)))
	}
	for name, each := range map[string]struct {
		scope   string
		bring   func(b *bringing, id string)
		refused string
	}{
		"an attestation": {attested, attests, "claim malformed: attestedConsent"},
		"a registration": {recorded, registers, "claim malformed: registeredConsent"},
	} {
		for way, id := range map[string]string{"as it is": "urn:example:patient:" + patient, "escaped": "urn:example:%39" + patient[1:]} {
			t.Run(name+" with the patient's number, "+way, func(t *testing.T) {
				reset(world.World)
				b := newBringing(t, world, harness.VPToken, each.scope)
				each.bring(b, id)
				answer := b.send()
				assertRefused(t, world.World, answer, "invalid_request", "", 0)
				assert.Contains(t, answer.OAuthError().Description, each.refused)
			})
		}
		t.Run(name+" with another patient's", func(t *testing.T) {
			reset(world.World)
			b := newBringing(t, world, harness.VPToken, each.scope)
			each.bring(b, "urn:example:"+otherPatient)
			assertPermitted(t, world.World, b.send())
		})
	}
	t.Run("an objection with the patient's number", func(t *testing.T) {
		reset(world.World)
		b := newBringing(t, world, harness.VPToken, recorded)
		b.brings(b.own(harness.IssueOptions{ID: "urn:example:" + patient}, typeRegistration, registeredConsent(object{"choice": "deny"})))
		assertRefused(t, world.World, b.send(), "access_denied", noConsent, 0)
	})
	require.NoError(t, world.DataHolder.Stop())
	require.NoError(t, harness.ScanLogs(world.Path(world.DataHolder.Name), patients), "the node's files")
	text, lines := collector.Text()
	assert.Positive(t, lines, "log lines are exported")
	assert.Contains(t, text, "urn:example:", "an id is logged: otherwise this test shows nothing")
	for _, each := range patients {
		assert.NotContains(t, text, each)
	}
}
