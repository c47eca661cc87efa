// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"strings"
	"sync"
	"time"
)

// dates are a patient's birth date as Mitz is to be told it, and as it was told last: what Mitz
// was told must be told again as it was, where its answer got lost. Either is empty where it was
// not known.
type dates struct{ wanted, told string }

// datesOf reads what is sealed with a patient.
func datesOf(beside string) dates {
	wanted, told, differ := strings.Cut(beside, "/")
	if !differ {
		told = wanted
	}
	return dates{wanted, told}
}

// beside returns what is sealed with a patient.
func (d dates) beside() string {
	if d.wanted == d.told {
		return d.wanted
	}
	return d.wanted + "/" + d.told
}

// withBirthDate returns a row as Mitz is to be told of it with another birth date. It reports
// whether that is another one than is known.
func (c *Config) withBirthDate(r row, birthDate string) (row, bool) {
	patient, beside, err := c.Keys.Open(r.Sealed)
	keys, known := c.Keys.Under(r.Key)
	d := datesOf(beside)
	if birthDate == "" || err != nil || !known || d.wanted == birthDate {
		return r, false
	}
	d.wanted = birthDate
	if !r.isToldOf() {
		d.told = birthDate
	}
	if r.Sealed, err = keys.Seal(patient, d.beside()); err != nil {
		return r, false
	}
	if r.State != Ending {
		r = r.in(Waiting, time.Now())
	}
	return r, true
}

// correct keeps the birth dates of wishes whose rows were there before, with others or none, and
// returns the rows as they are kept then.
func (s *Service) correct(ctx context.Context, wishes []Wish, kept []row) ([]row, error) {
	var errs firstError
	var corrections sync.WaitGroup
	for i, each := range kept {
		if _, differs := s.config.withBirthDate(each, wishes[i].BirthDate); !differs {
			continue
		}
		corrections.Go(func() { // together: see Table
			var err error
			kept[i], err = s.correctOne(ctx, each, wishes[i].BirthDate)
			errs.set(err)
		})
	}
	corrections.Wait()
	s.worker.look.Ring()
	return kept, errs.get()
}

func (s *Service) correctOne(ctx context.Context, kept row, birthDate string) (row, error) {
	for range tries {
		changed, differs := s.config.withBirthDate(kept, birthDate)
		if !differs {
			return kept, nil
		}
		did, err := s.config.Store.replace(ctx, changed)
		if did || err != nil {
			return changed, err
		}
		if kept, err = s.config.Store.find(ctx, kept.Subject, kept.ID); err != nil {
			return kept, err
		}
	}
	return kept, errContended
}
