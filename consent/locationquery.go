// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consent

import "errors"

// LocationQuery asks which data holders may show one patient's data to one requester: Mitz's
// open query ("open autorisatievraag").
type LocationQuery struct {
	Patient   BSN
	Requester Requester
	Purpose   PurposeOfUse
}

// Validate reports every part that is missing or malformed. The error names parts, never
// values.
func (q LocationQuery) Validate() error {
	var p problems
	p.patient(q.Patient)
	p.requester(q.Requester)
	p.purpose(q.Purpose)
	return errors.Join(p...)
}
