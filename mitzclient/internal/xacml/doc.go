// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package xacml holds the message forms of Mitz's closed query ("gesloten
// autorisatievraag"): [EncodeRequest] writes the question, [DecodeResponse] reads
// the answer, [Response.Match] compares the answer with the question. The forms
// are those of the Mitz guide OpenGesloten 3.8.2: SOAP 1.2, WS-Addressing 1.0,
// XACML 3.0 and the HL7 v3 data types II and CV.
//
// The package does no I/O. It never takes anything for a Permit that another
// reader of the same bytes could take for something else, so the decoder knows
// one path and refuses the rest. It never puts text of an answer in an error, and
// what an answer says leaves it only as decisions about what was asked.
package xacml
