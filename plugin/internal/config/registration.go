// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// Registration says which consents that a requester recorded are accepted, and what becomes of
// them.
type Registration struct {
	// Endpoint is where consents are registered at Mitz: the base URL of its FHIR service for
	// that. Empty: they are kept, and Mitz is not told of them.
	Endpoint string `koanf:"endpoint"`
	// Identifications are the methods by which a patient may have been identified when the
	// consent was recorded: [wid] by default.
	Identifications []string `koanf:"identifications"`
	// Agreements are the versions of the Mitz agreements under which it may have been recorded:
	// ["3.8"] by default.
	Agreements []string `koanf:"agreements"`
	// MaxAge is how long ago it may have been recorded: 168 h by default, at least 1 m and at
	// most 8784 h.
	MaxAge time.Duration `koanf:"maxage"`
}

// The bounds of Registration.MaxAge. Who records consent asks for a token next; a patient's
// consent of more than a year ago was to be registered at Mitz meanwhile.
const (
	defaultMaxAge = 7 * 24 * time.Hour
	minMaxAge     = time.Minute
	maxMaxAge     = policy.MaxAge
)

func defaultRegistration() Registration {
	return Registration{Identifications: []string{"wid"}, Agreements: []string{"3.8"}, MaxAge: defaultMaxAge}
}

// validateRegistration says what is wrong with how consents are accepted that a requester
// recorded, and with where Mitz is told of them.
func (s Section) validateRegistration() []error {
	r := s.Registration
	problems := []error{
		checkNames("registration.identifications", r.Identifications),
		checkNames("registration.agreements", r.Agreements),
	}
	if r.MaxAge < minMaxAge || r.MaxAge > maxMaxAge {
		problems = append(problems, errors.New("registration.maxage: at least 1m and at most 8784h, which is 366 days"))
	}
	if r.Endpoint != "" {
		if endpoint, err := mitzclient.ParseEndpoint(r.Endpoint); err != nil {
			problems = append(problems, fmt.Errorf("registration.%w", err))
		} else if s.Strict && endpoint.Scheme != "https" {
			problems = append(problems, errors.New("registration.endpoint: must be https in strict mode"))
		}
	}
	return problems
}

// validateEvidence refuses registrations where they could not be kept.
func (s Section) validateEvidence() error {
	if !s.AcceptsRegistrations() || s.Withdrawal.KeyFile != "" {
		return nil
	}
	return errors.New("withdrawal.keyfile: required with the ground consent-registration: the registration is kept as evidence, " +
		"and patients under these keys; make the file with 'nuts-mitz mitz key <file>'")
}

// checkNames looks at a list of names that credentials are compared with, as they are.
func checkNames(key string, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("%s: is empty, so no consent that a requester recorded is accepted: leave it out for the default", key)
	}
	var problems []error
	for i, name := range names {
		switch {
		case name == "" || strings.TrimSpace(name) != name:
			problems = append(problems, fmt.Errorf("%s[%d]: is empty, or begins or ends with a space", key, i))
		case slices.Contains(names[:i], name):
			problems = append(problems, fmt.Errorf("%s[%d]: is given twice", key, i))
		}
	}
	return errors.Join(problems...)
}

// restsOn reports whether a token may rest on one of these grounds.
func (s Section) restsOn(grounds ...policy.GroundName) bool {
	return slices.ContainsFunc(s.Profiles, func(profile policy.ProfileConfig) bool {
		return slices.ContainsFunc(grounds, func(ground policy.GroundName) bool { return slices.Contains(profile.Grounds, string(ground)) })
	})
}

// AcceptsBrought reports whether a token may rest on consent that a requester brings along.
func (s Section) AcceptsBrought() bool {
	return s.restsOn(policy.GroundAttestation, policy.GroundRegistration)
}

// AcceptsRegistrations reports whether a token may rest on a consent that a requester recorded.
func (s Section) AcceptsRegistrations() bool { return s.restsOn(policy.GroundRegistration) }

// registrationWarnings are about what is given and nothing is done with, and about what is forgotten.
func (s Section) registrationWarnings() (warnings []string) {
	if s.Registration.Endpoint != "" && !s.AcceptsRegistrations() {
		warnings = append(warnings, "registration.endpoint: of no use without a profile with the ground consent-registration: there is nothing to register")
	}
	if s.restsOn(policy.GroundAttestation) && s.Withdrawal.KeyFile == "" {
		warnings = append(warnings, "withdrawal.keyfile: without it a restart of the node forgets what was withdrawn, and what Mitz attested before gives tokens again "+
			"until Mitz revokes it: make the file with 'nuts-mitz mitz key <file>'")
	}
	return warnings
}
