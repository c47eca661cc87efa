// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package location holds the message forms of Mitz's open query ("open autorisatievraag"):
// [EncodeRequest] writes the question, [DecodeResponse] reads the answer, [Response.Match]
// compares the answer with the question. The forms are those of the Patient Location Query of
// IHE XCPD (ITI TF-2, section 3.56) in SOAP 1.2 and WS-Addressing 1.0, with Mitz's three
// elements more.
//
// No raw answer of Mitz is public. So the decoder depends neither on the order of an answer's
// elements nor on how it writes a data category. In all else it is as strict as that of the
// closed query: it knows one path and refuses the rest.
//
// The package does no I/O. It never puts text of an answer in an error, and what an answer says
// leaves it only once it is established that it is about the patient who was asked about.
package location
