// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
)

// Lists are for whom a node answers, and of what type requesters are by configuration: what
// may change while the node runs. They do not change after they were made; see [Policy.Use].
type Lists struct {
	dataHolders   map[string]consent.DataHolder // by Nuts subject
	facilityTypes map[consent.URA]consent.FacilityType
	subjects      map[consent.URA][]string // of the data holders, in order
}

// DataHolder returns the data holder behind a Nuts subject.
func (l *Lists) DataHolder(subject string) (consent.DataHolder, bool) {
	dataHolder, known := l.dataHolders[subject]
	return dataHolder, known
}

// SubjectsOf returns the Nuts subjects of the data holder with this number, in order; none: it is
// not on the list. Do not change them.
func (l *Lists) SubjectsOf(dataHolder consent.URA) []string { return l.subjects[dataHolder] }

// Subjects are the data holders' Nuts subjects, in order.
func (l *Lists) Subjects() []string { return slices.Sorted(maps.Keys(l.dataHolders)) }

// Len counts the data holders, and the organisations whose type is configured.
func (l *Lists) Len() (dataHolders, facilityTypes int) {
	return len(l.dataHolders), len(l.facilityTypes)
}

// UnknownTypes returns, in order, the subjects of the data holders and the numbers of the
// requesters whose type is not one that this software knows.
func (l *Lists) UnknownTypes() (subjects, numbers []string) {
	for subject, dataHolder := range l.dataHolders {
		if !dataHolder.FacilityType.Known() {
			subjects = append(subjects, subject)
		}
	}
	for ura, facilityType := range l.facilityTypes {
		if !facilityType.Known() {
			numbers = append(numbers, string(ura))
		}
	}
	slices.Sort(subjects)
	slices.Sort(numbers)
	return subjects, numbers
}

// ListBuilder makes [Lists] of entries from several places, each of which prints as an
// operator knows it.
type ListBuilder struct {
	lists    Lists
	places   map[listEntry]fmt.Stringer
	problems []error
}

// listEntry is an entry, that may be there once: a subject, or the URA of a requester.
type listEntry struct{ subject, ura string }

// NewListBuilder makes one for about so many entries in each list.
func NewListBuilder(size int) *ListBuilder {
	return &ListBuilder{
		lists: Lists{
			dataHolders: make(map[string]consent.DataHolder, size), facilityTypes: make(map[consent.URA]consent.FacilityType, size),
		},
		places: make(map[listEntry]fmt.Stringer, 2*size),
	}
}

// DataHolder adds a data holder.
func (b *ListBuilder) DataHolder(place fmt.Stringer, config DataHolderConfig) {
	ura, uraErr := consent.ParseURA(config.URA)
	facilityType, typeErr := consent.ParseFacilityType(config.FacilityType)
	if uraErr != nil || typeErr != nil {
		b.problems = append(b.problems, errlist.Prefix(place.String()+".ura", uraErr), errlist.Prefix(place.String()+".facilitytype", typeErr))
	}
	entry := listEntry{subject: config.Subject}
	switch {
	case config.Subject == "":
		b.problems = append(b.problems, fmt.Errorf("%s.subject: missing", place))
	case b.isNew(entry, place):
		b.lists.dataHolders[config.Subject] = consent.DataHolder{URA: ura, FacilityType: facilityType}
	default:
		b.problems = append(b.problems, fmt.Errorf("%s.subject: %q is given twice, first in %s", place, config.Subject, b.places[entry]))
	}
}

// FacilityType adds the type of the organisation with a number.
func (b *ListBuilder) FacilityType(place fmt.Stringer, number, code string) {
	ura, uraErr := consent.ParseURA(number)
	facilityType, typeErr := consent.ParseFacilityType(code)
	entry := listEntry{ura: number}
	switch {
	case uraErr != nil || typeErr != nil:
		b.problems = append(b.problems, errlist.Prefix(place.String(), uraErr), errlist.Prefix(place.String(), typeErr))
	case b.isNew(entry, place):
		b.lists.facilityTypes[ura] = facilityType
	default:
		b.problems = append(b.problems, fmt.Errorf("%s: is given twice, first in %s", place, b.places[entry]))
	}
}

func (b *ListBuilder) isNew(entry listEntry, place fmt.Stringer) bool {
	if _, exists := b.places[entry]; exists {
		return false
	}
	b.places[entry] = place
	return true
}

// Build returns the lists. The error joins every problem, each with its place; the lists are
// then those without them, with which the rest of a configuration can be checked.
func (b *ListBuilder) Build() (*Lists, error) {
	lists := b.lists
	lists.subjects = make(map[consent.URA][]string, len(lists.dataHolders))
	for _, subject := range lists.Subjects() {
		ura := lists.dataHolders[subject].URA
		lists.subjects[ura] = append(lists.subjects[ura], subject)
	}
	return &lists, errors.Join(b.problems...)
}

// Place is a place in the configuration, as a text.
type Place string

// String returns the place.
func (p Place) String() string { return string(p) }

// AddConfig adds what the configuration itself lists.
func (b *ListBuilder) AddConfig(config Config) {
	for i, dataHolder := range config.DataHolders {
		b.DataHolder(Place(fmt.Sprintf("dataholders[%d]", i)), dataHolder)
	}
	for _, number := range sortedKeys(config.FacilityTypes) {
		b.FacilityType(Place("facilitytypes."+number), number, config.FacilityTypes[number])
	}
}
