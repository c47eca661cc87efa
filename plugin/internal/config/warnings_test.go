// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"context"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

const (
	madeUp = "WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk" // by the did:x509 specification
	ownCA  = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
	lostCA = "FsFZUYiqSFw1nZQaTb8vW3TqB7lsCYNCIHb_qNlg0SE"
)

func TestWarningsOfAConfiguration(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name    string
		spoil   func(*Config, *policy.Config)
		warning string // empty: there is none
	}{
		{"nothing to warn of", func(*Config, *policy.Config) {}, ""},
		{"a client certificate that expired", func(c *Config, _ *policy.Config) { c.certificate.NotAfter = now.Add(-time.Second) },
			"tls.certfile: the client certificate expired at 2026-03-01T11:59:59Z"},
		{"a client certificate that is not valid yet", func(c *Config, _ *policy.Config) { c.certificate.NotBefore = now.Add(time.Second) },
			"tls.certfile: the client certificate is not valid before 2026-03-01T12:00:01Z"},
		{"no client certificate", func(c *Config, _ *policy.Config) { c.certificate = nil }, ""},
		{"a category that nobody knows", func(_ *Config, p *policy.Config) { p.Profiles[0].Categories = []string{"GGC002", "GGC999"} },
			"profiles[0].categories: GGC999 is not a data category that this software knows"},
		{"a data holder of a type that nobody knows", func(_ *Config, p *policy.Config) { p.DataHolders[0].FacilityType = "Q9" },
			"dataholders: the facility type is not one that this software knows: check hospital-east"},
		{"a requester of a type that nobody knows", func(_ *Config, p *policy.Config) { p.FacilityTypes["00001234"] = "Q9" },
			"facilitytypes: the facility type is not one that this software knows: check 00001234"},
		{"nobody on the list", func(_ *Config, p *policy.Config) { p.Lists = &policy.Lists{} },
			"dataholders: there is none, so no guarded token is issued"},
		{"a fingerprint from documentation", func(_ *Config, p *policy.Config) {
			p.Trust["organization"] = []string{"did:x509:0:sha256:" + madeUp + "::*"}
		}, "trust.organization: the fingerprint " + madeUp + " is made up"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := &Config{certificate: &x509.Certificate{NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}}
			section := policy.Config{
				DataHolders:   []policy.DataHolderConfig{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}},
				FacilityTypes: map[string]string{"00001234": "G3"},
				Profiles:      []policy.ProfileConfig{{Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT"}},
				Trust: map[string][]string{
					"organization": {"did:x509:0:sha256:" + ownCA + "::*"}, "practitioner": {"holder"}, "enrollment": {"holder"},
				},
			}
			tc.spoil(config, &section)
			section.TypesListed = true
			config.Profiles = section.Profiles
			var err error
			config.Policy, err = policy.New(section, operatorsDefinitions(nodesPolicies{}))
			require.NoError(t, err)
			warnings := config.Warnings(now)
			if tc.warning == "" {
				assert.Empty(t, warnings)
				return
			}
			require.Len(t, warnings, 1)
			assert.Contains(t, warnings[0], tc.warning)
		})
	}
}

// database has the subjects of a node, each with one DID.
type database struct{ subjects []string }

func (d database) List(context.Context) (map[string][]did.DID, error) {
	existing := map[string][]did.DID{}
	for _, subject := range d.subjects {
		existing[subject] = []did.DID{did.MustParseDID("did:web:node.example:" + subject)}
	}
	return existing, nil
}

func (d database) ListDIDs(ctx context.Context, subject string) ([]did.DID, error) {
	existing, err := d.List(ctx)
	return existing[subject], err
}

// wallet holds credentials of these issuers, of every holder the same.
type wallet struct{ issuers []string }

func (w wallet) SearchCredential(context.Context, did.DID) (credentials []vc.VerifiableCredential, err error) {
	for _, issuer := range w.issuers {
		credentials = append(credentials, vc.VerifiableCredential{Issuer: ssi.MustParseURI(issuer)})
	}
	return credentials, nil
}

// TestWarningsOfTheNode are those that only the node's database can tell.
func TestWarningsOfTheNode(t *testing.T) {
	certified := func(fingerprint string) string { return "did:x509:0:sha256:" + fingerprint + "::san:dns:example.com" }
	for _, tc := range []struct {
		name              string
		listed, existing  []string
		trusted, inWallet []string
		warnings          []string
	}{
		{"all is there", []string{"east"}, []string{"east", "other"}, []string{ownCA}, []string{certified(ownCA)}, nil},
		{"a subject that is not there", []string{"east", "west"}, []string{"west"}, nil, nil,
			[]string{"dataholders: the node does not have this subject, so nobody can ask there: east"}},
		{"many subjects that are not there", strings.Split("abcdefghij", ""), []string{"j"}, nil, nil,
			[]string{"nobody can ask there: a, b, c, d, e and 4 more"}},
		{"a fingerprint that no certificate in the wallets has", []string{"east"}, []string{"east"}, []string{lostCA}, []string{certified(ownCA), "did:web:vektis.example"},
			[]string{"trust.organization: no certificate with the fingerprint " + lostCA + " was seen; the wallets of this node hold credentials under " + ownCA}},
		{"one of several that the wallets have", []string{"east"}, []string{"east"}, []string{lostCA, ownCA}, []string{certified(ownCA)}, nil},
		{"wallets by which it cannot be told", []string{"east"}, []string{"east"}, []string{lostCA}, []string{"did:web:vektis.example"}, nil},
		{"no certificates trusted", []string{"east"}, []string{"east"}, nil, []string{certified(ownCA)}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			trust := []string{"did:web:other.example"}
			for _, fingerprint := range tc.trusted {
				trust = append(trust, "did:x509:0:sha256:"+fingerprint+"::*")
			}
			decides, err := policy.New(policy.Config{
				Lists: listsOf(t, tc.listed...), TypesListed: true, Profiles: []policy.ProfileConfig{{Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT"}},
				Trust: map[string][]string{"organization": trust, "practitioner": {"holder"}, "enrollment": {"holder"}},
			}, operatorsDefinitions(nodesPolicies{}))
			require.NoError(t, err)
			subjects := database{subjects: tc.existing}
			warnings := append(SubjectWarnings(t.Context(), decides.Lists(), subjects),
				AuthorityWarnings(t.Context(), decides, subjects, wallet{issuers: tc.inWallet})...)
			require.Len(t, warnings, len(tc.warnings))
			for i, warning := range tc.warnings {
				assert.Contains(t, warnings[i], warning)
			}
		})
	}
}

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
