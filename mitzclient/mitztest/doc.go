// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package mitztest simulates Mitz, the national register of patients' consents,
// as far as its closed query ("gesloten autorisatievraag"), its open query ("open
// autorisatievraag"), its subscriptions and its notifications go. It serves tests of software that asks Mitz, and demonstrations on one
// machine.
//
// It must never be used with real patients: it listens on loopback addresses only,
// keeps whatever is recorded in memory, and invents its decisions.
//
// A [Simulator] reads what it receives as strictly as the documentation allows
// (the Mitz guide OpenGesloten 3.8.2, as far as public sources cite it)
// and shares no code with the client, on purpose: it has its own forms, OIDs, naming
// systems and XML reader, a second reading of the same text, so that an error in one
// of them shows. What deviates gets a SOAP fault that says
// precisely what is wrong, and no answer; that text never repeats what was received,
// as it could hold a patient's number. A subscription that deviates gets an OperationOutcome.
//
// When a consent is recorded, changed or withdrawn, each subscription to that patient's consents
// at that data holder is notified: of one data category, what is permitted and what is refused,
// as a transaction Bundle. It is sent once, and [Simulator.WaitForNotifications] waits for it.
//
// With an issuer (package issuer) it is also Mitz as an issuer of credentials, which attest
// what is decided here, and are revoked when that ends.
//
// A [Simulator] can also be told to misbehave, see [Behaviour]; [AllFaults] lists
// the ways that must never lead to a permission.
//
// What is inferred rather than documented: the Action of a fault and the statuses
// of a refusal, where an answer declares its namespaces, that assigningAuthorityName
// is optional on a mandated professional, and that the purpose of use makes no
// difference to a decision. Of the open query, the form of the answer, which data holders it
// names, and that nothing may be signed otherwise. Of subscriptions, which status goes with what: 400 for what
// cannot be read, 422 for what it says; that X-Request-Id and Authorization may be
// absent. Of notifications, the form in JSON, and which organisation type is of which kind
// of care provider. The SOAP headers may come in any order, and those of others
// are passed over, as SOAP has it.
//
// The command cmd/mitz-simulator is this package for whoever does not write Go.
package mitztest
