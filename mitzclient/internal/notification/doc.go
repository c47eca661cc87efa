// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package notification reads what Mitz posts to a subscriber when a patient's consent has
// changed: a FHIR R4 transaction Bundle of Consents, a Patient and an Organization, in XML or
// JSON.
//
// Both forms become the same tree of elements (xml.go, json.go), which is then read in one way
// (bundle.go, consent.go). Only what is known has a place in it. What another reader could take
// for something else is refused: an element or a member twice, a reference to nothing, a
// second patient, a kind of care provider that is both permitted and refused. What FHIR says
// must not change the meaning (narratives, displays, unknown extensions) is passed over, and may
// hide nothing that counts.
//
// The package does no I/O, and never puts text of a message in an error.
package notification
