// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
)

func TestClaimsThatADefinitionGivesToEveryone(t *testing.T) {
	yes, id := true, func(text string) *string { return &text }
	with := func(requirements ...*pe.SubmissionRequirement) pe.PresentationDefinition {
		return pe.PresentationDefinition{SubmissionRequirements: requirements, InputDescriptors: []*pe.InputDescriptor{
			{Id: "unconstrained"}, {Id: "a", Constraints: &pe.Constraints{Fields: []pe.Field{{Id: id("a")}, {}, {Id: id("b"), Optional: &yes}}}},
		}}
	}
	for name, tc := range map[string]struct {
		mapping pe.WalletOwnerMapping
		claims  []string
	}{
		"none of no definition":          {nil, nil},
		"those that are not optional":    {pe.WalletOwnerMapping{pe.WalletOwnerOrganization: with()}, []string{"a"}},
		"none where there is a choice":   {pe.WalletOwnerMapping{pe.WalletOwnerOrganization: with(&pe.SubmissionRequirement{})}, nil},
		"none of two wallets":            {pe.WalletOwnerMapping{pe.WalletOwnerOrganization: with(), pe.WalletOwnerUser: with()}, nil},
		"none where a grant passes over": {pe.WalletOwnerMapping{pe.WalletOwnerUser: with()}, nil},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.claims, Certain(tc.mapping)) })
	}
}
