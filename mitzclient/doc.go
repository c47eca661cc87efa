// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package mitzclient speaks to Mitz, the national register of consent: it asks
// the closed query ("gesloten autorisatievraag") over mutual TLS.
//
// Every query is recorded and shown to the patient, so one call to
// [Client.Consult] sends at most one query, and one to [Link.Consult] a second only
// when the first failed on its way. The package decides nothing: it
// reports what Mitz decided, after establishing that the answer is about the
// question. Nothing that Mitz wrote and nothing about a patient ever stands in an
// error. The package knows no Nuts.
package mitzclient
