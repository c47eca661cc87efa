// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package registration holds the messages by which a data holder registers a patient's consent at
// Mitz: [Encode] writes a FHIR R4 transaction Bundle in JSON, [DecodeAnswer] reads the answer, and
// [DecodeStatus] how many consents are not processed yet.
//
// The profiles of these messages are not public. What is public of them are the transactions
// (OTV-TR-0150, and the processing status), and the form of a Consent in notifications: that is
// the form here. So it is an informed guess, kept in this one place.
//
// The package does no I/O, writes only what [Request.Validate] lets through, and never puts a
// value in an error. The patient's number stands in the message's body alone.
package registration
