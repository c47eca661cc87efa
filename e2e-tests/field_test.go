// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// The scopes of the field worlds, beside birthCare.
const (
	recent  = "recent"  // the enrolment is not older than half an hour
	renamed = "renamed" // claims have the names of an older use case
)

// The people of the field worlds, by UZI number.
const (
	midwife   = "900012345" // acts; role 03.000
	doctor    = "900000008" // delegates; role 01.046
	secretary = "900030001" // enrols patients
)

// pharmacy has its facility type (J8) from the data holder's configuration.
const pharmacy = "00005678"

// field is a world in which credentials come in all the forms that are in use.
type field struct {
	*harness.World
	Dezi      *harness.Dezi
	Registrar *harness.Wallet // trusted by its exact DID for organisations
	District  *harness.Wallet // trusted by a prefix of its DID for facility types
	DIDBase   string
	Passes    map[string]*harness.UZIPass
}

// The UZI passes, all of one CA but the last.
const (
	passMidwife   = "the midwife's pass"
	passDoctor    = "the doctor's pass"
	passSecretary = "the secretary's pass"
	passUnnamed   = "a pass that names nobody"
	passServer    = "the server certificate"
	passElsewhere = "a doctor's pass at another organisation"
	passPharmacy  = "the pharmacy's server certificate"
	passOtherCA   = "a doctor's pass of another CA"
)

var passSubjects = map[string]harness.UZISubject{
	passMidwife:   person(harness.PassProfessional, midwife, "03.000", "00001234"),
	passDoctor:    person(harness.PassProfessional, doctor, "01.046", "00001234"),
	passSecretary: person(harness.PassNamed, secretary, "", "00001234"),
	passUnnamed:   person(harness.PassUnnamed, doctor, "", "00001234"),
	passElsewhere: person(harness.PassProfessional, doctor, "01.046", "00009999"),
	passPharmacy:  {Organization: "Apotheek De Vijzel", Locality: "Utrecht", URA: pharmacy},
	passOtherCA:   person(harness.PassProfessional, doctor, "01.046", "00001234"),
}

func person(passType, number, role, ura string) harness.UZISubject {
	return harness.UZISubject{
		Organization: "Verloskundigen De Eerste Stap", Locality: "Utrecht", URA: ura,
		PassType: passType, UZINumber: number, Role: role,
	}
}

// sharedField is a field world that several tests share. The first one starts it.
type sharedField struct {
	trust     func(f *field, section *harness.MitzConfig)
	configure func(f *field, config *harness.WorldConfig) // what else is different; may be nil
	once      sync.Once
	world     *field
	err       error
}

var (
	// openField trusts whom pilots trust: the holder for much, and everyone in the guide's forms.
	openField = &sharedField{trust: trustOpenly}
	// strictField trusts nobody about itself.
	strictField = &sharedField{trust: trustStrictly}
)

func trustOpenly(f *field, section *harness.MitzConfig) {
	section.Trust.Organization = append(section.Trust.Organization, f.Registrar.DID)
	section.Trust.FacilityType = append(section.Trust.FacilityType, f.DIDBase+":authority:*")
	section.Trust.Practitioner = []string{"holder", "dezi", f.UZI.DIDPrefix() + "*"}
	section.Trust.Enrollment = []string{"holder", f.UZI.DIDPrefix() + "*"}
	section.Trust.Delegation = []string{"holder", f.UZI.DIDPrefix() + "*"}
	section.FacilityTypes = map[string]string{pharmacy: "J8"}
}

func trustStrictly(f *field, section *harness.MitzConfig) {
	section.Trust.Organization = []string{f.UZI.DIDPrefix() + "subject:O:Verloskundigen%20De%20Eerste%20Stap:*"}
	section.Trust.Practitioner = []string{"dezi"}
	section.Trust.Enrollment = []string{f.UZI.DIDPrefix() + "*"}
	section.Trust.Delegation = []string{f.UZI.DIDPrefix() + "*"}
}

// fresh returns the world with consent on record, no queries and no tokens.
func (s *sharedField) fresh(t *testing.T) *field {
	t.Helper()
	s.once.Do(func() { s.world, s.err = s.start() })
	require.NoError(t, s.err)
	reset(s.world.World)
	t.Cleanup(func() { reset(s.world.World) })
	permit(t, s.world.World, patient, "00000659", "GGC002")
	return s.world
}

func (s *sharedField) close() error {
	if s.world == nil {
		return nil
	}
	return s.world.Close()
}

func (s *sharedField) start() (*field, error) {
	f := &field{}
	config := plainWorld()
	config.Profiles = append(config.Profiles,
		harness.MitzProfile{Scope: recent, Categories: []string{"GGC002"}, Purpose: "TREAT", EnrollmentMaxAge: "30m"},
		harness.MitzProfile{Scope: renamed, Categories: []string{"GGC002"}, Purpose: "TREAT", Claims: map[string]string{
			"organization_ura": "subject_organization_id", "organization_name": "subject_organization",
			"organization_facility_type": "subject_facility_type", "user_id": "subject_id", "user_role": "subject_role",
			"patient_enrollment_identifier": "subject_patient",
		}})
	config.Prepare = f.prepare
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		section.Timeout = timeout
		s.trust(f, section)
	}
	config.ConfigureDataHolder = func(_ context.Context, _ *harness.World, node *harness.NodeConfig) error {
		node.Settings["vcr.dezi.allowedjku"] = []string{f.Dezi.JKU}
		return nil
	}
	if s.configure != nil {
		s.configure(f, &config)
	}
	var err error
	f.World, err = harness.NewWorld(context.Background(), config)
	return f, err
}

