// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !race

package definition

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// plainDefinition is what an operator would write for the same four credentials.
func plainDefinition(t testing.TB) pe.PresentationDefinition {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "e2e-tests", "bench", "definition.json"))
	require.NoError(t, err)
	definition, err := pe.ParsePresentationDefinition([]byte(strings.NewReplacer(
		"@UZI@", strings.TrimPrefix(testFingerprint, "did:x509:0:sha256:"), "@AUTHORITY@", testVektis).Replace(string(content))))
	require.NoError(t, err)
	return *definition
}

// measured is the trust of the measurements; with mandates, delegations are trusted too.
func measured(t testing.TB, mandates bool) pe.PresentationDefinition {
	trusted := map[trust.Attribute][]string{
		trust.Organization: {testFingerprint + "::*"}, trust.FacilityType: {testVektis},
		trust.Practitioner: {"holder"}, trust.Enrollment: {"holder"},
	}
	if mandates {
		trusted[trust.Delegation] = []string{"holder"}
	}
	return builtin(t, trusting(t, trusted))
}

// match does what the node does with a presentation that it was sent.
func match(t testing.TB, definition pe.PresentationDefinition, credentials []vc.VerifiableCredential) {
	matched, claims, err := chosen(t, definition, credentials...)
	if err != nil || len(matched) != len(credentials) || len(claims) < len(credentials) {
		t.Fatal("not all is matched", err)
	}
}

// TestTheBuiltinDefinitionCostsWhatAPlainOneDoes counts allocations, which a busy machine
// does not change: nearly all of the time goes into reading JSON.
func TestTheBuiltinDefinitionCostsWhatAPlainOneDoes(t *testing.T) {
	credentials := fourCredentials(t)
	allocations := func(definition pe.PresentationDefinition) float64 {
		return testing.AllocsPerRun(20, func() { match(t, definition, credentials) })
	}
	plain := allocations(plainDefinition(t))
	assert.LessOrEqual(t, allocations(measured(t, false)), plain)
	assert.LessOrEqual(t, allocations(measured(t, true)), 1.5*plain, "the node compares what it found, where something may be left out")
}

func BenchmarkMatch(b *testing.B) {
	credentials := fourCredentials(b)
	for name, definition := range map[string]pe.PresentationDefinition{
		"plain": plainDefinition(b), "built-in": measured(b, false), "built-in with mandates": measured(b, true),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				match(b, definition, credentials)
			}
		})
	}
}
