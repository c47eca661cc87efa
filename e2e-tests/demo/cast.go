// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// The organisations and the professional, all made up.
const (
	practice        = "Verloskundigen De Eerste Stap"
	practiceURA     = "00001234"
	practiceType    = "G3" // a midwifery practice
	hospital        = "Ziekenhuis Oost"
	hospitalURA     = "00000659"
	hospitalType    = "V6" // a general hospital
	hospitalSubject = "hospital-east"
	centre          = "Geboortecentrum West"
	centreURA       = "00000777"
	centreType      = "G3"
	midwife         = "Marieke Jansen"
	midwifeID       = "900012345"
	midwifeRole     = "03.000"
)

// What is asked for.
const (
	scope    = "birth-care"
	category = "GGC002"
	purpose  = "TREAT"
)

// patient is a person in the stories. The number is one of the test numbers and must never
// be shown: the stories speak of patients by name.
type patient struct {
	name      string
	bsn       string
	birthDate string
	notes     []string
}

// cast are the patients of the stories.
type cast struct {
	client patient // of the midwife
	other  patient // of the hospital, and unknown to the midwife
	west   patient // of the birth centre, which has no Mitz, and now of the midwife
	asked  patient // of the hospital and now of the midwife, who asks her herself
}

func theCast() cast {
	return cast{
		client: patient{name: "Sanne Bakker", bsn: "900186021", birthDate: "1992-04-17", notes: []string{
			"First pregnancy, 2023: diabetes, treated by diet",
			"Birth at 38 weeks, mother and child well",
		}},
		other: patient{name: "Emma Visser", bsn: "999990019", birthDate: "1988-11-02", notes: []string{
			"Knee operation, 2021",
		}},
		west: patient{name: "Noor de Wit", bsn: "999996642", birthDate: "1994-09-30", notes: []string{
			"First birth, 2024: breech, turned at 37 weeks",
		}},
		asked: patient{name: "Fatima Haddad", bsn: "999996630", birthDate: "1990-01-23", notes: []string{
			"Birth in 2022: caesarean section, no complications",
		}},
	}
}

// bsns are the numbers that may not be in any log, nor in what the demo prints.
func (c cast) bsns() []string { return []string{c.client.bsn, c.other.bsn, c.west.bsn, c.asked.bsn} }

// names are those of the patients, by the keys that the stories have for them.
func (c cast) names() map[string]string {
	names := map[string]string{}
	for _, each := range c.scene().Patients {
		names[each.Key] = each.Name
	}
	return names
}

// scene is the cast as the stories have it.
func (c cast) scene() scene.Cast {
	return scene.Cast{
		Patients: []scene.Patient{
			c.client.scene(stories.Client, scene.Hospital), c.other.scene(stories.Other, scene.Hospital),
			c.west.scene(stories.West, scene.Centre), c.asked.scene(stories.Unrecorded, scene.Hospital),
		},
		Practice:     scene.Organisation{Name: practice, URA: practiceURA, Type: practiceType},
		Hospital:     scene.Organisation{Name: hospital, URA: hospitalURA, Type: hospitalType, Subject: hospitalSubject},
		Centre:       scene.Organisation{Name: centre, URA: centreURA, Type: centreType, Subject: birthCentre().Subject},
		Professional: scene.Professional{ID: midwifeID, Role: midwifeRole},
		Scope:        scope, Category: category, Purpose: purpose,
	}
}

func (p patient) scene(key, holder string) scene.Patient {
	return scene.Patient{Key: key, Name: p.name, BSN: p.bsn, BirthDate: p.birthDate, Notes: p.notes, Holder: holder}
}

// records are those of a record server about these patients.
func records(patients ...patient) map[string]harness.Patient {
	records := map[string]harness.Patient{}
	for _, each := range patients {
		records[each.bsn] = harness.Patient{Name: each.name, BirthDate: each.birthDate, Notes: each.notes}
	}
	return records
}

// permission is that midwives may see the patient's treatment data at the hospital.
func (p patient) permission() mitztest.Consent { return p.permissionAt(hospitalURA) }

// permissionAt is that midwives may see the patient's treatment data at an organisation.
func (p patient) permissionAt(dataHolder consent.URA) mitztest.Consent {
	return mitztest.Consent{
		Patient: p.bsn, DataHolder: dataHolder, Category: category, RequesterType: practiceType,
		Decision: consent.Permit,
	}
}