func (f *field) prepare(w *harness.World) (err error) {
	f.World = w
	if f.Dezi, err = w.StartDezi(); err != nil {
		return err
	}
	if f.DIDBase, err = w.DIDBase(); err != nil {
		return err
	}
	if f.Registrar, err = w.NewNamedWallet("registrar"); err != nil {
		return err
	}
	if f.District, err = w.NewNamedWallet("authority", "district"); err != nil {
		return err
	}
	otherCA, err := harness.NewUZICA("Another CA")
	if err != nil {
		return err
	}
	f.Passes = map[string]*harness.UZIPass{passServer: w.Server}
	for name, subject := range passSubjects {
		ca := w.UZI
		if name == passOtherCA {
			ca = otherCA
		}
		if f.Passes[name], err = ca.Issue(subject); err != nil {
			return err
		}
	}
	return nil
}

// fieldAttempt is an attempt in a field world.
type fieldAttempt struct {
	*attempt
	field *field
}

func newFieldAttempt(t *testing.T, f *field, grant harness.Grant) *fieldAttempt {
	t.Helper()
	return &fieldAttempt{attempt: newAttempt(t, f.World, grant), field: f}
}

// strictAttempt makes an attempt that succeeds where nobody is trusted about itself.
func strictAttempt(t *testing.T, f *field, grant harness.Grant) *fieldAttempt {
	t.Helper()
	a := newFieldAttempt(t, f, grant)
	a.set.Employee = a.dezi(harness.DeziUser{Number: midwife, Role: "03.000", URA: "00001234"}, nil)
	a.set.Enrollment = a.issue(passSecretary, harness.TypeEnrollment, enrollment(secretary))
	return a
}

// issue issues a credential to the attempt's wallet under a pass.
func (a *fieldAttempt) issue(pass, credentialType string, claims map[string]any) harness.Credential {
	a.t.Helper()
	return a.issueWith(harness.IssueOptions{}, pass, credentialType, claims)
}

func (a *fieldAttempt) issueWith(options harness.IssueOptions, pass, credentialType string, claims map[string]any) harness.Credential {
	a.t.Helper()
	return must[harness.Credential](a.t)(a.field.Passes[pass].Credential(a.wallet.DID, credentialType, claims, options))
}

// attest makes a credential about the wallet itself.
func (a *fieldAttempt) attest(credentialType string, claims map[string]any) harness.Credential {
	return a.wallet.Attest(a.wallet.DID, credentialType, claims)
}

func (a *fieldAttempt) dezi(user harness.DeziUser, change func(credential map[string]any)) harness.Credential {
	a.t.Helper()
	return a.deziWith(harness.DeziOptions{}, user, change)
}

func (a *fieldAttempt) deziWith(options harness.DeziOptions, user harness.DeziUser, change func(credential map[string]any)) harness.Credential {
	a.t.Helper()
	token := must[string](a.t)(a.field.Dezi.IDToken(user, options))
	return must[harness.Credential](a.t)(a.field.Dezi.Credential(a.wallet.DID, token, change))
}

// enrollment is the guide's form: the patient, enrolled by a professional.
func enrollment(enrolledBy string) map[string]any {
	return harness.NestedEnrollmentClaims(harness.Identifier(harness.BSNIdentifier(patient)), harness.Identifier(harness.UZIIdentifier(enrolledBy)))
}

// delegation is the guide's form of the doctor's mandate.
func delegation() map[string]any {
	return harness.NestedDelegationClaims(harness.Identifier(harness.UZIIdentifier(doctor)), "01.046")
}

// plainQuestion is what Mitz is asked when a midwife asks, without its patient.
func plainQuestion() consent.Question {
	return consent.Question{
		DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Requester: consent.Requester{
			URA: "00001234", FacilityType: "G3",
			Responsible: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: midwife}, Role: "03.000"},
		},
		Categories: []consent.Category{"GGC002"},
		Purpose:    consent.PurposeTreatment,
	}
}

// mandatedQuestion is what Mitz is asked when the midwife acts for the doctor.
func mandatedQuestion() consent.Question {
	question := plainQuestion()
	acting := question.Requester.Responsible.ID
	question.Requester.Mandated = &acting
	question.Requester.Responsible = consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: doctor}, Role: "01.046"}
	return question
}

// assertAsked checks that there was one query, about the patient, and the whole of it.
func assertAsked(t *testing.T, w *harness.World, expected consent.Question) {
	t.Helper()
	queries := w.Mitz.Queries()
	require.Len(t, queries, 1)
	bsn, err := consent.ParseBSN(patient)
	require.NoError(t, err)
	assert.True(t, queries[0].Patient.Equal(bsn))
	question := queries[0].Question
	question.Patient = consent.BSN{}
	assert.Equal(t, expected, question)
}
