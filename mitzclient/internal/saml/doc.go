// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package saml writes the assertion by which an organisation says who asks Mitz's open query: a
// SAML 2.0 assertion as the profile IHE XUA has it (ITI TF-2, section 3.40), with the attributes
// in the order that Mitz is known to take. It can be signed (SAML 2.0 core, section 5.4).
//
// The package reads no assertions and does no I/O; the time and the randomness are given to it.
// There is no patient in an assertion.
package saml
