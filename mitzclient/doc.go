// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package mitzclient speaks to Mitz, the Dutch national register of consent: it asks the
// closed query ("gesloten autorisatievraag") over mutual TLS.
//
// A [Link] asks as software in production must: every consult ends in time, and Mitz is
// neither overrun nor asked while it is down. Make one with [NewLink], start it, ask with
// [Link.Consult], and close it. A [Client] asks once, with nothing around it. Both try the way
// to Mitz with Probe, which asks nothing.
//
// The question is a [consent.Question]. The answer has a decision for each data category that
// was asked; only [consent.Permit] permits. Whatever else happens is an [*Error] with a stable
// code, and consent is not established.
//
// Every query is recorded and shown to the patient. So one call of Client.Consult sends at most
// one query, and one of Link.Consult a second only when the first failed on its way; a [Trace]
// is told of each before it leaves.
//
// A requester learns by [Link.Locate], the open query ("open autorisatievraag"), which data
// holders may share a patient's data with it.
//
// A data holder can have itself told when a patient's consent changes: [Link.Subscribe] asks
// Mitz for it, and [ReadNotification] reads what Mitz then posts.
//
// The package decides nothing: it reports what Mitz decided, after it established that the
// answer is about the question. Nothing that Mitz wrote and nothing about a patient ever
// stands in an error. The package knows no Nuts. Package mitztest is a Mitz for tests.
package mitzclient
