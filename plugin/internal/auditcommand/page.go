// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package auditcommand

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// told is a story in words.
type told struct{ When, Who, Organisation, What, Why, Outcome, Asked string }

// toldChange is a change in words.
type toldChange struct{ When, What string }

const momentLayout = "02-01-2006 15:04:05"

// writePage writes the page for the patient. It holds no patient's number, loads nothing from
// elsewhere, and whatever the log holds is text in it.
func writePage(out io.Writer, w words, f *found) error {
	zone, local := time.UTC, "UTC"
	if dutchTime, err := time.LoadLocation("Europe/Amsterdam"); err == nil {
		zone, local = dutchTime, w.Local
	}
	page := struct {
		Words    words
		Local    string
		From, To string
		Stories  []told
		Changes  []toldChange
		Broken   bool
	}{Words: w, Local: local, Broken: f.broken}
	if !f.from.IsZero() {
		page.From, page.To = f.from.In(zone).Format("02-01-2006"), f.to.In(zone).Format("02-01-2006")
	}
	for _, each := range stories(f.entries) {
		page.Stories = append(page.Stories, w.tell(each, zone))
	}
	for _, each := range changes(f.entries) {
		page.Changes = append(page.Changes, toldChange{each.at.In(zone).Format(momentLayout), w.changes[each.what]})
	}
	var content bytes.Buffer // an error shows nothing else
	if err := pageTemplate.Execute(&content, page); err != nil {
		return err
	}
	_, err := out.Write(content.Bytes())
	return err
}

func (w words) tell(s *story, zone *time.Location) told {
	requester := s.question.Requester
	categories := make([]string, len(s.question.Categories))
	for i, category := range s.question.Categories {
		categories[i] = coded(w, category, w.categories)
	}
	asked := w.NotAsked
	if len(s.asked) > 0 {
		asked = strings.Join(s.asked, ", ")
	}
	outcome := w.endings[s.ending]
	if s.code != "" {
		outcome += fmt.Sprintf(" (%s %s)", w.Code, s.code)
	}
	return told{
		When:         s.began.In(zone).Format(momentLayout),
		Who:          w.professional(requester),
		Organisation: coded(w, requester.FacilityType, w.facilityTypes) + ", URA " + string(requester.URA),
		What:         strings.Join(categories, ", "),
		Why:          coded(w, s.question.Purpose, w.purposes),
		Outcome:      outcome,
		Asked:        asked,
	}
}

// professional says who asked, and under whose mandate.
func (w words) professional(requester consent.Requester) string {
	responsible := w.profession(requester.Responsible.Role) + ", " + w.registered(requester.Responsible.ID)
	if requester.Mandated == nil {
		return responsible
	}
	return fmt.Sprintf("%s, %s %s", w.registered(*requester.Mandated), w.Mandate, responsible)
}

func (w words) profession(role consent.Role) string {
	if meaning, known := w.professions[string(role)]; known {
		return fmt.Sprintf("%s (%s)", meaning, role)
	}
	group, _, _ := strings.Cut(string(role), ".")
	if meaning, known := w.professions[group]; known {
		return fmt.Sprintf("%s (%s)", meaning, role)
	}
	return fmt.Sprintf("%s (%s)", role, w.UnknownCode)
}

func (w words) registered(id consent.ProfessionalID) string {
	register, known := w.registers[id.Root]
	if !known {
		register = id.Root
	}
	return fmt.Sprintf("%s %s (%s)", w.Number, id.Extension, register)
}

// coded is a code with its meaning.
func coded[T ~string](w words, code T, meanings map[T]string) string {
	if meaning, known := meanings[code]; known {
		return fmt.Sprintf("%s (%s)", meaning, string(code))
	}
	return fmt.Sprintf("%s (%s)", string(code), w.UnknownCode)
}
