// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// queryFlags are what the one query of "mitz check" is made of.
type queryFlags struct {
	bsnFile      string
	subject      string
	scope        string
	requester    string
	professional string
	role         string
	yes          bool
}

func (f *queryFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.bsnFile, "bsn-file", "", "File holding the BSN of one patient, about whom Mitz is then asked one query. Mitz records it and shows it to the patient.")
	flags.StringVar(&f.subject, "subject", "", "With --bsn-file: the data holder, by its subject in mitz.dataholders. Needed if there are several.")
	flags.StringVar(&f.scope, "scope", "", "With --bsn-file: the scope in mitz.profiles whose categories and purpose are asked for. Needed if there are several.")
	flags.StringVar(&f.professional, "professional", "", "With --bsn-file: the UZI number of the professional on whose behalf is asked, or register|number. Needed.")
	flags.StringVar(&f.role, "role", "", "With --bsn-file: the professional's role, such as 01.015. Needed.")
	flags.StringVar(&f.requester, "requester", "", "With --bsn-file: URA and type of the organisation that would see the data, such as 12345678:G3. The data holder itself if not given.")
	flags.BoolVar(&f.yes, "yes", false, "With --bsn-file: do not ask for confirmation.")
}

var errMissing = errors.New("missing")

// question returns the question of the flags; nil when none is to be asked. The error tells
// every problem, and repeats no value: one may be a patient's number.
func (f *queryFlags) question(cfg *config.Config) (question *consent.Question, warnings []string, err error) {
	if f.bsnFile == "" {
		if *f != (queryFlags{}) {
			return nil, nil, errors.New("--subject, --scope, --professional, --role, --requester and --yes are of use with --bsn-file only")
		}
		return nil, nil, nil
	}
	var problems []error
	need := func(flag string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	question = &consent.Question{}
	question.Patient, warnings, err = report.ReadBSN(f.bsnFile)
	need("bsn-file", err)
	question.DataHolder, err = f.dataHolder(cfg.Policy.Lists())
	need("subject", err)
	profile, err := f.guarded(cfg)
	need("scope", err)
	if profile != nil {
		question.Categories, question.Purpose = profile.Categories, profile.Purpose
	}
	question.Requester.URA, question.Requester.FacilityType = question.DataHolder.URA, question.DataHolder.FacilityType
	if f.requester != "" {
		question.Requester.URA, question.Requester.FacilityType, err = parseRequester(f.requester)
		need("requester", err)
	}
	question.Requester.Responsible.ID, err = parseProfessional(f.professional)
	need("professional", err)
	if question.Requester.Responsible.Role, err = consent.ParseRole(f.role); f.role == "" {
		err = errMissing
	}
	need("role", err)
	if len(problems) == 0 {
		problems = append(problems, question.Validate())
	}
	if err := errors.Join(problems...); err != nil {
		return nil, nil, fmt.Errorf("no query can be asked: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return question, warnings, nil
}

// dataHolder is the one that is named, or the only one.
func (f *queryFlags) dataHolder(listed *policy.Lists) (consent.DataHolder, error) {
	subjects := listed.Subjects()
	subject := f.subject
	if subject == "" && len(subjects) == 1 {
		subject = subjects[0]
	}
	if dataHolder, known := listed.DataHolder(subject); known {
		return dataHolder, nil
	}
	return consent.DataHolder{}, errors.New("name one of: " + listWords(subjects))
}

// guarded is the profile that is named, or the only one.
func (f *queryFlags) guarded(cfg *config.Config) (*policy.Profile, error) {
	scopes := cfg.Scopes()
	if f.scope == "" && len(scopes) == 1 {
		return cfg.Policy.Profile(scopes[0]), nil
	}
	if profile := cfg.Policy.Profile(f.scope); profile != nil {
		return profile, nil
	}
	return nil, fmt.Errorf("name one of: %s", strings.Join(scopes, " "))
}

func parseRequester(text string) (consent.URA, consent.FacilityType, error) {
	number, code, _ := strings.Cut(text, ":")
	ura, uraErr := consent.ParseURA(number)
	facilityType, typeErr := consent.ParseFacilityType(code)
	if uraErr != nil || typeErr != nil {
		return "", "", errors.New("not a URA of eight digits, a colon and an organisation type")
	}
	return ura, facilityType, nil
}

// parseProfessional reads a number in the UZI register, or register|number.
func parseProfessional(text string) (consent.ProfessionalID, error) {
	if text == "" {
		return consent.ProfessionalID{}, errMissing
	}
	root, number := consent.SplitSystem(text)
	if root == "" {
		root = consent.RootUZI
	}
	return consent.NewProfessionalID(strings.TrimPrefix(root, "urn:oid:"), number)
}
