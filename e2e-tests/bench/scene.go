// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// The scopes.
const (
	scopePlain   = "plain4"          // unguarded, with definition.json
	scopeGuarded = "guarded4"        // guarded, with definition.json
	scopeBuiltIn = "guarded-builtin" // guarded, with the built-in definition
)

// dataHolder is whose tokens are asked for.
var dataHolder = harness.DataHolder{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}

// requester asks for them.
var requester = harness.UZISubject{Organization: "Verloskundigen De Eerste Stap", Locality: "Utrecht", URA: "00001234", AGB: "08001234"}

const requesterType = "G3"

//go:embed definition.json
var definitionTemplate string

// scene is everything around the nodes that are measured, in this process: the wallet
// that presents, the parties that issued its credentials, and the simulator of Mitz.
type scene struct {
	*harness.Workspace
	binaries harness.Binaries
	mitz     *harness.Mitz

	uzi       *harness.UZICA
	authority *harness.Wallet
	wallet    *harness.Wallet
	// permitted is what the wallet presents about a patient for whom Mitz permits everything.
	permitted []harness.Credential

	patientKeys string // the file of the nodes that subscribe; empty: it was not made yet

	client *http.Client // to a node's public interface, without TLS
	stock  *harness.Node
	ours   *harness.Node
}

func newScene(ctx context.Context, binaries harness.Binaries, logRoot string) (*scene, error) {
	workspace, err := harness.NewWorkspace(logRoot)
	if err != nil {
		return nil, err
	}
	s := &scene{Workspace: workspace, binaries: binaries, client: plainClient()}
	for _, step := range []func() error{s.prepareParties, func() error { return s.startNodes(ctx) }} {
		if err := step(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Close stops everything.
func (s *scene) Close() error {
	s.client.CloseIdleConnections()
	return s.Workspace.Close()
}

// plainClient keeps a connection for every request that is under way.
func plainClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true}}
}

func (s *scene) prepareParties() (err error) {
	if s.uzi, err = harness.NewUZICA("Test UZI CA"); err != nil {
		return err
	}
	if s.authority, err = s.NewNamedWallet("facility-type-authority"); err != nil {
		return err
	}
	if s.wallet, err = s.NewWallet(); err != nil {
		return err
	}
	server, err := s.uzi.Issue(requester)
	if err != nil {
		return err
	}
	if s.permitted, err = s.credentials(server, mitztest.PatientAlwaysPermit); err != nil {
		return err
	}
	s.mitz, err = s.StartMitz()
	return err
}

func (s *scene) credentials(server *harness.UZIPass, bsn string) ([]harness.Credential, error) {
	organization, err := server.X509Credential(s.wallet.DID, harness.X509CredentialOptions{})
	if err != nil {
		return nil, err
	}
	facility, err := s.authority.Issue(s.wallet.DID, harness.TypeFacility, harness.FacilityClaims(requesterType))
	if err != nil {
		return nil, err
	}
	return []harness.Credential{
		organization, facility,
		s.wallet.Attest(s.wallet.DID, harness.TypeEmployee, harness.EmployeeClaims(employee)),
		s.wallet.Attest(s.wallet.DID, harness.TypeEnrollment,
			harness.EnrollmentClaims(harness.BSNIdentifier(bsn), employee.Identifier)),
	}, nil
}

// startNodes starts both nodes that are compared.
func (s *scene) startNodes(ctx context.Context) error {
	section, err := s.mitzSection("")
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	var stockErr, oursErr error
	group.Go(func() { s.stock, stockErr = s.startDataHolder(ctx, s.stockNode("stock")) })
	group.Go(func() { s.ours, oursErr = s.startDataHolder(ctx, s.ourNode("ours", section)) })
	group.Wait()
	return errors.Join(stockErr, oursErr)
}

func (s *scene) startDataHolder(ctx context.Context, config harness.NodeConfig) (*harness.Node, error) {
	node, err := s.StartNode(ctx, config)
	if err != nil {
		return nil, err
	}
	_, err = node.CreateSubject(ctx, dataHolder.Subject)
	return node, err
}

func (s *scene) stockNode(name string) harness.NodeConfig {
	return harness.NodeConfig{
		Name: name, Binary: s.binaries.Stock,
		Settings: map[string]any{"verbosity": "info"}, // as it comes; the harness's own is debug
		Policies: map[string]string{"operator": s.policy(scopePlain)},
	}
}

// ourNode has no guarded scope when the section is empty.
func (s *scene) ourNode(name, section string) harness.NodeConfig {
	config := s.stockNode(name)
	config.Binary, config.YAML = s.binaries.Mitz, section
	if section != "" {
		config.Policies = map[string]string{"operator": s.policy(scopePlain, scopeGuarded)}
	}
	return config
}

// policy is an operator's policy file: the same definition for each scope.
func (s *scene) policy(scopes ...string) string {
	definition := json.RawMessage(strings.NewReplacer(
		"@UZI@", s.uzi.Fingerprint(), "@AUTHORITY@", s.authority.DID).Replace(definitionTemplate))
	file := map[string]map[string]json.RawMessage{}
	for _, scope := range scopes {
		file[scope] = map[string]json.RawMessage{"organization": definition}
	}
	encoded, _ := json.Marshal(file) // valid JSON always marshals
	return string(encoded)
}

// mitzSection is the configuration with two guarded scopes; an empty timeout is the default.
func (s *scene) mitzSection(timeout string) (string, error) {
	return s.mitzSectionWith(func(c *harness.MitzConfig) { c.Timeout = timeout })
}

func (s *scene) mitzSectionWith(change func(*harness.MitzConfig)) (string, error) {
	profile := func(scope string) harness.MitzProfile {
		return harness.MitzProfile{Scope: scope, Categories: []string{"GGC002"}, Purpose: "TREAT"}
	}
	section := harness.MitzConfig{
		Endpoint: s.mitz.Endpoint(),
		CertFile: s.mitz.Files.Certificate, CertKeyFile: s.mitz.Files.Key, TrustStoreFile: s.mitz.Files.TrustStore,
		DataHolders: []harness.DataHolder{dataHolder},
		Profiles:    []harness.MitzProfile{profile(scopeGuarded), profile(scopeBuiltIn)},
		Trust: harness.MitzTrust{
			Organization: []string{s.uzi.DIDPrefix() + "*"}, FacilityType: []string{s.authority.DID},
			Practitioner: []string{"holder"}, Enrollment: []string{"holder"},
		},
	}
	change(&section)
	return section.YAML()
}
