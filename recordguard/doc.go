// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package recordguard does what a record server must do at each request before it releases
// data about a patient: it finds out what the access token is for, what the request asks for,
// and lets the request through only if the first covers the second.
//
// A token is for one patient, at one data holder, for the data categories that Mitz permitted;
// only the data holder's own Nuts node knows, and tells it when the token is introspected. The
// rules are in [Rules.Judge], and what cannot be judged is refused: [ReadFHIR] reads requests
// of FHIR R4's REST interface, and takes only those of which it can tell whom they are about.
//
// The package never decides about consent, keeps no token and no answer, and never puts a
// patient's number, or anything else that came with a request, into an error.
package recordguard
