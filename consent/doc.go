// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package consent is the vocabulary of a consent question: who asks whom about
// which patient, which data and why, and what the answer can be.
//
// A [BSN] exists only when it was checked; the other values are checked where they are
// parsed, and by [Question.Validate]. The package does no I/O, knows neither Nuts nor
// Mitz's wire format, and must never put a patient's number in text.
package consent
