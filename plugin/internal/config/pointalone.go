// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// ReadPoint reads the whole section and validates it as [Read] does, as the decision point
// without a node needs it: it may name files that only a node has. What it has no use for is
// left out, and warned of.
func ReadPoint(server core.ServerConfig, node Node, hooks Hooks) (*Config, error) {
	return read(server, node, hooks, constructPoint)
}

// constructPoint makes a configuration of a section, as [construct] does, and reads the files of
// the decision point.
func constructPoint(section Section, unread error, node Node, hooks Hooks) (*Config, error) {
	section, warnings := section.ofPoint()
	node.alone = true
	access, err := section.openPointAccess(hooks.PointAccess)
	config, err := construct(section, errors.Join(unread, err), node, hooks)
	if err != nil {
		return nil, err
	}
	config.PointAccess, config.ofPoint = access, warnings
	return config, nil
}

// ofPoint leaves out what a decision point has no use for, and warns of it: nothing passes in
// silence that the same section has a node do.
func (s Section) ofPoint() (Section, []string) {
	var warnings []string
	unused := func(key, because string) {
		warnings = append(warnings, key+": of no use to a decision point: "+because)
	}
	if !reflect.DeepEqual(s.Withdrawal, Withdrawal{}) {
		unused("withdrawal", "it issues no tokens that could end, and subscribes to nothing")
	}
	if !reflect.DeepEqual(s.Registration, defaultRegistration()) {
		unused("registration", "nothing is presented to it, so there is nothing to register")
	}
	if s.Localization != (Localization{}) {
		unused("localization", "it does not ask where data are")
	}
	s.Withdrawal, s.Registration, s.Localization = Withdrawal{}, defaultRegistration(), Localization{}
	s.Profiles = slices.Clone(s.Profiles)
	for i := range s.Profiles {
		profile, key := &s.Profiles[i], fmt.Sprintf("profiles[%d].", i)
		if profile.Subscribe {
			unused(key+"subscribe", "nobody is subscribed")
		}
		if profile.Recheck != 0 {
			unused(key+"recheck", "every answer is asked for anew, and it knows no tokens to look at again")
		}
		if others := brought(profile.Grounds); len(others) > 0 {
			unused(key+"grounds", "no credentials reach it, so it never permits on "+strings.Join(others, " or "))
		}
		profile.Subscribe, profile.Recheck, profile.RecheckFailure = false, 0, ""
	}
	return s, warnings
}

// brought returns those grounds for which Mitz is not asked.
func brought(grounds []string) []string {
	return slices.DeleteFunc(slices.Clone(grounds), func(ground string) bool { return policy.GroundName(ground).AsksMitz() })
}

// PointWarnings returns what an operator of a decision point must know, besides the warnings of
// the section: what of it is left out, and who may ask.
func (c *Config) PointWarnings() []string {
	warnings := slices.Clone(c.ofPoint)
	if c.DecisionPoint.TokenFile == "" && c.DecisionPoint.TLS.ClientCAFile == "" {
		warnings = append(warnings, "pdp.address: everybody on this machine may ask about every patient: clients need neither a token nor a certificate")
	}
	if !c.DecisionPoint.isNamed() {
		warnings = append(warnings, "pdp.url: is not given, and the address is every one of this machine: there are no metadata at /.well-known/authzen-configuration")
	}
	if c.Audit.File != "" {
		warnings = append(warnings, "audit.file: is not signed: the key for that is the node's, and a decision point has none; its chain of hashes is there")
	}
	return append(warnings, c.PointAccess.Warnings()...)
}
