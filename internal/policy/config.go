// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// Config is what an operator decides about consent: for whom the node answers,
// which scopes are guarded, and who may say what about a requester. The tags are
// the names in the configuration file.
type Config struct {
	// Strict refuses what is only fit for development.
	Strict      bool                `koanf:"-"`
	DataHolders []DataHolderConfig  `koanf:"dataholders"`
	Profiles    []ProfileConfig     `koanf:"profiles"`
	Trust       map[string][]string `koanf:"trust"`
	// FacilityTypes are the organisation types of requesters, by URA, for as long as no
	// authority issues credentials for them.
	FacilityTypes map[string]string `koanf:"facilitytypes"`
	// Registration says which registrations of consent are accepted that requesters bring.
	Registration RegistrationConfig `koanf:"-"`
	// Lists, if not nil, are used in place of DataHolders and FacilityTypes: those, with what
	// is in files of their own.
	Lists *Lists `koanf:"-"`
	// TypesListed tells that types of requesters can come into Lists, though none be there.
	TypesListed bool `koanf:"-"`
}

// DataHolderConfig names a care organisation for which the node answers.
type DataHolderConfig struct {
	Subject      string `koanf:"subject"`      // Nuts subject, as in /oauth2/{subject}
	URA          string `koanf:"ura"`          // eight digits
	FacilityType string `koanf:"facilitytype"` // code of 2.16.840.1.113883.2.4.15.1060
}

// ProfileConfig guards one scope.
type ProfileConfig struct {
	Scope      string   `koanf:"scope"`
	Categories []string `koanf:"categories"` // codes of 2.16.840.1.113883.2.4.3.111.5.10.1
	Purpose    string   `koanf:"purpose"`    // TREAT or COC
	Grounds    []string `koanf:"grounds"`    // tried in this order; empty: the closed query
	// AfterDeny is what follows on a Deny of one ground: "stop", or "continue" to let a later
	// ground of the list still permit. Empty: stop.
	AfterDeny string `koanf:"afterdeny"`
	// Recheck has a token put to Mitz again when it is introspected and consent was
	// established longer ago: at least a second; 0: never.
	Recheck time.Duration `koanf:"recheck"`
	// RecheckFailure is what becomes of the token when nobody can tell then: "deny" or "keep".
	// Empty: deny.
	RecheckFailure string `koanf:"recheckfailure"`
	// Subscribe has Mitz tell the data holder when the consent of a patient changes about whom
	// a token was issued.
	Subscribe bool `koanf:"subscribe"`
	// PresentationDefinition is a JSON file; empty: the built-in definition, unless
	// the node has a definition of its own for the scope.
	PresentationDefinition string `koanf:"presentationdefinition"`
	// Claims are the names of claims that differ from this package's, by its names.
	Claims map[string]string `koanf:"claims"`
	// EnrollmentMaxAge is how old an enrolment may be; 0: as old as it is valid.
	EnrollmentMaxAge time.Duration `koanf:"enrollmentmaxage"`
	// AllowUnconstrained accepts an operator's definition whose issuers are not all
	// proven to be constrained. Not in strict mode.
	AllowUnconstrained bool `koanf:"allowunconstrained"`
}

