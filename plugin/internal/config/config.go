// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/nuts-foundation/nuts-node/core"
	nutspolicy "github.com/nuts-foundation/nuts-node/policy"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/lists"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/notify"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/pdpserver"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// Config is a section in which nothing is wrong, and what was made of it, ready for use.
type Config struct {
	Section
	// Off says why nothing is guarded. Unless it is empty, there is nothing else.
	Off string
	// Policy decides by the section's profiles, trust and lists.
	Policy *policy.Policy
	// Watcher gives the policy the lists again when their files change. It is not started.
	Watcher *lists.Watcher
	// Link reaches Mitz; nil: nothing in the configuration does. It is not connected; who reads a
	// configuration closes it.
	Link *mitzclient.Link

	// PatientKeys are those of withdrawal.keyfile; nil: there is no such file.
	PatientKeys *withdrawal.Keys
	// Kinds are the kinds of care provider that patients consent by.
	Kinds withdrawal.Kinds
	// NotifyURL is where Mitz reaches this node to tell of changes, without a slash at its end:
	// one and the secret of a subscription follow it. Empty: nobody is subscribed.
	NotifyURL string
	// NotifyCertificate is the client certificate that a notification must come with; nil: it
	// may come without.
	NotifyCertificate *notify.Certificate
	// NotifyTrust has the roots of that certificate, and looks for changed ones. It is not
	// started; nil likewise.
	NotifyTrust *notify.TrustStore

	// PointAccess is who may ask the decision point. It is not started; nil: it was not read for one,
	// see [ReadPoint].
	PointAccess *pdpserver.Access

	ofPoint []string // warnings of what a decision point leaves out
	// Resources are the resource types that data categories cover.
	Resources recordguard.Categories

	certificate *x509.Certificate // with which Mitz is asked; nil: there is none
	signing     *tls.Certificate  // with which it is told who asks where data are; nil: that is not signed
}

// Node is what a configuration must know of the node.
type Node struct {
	// Policies are the node's own presentation definitions, configured already. When it is an
	// engine of the node, the folder of its files is read too.
	Policies nutspolicy.PDPBackend
	// HTTP is the engine whose configuration says what is logged; nil: there is none.
	HTTP core.Injectable
	// Flags are those of the commands, see [Prepare].
	Flags Flags

	tls   core.TLSConfig // the node's own, which is not that to Mitz
	alone bool           // a decision point has none
}

// Hooks are told what happens while a configuration is in use. The hooks of the lists may
// not be nil when the watcher is started.
type Hooks struct {
	Link mitzclient.Hooks
	// NotifyTrust are about the roots of the client certificate of notifications.
	NotifyTrust notify.TrustHooks
	// PointAccess are about who may ask the decision point.
	PointAccess pdpserver.Hooks
	// ListsChanged is called after the policy was given changed lists.
	ListsChanged func(*policy.Lists)
	// ListsRefused is called with every problem of changed lists; those before stay in use.
	ListsRefused func(error)
}

// Read reads the whole section and validates it, as a start of the node and a command need
// it. It reads the files that the section names, connects to nothing and leaves everything
// as it was. The error tells every problem at once.
func Read(server core.ServerConfig, node Node, hooks Hooks) (*Config, error) {
	return read(server, node, hooks, construct)
}

// read reads the section, and has a configuration made of it unless nothing is guarded.
func read(server core.ServerConfig, node Node, hooks Hooks, construct func(Section, error, Node, Hooks) (*Config, error)) (*Config, error) {
	sources, err := readSources(server, node.Flags)
	if err != nil {
		return nil, Invalid(err)
	}
	section, present, err := readSection(sources)
	if off := off(section, present, err); off != "" {
		return &Config{Off: off}, nil
	}
	switch {
	case !present:
		return nil, Invalid(err)
	case !section.Enabled:
		return nil, Invalid(outside(err)...)
	}
	section.Strict, node.tls = server.Strictmode, server.TLS
	return construct(section, err, node, hooks)
}

