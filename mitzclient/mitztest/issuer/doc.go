// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package issuer simulates Mitz as an issuer of verifiable credentials: it attests to a
// requester what Mitz decided about a patient's consent, and to an organisation that it is a
// member of the Mitz scheme. It has a did:web of its own and a key that is made when it
// starts, speaks OpenID4VCI as the pinned Nuts node does as a wallet (and answers so that
// newer ones are served too), and keeps a StatusList2021.
//
// It must never be used with real patients. It reads strictly, keeps little and nothing for
// long, and shares no code with the plugin that reads its credentials.
//
// No number of a patient is in a URL: what OpenID4VCI asks for (authorization_details) goes
// through a browser. So a requester's system first posts what it wants attested to Mitz, over
// the mutual TLS that it has with it, and names it in the browser by an opaque reference. It
// says for which wallet, a did:web, and only that wallet gets the credential.
//
// That Mitz issues such credentials is this project's proposal: nothing of it is documented
// by Mitz.
package issuer