// scopeShape is a scope-token (RFC 6749 section 3.3).
var scopeShape = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]+$`)

// Definitions looks up the presentation definition that the operator has for a
// scope: the content of a profile's file, or what the node itself has. It gives nil
// when there is none.
type Definitions func(profile ProfileConfig) (pe.WalletOwnerMapping, error)

// New checks the whole configuration and makes it usable. The error joins every
// problem, each beginning with the key it is about.
func New(config Config, definitions Definitions) (*Policy, error) {
	p := &Policy{profiles: map[string]*Profile{}, strict: config.Strict, typesListed: config.TypesListed || len(config.FacilityTypes) > 0}
	var err error
	p.trust, err = readTrust(config)
	problems := []error{err}
	p.registration = config.Registration.withDefaults()
	lists := config.Lists
	if lists == nil {
		builder := NewListBuilder(len(config.DataHolders) + len(config.FacilityTypes))
		builder.AddConfig(config)
		lists, err = builder.Build()
		problems = append(problems, err)
		if len(config.DataHolders) == 0 {
			problems = append(problems, errors.New("dataholders: none, so no question can be asked"))
		}
	}
	p.Use(lists)
	for i, profile := range config.Profiles {
		problems = append(problems, p.readProfile(fmt.Sprintf("profiles[%d]", i), profile, definitions))
	}
	if len(config.Profiles) == 0 {
		problems = append(problems, errors.New("profiles: none, so nothing is guarded"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return p, nil
}

func readTrust(config Config) (map[trust.Attribute]trust.Issuers, error) {
	trusted := make(map[trust.Attribute]trust.Issuers, len(config.Trust))
	var problems []error
	for _, name := range sortedKeys(config.Trust) {
		attribute := trust.Attribute(name)
		if !slices.Contains(trust.Attributes(), attribute) {
			problems = append(problems, fmt.Errorf("trust.%s: no such attribute", name))
			continue
		}
		issuers, err := trust.Parse(config.Trust[name])
		if err != nil {
			problems = append(problems, errlist.Prefix("trust."+name, err))
		}
		if issuers.TrustsDezi() && attribute != trust.Practitioner {
			problems = append(problems, fmt.Errorf("trust.%s: 'dezi' attests professionals only", name))
		}
		if config.Strict {
			problems = append(problems, checkStrictTrust(attribute, issuers))
		}
		trusted[attribute] = issuers
	}
	return trusted, errors.Join(problems...)
}

// othersWord are the attributes that nobody may attest about itself in strict mode, with
// what it would say.
var othersWord = map[trust.Attribute]string{
	trust.Organization: "who it is",
	trust.FacilityType: "what it is",
	trust.Attestation:  "that there is consent",
	trust.Membership:   "that it is in the scheme",
}

// checkStrictTrust refuses what lets everybody, or everybody with a certificate, attest
// about itself. Only of who an organisation is, a CA's certificate tells that itself.
func checkStrictTrust(attribute trust.Attribute, issuers trust.Issuers) error {
	says, others := othersWord[attribute]
	switch {
	case others && issuers.TrustsHolder():
		return fmt.Errorf("trust.%s: 'holder' is refused in strict mode: an organisation would say itself %s", attribute, says)
	case others && attribute != trust.Organization && issuers.TrustsWholeCA():
		return fmt.Errorf("trust.%s: a whole CA is refused in strict mode: every organisation with a certificate would say itself %s; "+
			"name the authority's own, by a policy that tells whose certificate it is, such as subject:O:<name>", attribute, says)
	}
	return nil
}

func (p *Policy) readProfile(key string, config ProfileConfig, definitions Definitions) error {
	var problems []error
	profile := &Profile{Scope: config.Scope, trust: p.trust, registration: p.registration, strict: p.strict, enrollmentMaxAge: config.EnrollmentMaxAge}
	switch {
	case !scopeShape.MatchString(config.Scope):
		problems = append(problems, fmt.Errorf("%s.scope: not one scope (RFC 6749 section 3.3)", key))
	case p.profiles[config.Scope] != nil:
		problems = append(problems, fmt.Errorf("%s.scope: %q is given twice", key, config.Scope))
	}
	if config.EnrollmentMaxAge < 0 {
		problems = append(problems, fmt.Errorf("%s.enrollmentmaxage: negative", key))
	}
	if config.AllowUnconstrained && p.strict {
		problems = append(problems, fmt.Errorf("%s.allowunconstrained: refused in strict mode", key))
	}
	var err error
	profile.Categories, err = readCategories(config.Categories)
	problems = append(problems, errlist.Prefix(key+".categories", err))
	profile.Purpose, err = consent.ParsePurposeOfUse(config.Purpose)
	problems = append(problems, errlist.Prefix(key+".purpose", err))
	profile.Grounds, err = readGrounds(config.Grounds)
	problems = append(problems, errlist.Prefix(key+".grounds", errors.Join(err, profile.checkGrounds())))
	profile.continueAfterDeny, err = readAfterDeny(config.AfterDeny)
	problems = append(problems, errlist.Prefix(key+".afterdeny", err))
	problems = append(problems, profile.readRecheck(key, config), profile.readSubscribe(key, config))
	profile.names, err = readNames(config.Claims)
	problems = append(problems, errlist.Prefix(key+".claims", err))
	problems = append(problems, p.readDefinition(profile, key, config, definitions))
	if !config.AllowUnconstrained {
		profile.notAlone = profile.whyNotAlone(key, p.typesListed)
	}
	p.profiles[config.Scope] = profile
	return errors.Join(problems...)
}

// readNames checks the names that a profile gives to claims: each of a claim that is
// read, none twice, and none that this software writes or that introspection reserves.
func readNames(configured map[string]string) (map[string]string, error) {
	var problems []error
	used := map[string]bool{}
	for _, claim := range definition.RenamableClaims() {
		if configured[claim] == "" {
			used[claim] = true
		}
	}
	for _, claim := range sortedKeys(configured) {
		name := configured[claim]
		switch {
		case !slices.Contains(definition.RenamableClaims(), claim):
			problems = append(problems, fmt.Errorf("%q is no claim that is read", claim))
		case name == "" || slices.Contains(ReservedClaims(), name) || slices.Contains(introspectionClaims, name):
			problems = append(problems, fmt.Errorf("%q cannot be named %q", claim, name))
		case used[name]:
			problems = append(problems, fmt.Errorf("%q is the name of two claims", name))
		}
		used[name] = true
	}
	return configured, errors.Join(problems...)
}

// rules are what the profile lays down about its definition.
func (p *Profile) rules(typesConfigured bool) definition.Rules {
	return definition.Rules{
		Names: p.names, Trust: p.trust, Strict: p.strict, TypesConfigured: typesConfigured,
		Grounds:  definition.Grounds{Types: p.groundTypes(), Several: len(p.Grounds) > 1},
		Reserved: append(ReservedClaims(), introspectionClaims...),
	}
}

// readDefinition takes the operator's definition for the scope or, without one,
// the built-in definition.
func (p *Policy) readDefinition(profile *Profile, key string, config ProfileConfig, definitions Definitions) error {
	operators, err := definitions(config)
	if err != nil {
		return errlist.Prefix(key+".presentationdefinition", err)
	}
	if operators == nil {
		profile.builtin = true
		profile.Definition, err = profile.rules(p.typesListed).Builtin()
	} else {
		profile.Definition = operators
		profile.sources, err = profile.rules(p.typesListed).Check(operators, config.AllowUnconstrained)
		err = errors.Join(err, profile.checkAsked(operators))
		err = errlist.Prefix(key+".presentationdefinition", err)
	}
	declared := definition.Declared(profile.Definition)
	profile.reads = filter(definition.ReadClaims(), func(claim string) bool { return slices.Contains(declared, profile.claimName(claim)) })
	return err
}

func readCategories(codes []string) ([]consent.Category, error) {
	var categories []consent.Category
	var problems []error
	for _, code := range codes {
		category, err := consent.ParseCategory(code)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%q is %w", code, err))
		case slices.Contains(categories, category):
			problems = append(problems, fmt.Errorf("%q is given twice", code))
		default:
			categories = append(categories, category)
		}
	}
	if len(codes) == 0 {
		problems = append(problems, errors.New("none"))
	}
	return categories, errors.Join(problems...)
}
