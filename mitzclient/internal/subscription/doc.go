// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package subscription holds the messages by which a data holder subscribes to a patient's
// consent: [Encode] writes a FHIR R4 Subscription in XML or JSON, [ID] reads from the answer's
// header how Mitz calls it.
//
// The package does no I/O, writes only what [Request.Validate] lets through, and never puts a
// value in an error. The patient's number stands in the message's body alone.
package subscription