// Guards reports whether a node whose configuration is loaded guards anything, before its
// engines are configured. It also reports true where the configuration is wrong: such a node
// does not start.
func Guards(server core.ServerConfig, flags Flags) bool {
	sources, err := readSources(server, flags)
	return err != nil || off(readSection(sources)) == ""
}

const noSection = "there is no mitz section"

// off says why a section guards nothing. It returns an empty text when the section guards
// something, and when something is wrong with it.
func off(section Section, present bool, err error) string {
	switch {
	case !present && err == nil:
		return noSection
	case present && !section.Enabled && outside(err) == nil:
		return "mitz.enabled is false"
	default:
		return ""
	}
}

// construct makes a configuration of a section, unless anything is wrong with it. What was
// wrong with reading it is told too.
func construct(section Section, unread error, node Node, hooks Hooks) (*Config, error) {
	section.Withdrawal = section.Withdrawal.plain()
	problems := append([]error{unread}, section.validateLink(section.Strict)...)
	problems = append(append(problems, section.validateNotify()...), section.validateRegistration()...)
	problems = append(problems, section.validateDecisionPoint()...)
	if !node.alone {
		problems = append(problems, section.validateEvidence(), validateLogging(node.HTTP))
	}
	config := &Config{}
	var err error
	section.Lists, config.Watcher, err = lists.Load(section.listSource(), config.listHooks(hooks))
	problems = append(problems, err, section.validateDataHolders())
	section.TypesListed = len(section.FacilityTypes) > 0 || section.FacilityTypesFile != ""
	section.Config.Registration = policy.RegistrationConfig{
		Identifications: section.Registration.Identifications, Agreements: section.Registration.Agreements, MaxAge: section.Registration.MaxAge,
	}
	config.Policy, err = policy.New(section.Config, operatorsDefinitions(node.Policies))
	problems = append(problems, err)
	config.certificate, err = section.clientCertificate()
	problems = append(problems, err, section.validateAudit())
	config.PatientKeys, err = section.patientKeys()
	problems = append(problems, err)
	config.Kinds, err = section.Withdrawal.kinds()
	problems = append(problems, err)
	config.NotifyCertificate, config.NotifyTrust, err = section.notifyCertificate(node.tls, hooks.NotifyTrust)
	problems = append(problems, err)
	subscriptions, err := section.subscriptions()
	problems = append(problems, err)
	locations, err := section.locations()
	problems = append(problems, err)
	config.Resources, err = section.resources()
	problems = append(problems, err, section.validateAccess())
	if err := Invalid(problems...); err != nil {
		return nil, err
	}
	config.signing = locations.Certificate
	config.Section, config.NotifyURL = section, section.Withdrawal.NotifyURL
	if !section.reachesMitz() {
		return config, nil
	}
	config.Link, err = mitzclient.NewLink(mitzclient.Config{
		Endpoint: section.Endpoint, Timeout: section.Timeout, Files: section.tlsFiles(), QueriesPerMinute: section.QueriesPerMinute,
		Subscriptions: subscriptions, Locations: locations,
		Registrations: mitzclient.RegistrationConfig{Endpoint: section.Registration.Endpoint, Authorize: subscriptions.Authorize},
	}, hooks.Link)
	if err != nil {
		return nil, Invalid(err)
	}
	return config, nil
}

// Close gives back what the configuration holds.
func (c *Config) Close() {
	if c.Link != nil {
		c.Link.Close()
	}
}

// listHooks give the policy changed lists at once: of a data holder that is not in them, no
// token is issued from then on.
func (c *Config) listHooks(hooks Hooks) lists.Hooks {
	return lists.Hooks{
		Changed: func(changed *policy.Lists) {
			c.Policy.Use(changed)
			hooks.ListsChanged(changed)
		},
		Refused: func(err error) { hooks.ListsRefused(Invalid(err)) },
	}
}
