// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// The data holders, as pages and stories name them.
const (
	Hospital = "hospital"
	Centre   = "centre"
)

// Patient is a person whose record a data holder has. The number must never be shown.
type Patient struct {
	Key       string // in addresses and forms, and nothing like the number
	Name      string
	BSN       string
	BirthDate string   // YYYY-MM-DD
	Notes     []string // in the record
	Holder    string   // who has the record
}

// Organisation takes part.
type Organisation struct {
	Name, URA, Type, Subject string
}

// Professional asks on behalf of the practice.
type Professional struct {
	ID   string // UZI number
	Role string // code
}

// Cast are all who take part, and what is asked for.
type Cast struct {
	Patients                   []Patient
	Practice, Hospital, Centre Organisation
	Professional               Professional
	Scope                      string
	Category                   consent.Category
	Purpose                    consent.PurposeOfUse
}

// patient returns nil for one that is not in the cast.
func (c *Cast) patient(key string) *Patient {
	for i := range c.Patients {
		if c.Patients[i].Key == key {
			return &c.Patients[i]
		}
	}
	return nil
}

// keyOf returns the key of the patient with a number; empty: there is none.
func (c *Cast) keyOf(bsn string) string {
	for i := range c.Patients {
		if c.Patients[i].BSN == bsn {
			return c.Patients[i].Key
		}
	}
	return ""
}

// holderOf returns the key of the data holder with a number; empty: there is none.
func (c *Cast) holderOf(ura consent.URA) string {
	switch string(ura) {
	case c.Hospital.URA:
		return Hospital
	case c.Centre.URA:
		return Centre
	default:
		return ""
	}
}

func (c *Cast) holder(key string) Organisation {
	if key == Centre {
		return c.Centre
	}
	return c.Hospital
}

// records are those that a data holder has.
func (c *Cast) records(holder string) map[string]harness.Patient {
	records := map[string]harness.Patient{}
	for _, each := range c.Patients {
		if each.Holder == holder {
			records[each.BSN] = harness.Patient{Name: each.Name, BirthDate: each.BirthDate, Notes: each.Notes}
		}
	}
	return records
}

// noteIn reports whether an answer has something of a record in it.
func (c *Cast) noteIn(answer harness.Answer) bool {
	return slices.ContainsFunc(c.Patients, func(each Patient) bool { return slices.ContainsFunc(each.Notes, answer.Contains) })
}

// Categories are the data categories that a patient can choose about.
func Categories() []consent.Category { return []consent.Category{"GGC002", "GGC012", "GGC013"} }

// Kinds are the types of organisation that a patient can choose about.
func Kinds() []consent.FacilityType { return []consent.FacilityType{"G3", "Z3", "J8", "V6"} }

// behaviours are the ways in which Mitz can be broken.
var behaviours = []struct {
	name string
	is   mitztest.Behaviour
}{
	{"working", mitztest.Behaving{}},
	{"silent", mitztest.Hanging},
	{"failing", mitztest.HTTPStatus(503)},
	{"unclear", mitztest.AnsweringIndeterminate},
	{"slow", mitztest.Slow(time.Second)},
	{"untold", mitztest.NotifyingNever},
}

// Behaviours are the names of the ways in which Mitz can behave; the first is right.
func Behaviours() (names []string) {
	for _, each := range behaviours {
		names = append(names, each.name)
	}
	return names
}

// Mask hides a number but for its first and last three digits.
func Mask(number string) string {
	const shown = 3
	if len(number) < 3*shown {
		return "•••"
	}
	return number[:shown] + "•••" + number[len(number)-shown:]
}
