// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// WorldConfig says what differs from the plain world.
type WorldConfig struct {
	// Binaries are the nodes to run; see [Build]. A world without a plugin runs the stock node
	// as the data holder's.
	Binaries Binaries
	Progress io.Writer // may be nil
	// LogRoot keeps the logs for a scan after all tests; see [NewWorkspace].
	LogRoot string

	DataHolders []DataHolder // empty: hospital-east, the first one is asked
	Requester   UZISubject   // zero: a midwifery practice
	Facility    string       // the requester's facility type; empty: G3
	Employee    Employee     // zero: a midwife
	// GuideForms has the requester use the national guide's forms of credentials
	// instead of the pilots'.
	GuideForms bool
	Strict     bool // both nodes run in strict mode

	// Profiles are the guarded scopes. With any, a Mitz simulator is started, and the data
	// holder's node gets the mitz section that goes with this world.
	Profiles []MitzProfile
	// ConfigureMitz changes that section.
	ConfigureMitz func(section *MitzConfig)
	// MitzIssues has Mitz issue credentials, over OpenID4VCI; see [World.ObtainFromMitz].
	MitzIssues bool
	// MitzAuthorities are those whose clients Mitz lets in besides its own.
	MitzAuthorities []*mitztest.Identity
	// Prepare makes what ConfigureMitz needs, when the requester is there.
	Prepare func(world *World) error

	// ConfigureRequester changes the requester's node, the first to start.
	ConfigureRequester func(node *NodeConfig)
	// ConfigureDataHolder changes the data holder's node, when everything else is there.
	ConfigureDataHolder func(ctx context.Context, world *World, node *NodeConfig) error
}

// World is a data holder and a requester with real nodes and real credentials, ready to
// ask for tokens.
type World struct {
	*Workspace

	UZI       *UZICA
	Authority Subject  // issues facility types; lives on the requester's node
	Server    *UZIPass // the requester's UZI server certificate

	Mitz         *Mitz      // nil without guarded scopes
	MitzConfig   MitzConfig // of the data holder's node
	Sessions     *Sessions  // of the data holder's node
	Registers    *Registers // nil: not started, see [World.StartRegisters]
	DataHolder   *Node
	DataHolders  []DataHolder
	Requester    *Node
	RequesterOrg Subject // the requester's organisation, on the requester's node

	config WorldConfig
}

// NewWorld starts a world; [World.Close] ends it.
func NewWorld(ctx context.Context, config WorldConfig) (*World, error) {
	workspace, err := NewWorkspace(config.LogRoot)
	if err != nil {
		return nil, err
	}
	world := &World{Workspace: workspace, config: config.withDefaults()}
	world.DataHolders = world.config.DataHolders
	if err := world.start(ctx); err != nil {
		return nil, errors.Join(err, world.Close())
	}
	return world, nil
}

func (c WorldConfig) withDefaults() WorldConfig {
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	if len(c.DataHolders) == 0 {
		c.DataHolders = []DataHolder{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}}
	}
	if c.Requester.URA == "" {
		c.Requester = UZISubject{Organization: "Verloskundigen De Eerste Stap", Locality: "Utrecht", URA: "00001234", AGB: "08001234"}
	}
	c.Facility = orElse(c.Facility, "G3")
	if c.Employee == (Employee{}) {
		c.Employee = Employee{Identifier: UZIIdentifier("900012345"), Name: "M. Jansen", Role: "03.000"}
	}
	return c
}

func (w *World) start(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"the requester's node (stock)", w.startRequester},
		{"the requester's credentials", w.equipRequester},
		{"other parties", w.prepareOthers},
		{"the data holder's node", w.startDataHolder},
	} {
		_, _ = fmt.Fprintf(w.config.Progress, "Preparing %s ...\n", step.name)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (w *World) startRequester(ctx context.Context) (err error) {
	node := NodeConfig{Name: "requester", Binary: w.config.Binaries.Stock, Strict: w.config.Strict, Settings: authorizationEndpoint()}
	if w.config.MitzIssues {
		if err := node.mapContext(); err != nil {
			return err
		}
	}
	if configure := w.config.ConfigureRequester; configure != nil {
		configure(&node)
	}
	if w.Requester, err = w.StartNode(ctx, node); err != nil {
		return err
	}
	if w.Authority, err = w.Requester.CreateSubject(ctx, "facility-type-authority"); err != nil {
		return err
	}
	w.RequesterOrg, err = w.Requester.CreateSubject(ctx, "requester")
	return err
}

// equipRequester gives the requester the credentials that others issue: who it is and
// what kind of organisation it is.
func (w *World) equipRequester(ctx context.Context) (err error) {
	if w.UZI, err = NewUZICA("Test UZI CA"); err != nil {
		return err
	}
	if w.Server, err = w.UZI.Issue(w.config.Requester); err != nil {
		return err
	}
	for _, issue := range []func() (Credential, error){
		w.organizationCredential,
		func() (Credential, error) { return w.IssueFacilityType(ctx, w.RequesterOrg.DID, w.config.Facility) },
	} {
		credential, err := issue()
		if err != nil {
			return err
		}
		if err := w.Requester.StoreCredential(ctx, w.RequesterOrg.Name, credential); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) organizationCredential() (Credential, error) {
	if !w.config.GuideForms {
		return w.Server.X509Credential(w.RequesterOrg.DID, X509CredentialOptions{})
	}
	identifier := Identifier(URAIdentifier(w.config.Requester.URA))
	return w.Server.Credential(w.RequesterOrg.DID, TypeHealthcareProvider,
		HealthcareProviderClaims(identifier, w.config.Requester.Organization), IssueOptions{})
}

func (w *World) prepareOthers(context.Context) error {
	if w.config.Prepare == nil {
		return nil
	}
	return w.config.Prepare(w)
}

func (w *World) startDataHolder(ctx context.Context) (err error) {
	if w.Sessions, err = w.StartSessions(); err != nil {
		return err
	}
	node := NodeConfig{Name: "data-holder", Binary: w.config.Binaries.Mitz, Strict: w.config.Strict, Settings: authorizationEndpoint()}
	maps.Copy(node.Settings, w.Sessions.Settings())
	if err := w.addMitz(&node); err != nil {
		return err
	}
	if configure := w.config.ConfigureDataHolder; configure != nil {
		if err := configure(ctx, w, &node); err != nil {
			return err
		}
	}
	if w.DataHolder, err = w.StartNode(ctx, node); err != nil {
		return err
	}
	for _, holder := range w.DataHolders {
		if _, err := w.DataHolder.CreateSubject(ctx, holder.Subject); err != nil {
			return err
		}
	}
	return nil
}

func authorizationEndpoint() map[string]any {
	return map[string]any{"auth.authorizationendpoint.enabled": true}
}
