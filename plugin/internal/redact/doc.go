// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package redact takes patients' numbers out of text that is about to be written where
// nobody may read them: the node's log and its traces. The node itself writes there what
// strangers send (a URL, a scope, a claim in an error), so this is the safety net under
// everything, not a substitute for care: what this software writes holds no number to
// begin with.
//
// A number is nine digits, no more, that pass the eleven test. It is found
//
//   - as it is, and in groups of 3-3-3 or 4-2-3 with a space, dot, hyphen or plus between;
//   - in escapes that the node, a browser or a proxy writes by itself, also when they were
//     escaped again, up to three times: %39, %u0039, \x39, \u0039, \U00000039, &#57;, &#x39;,
//     &amp; and \\. Each text is also read without decoding, and with escapes as an end of
//     what is before and after them, since a log does not say which was meant;
//   - in the digits of any script, and with any kind of space or hyphen: names and numbers
//     come from keyboards and documents of every sort;
//   - in base64, of both alphabets and at any offset. It is what a JSON object becomes in a
//     JWT, a Basic header or a disclosure of which the log has one part only.
//
// A JWT is taken out as a whole, for what else it says of a patient. So is the secret path of a
// notification (/mitz/notify/[secret]), also one that is none of ours, and what has the form of
// such a secret in another path: who knows it can end tokens.
//
// It is not found in quoted-printable (mail only: nothing before or in a node writes it,
// and =39 is a common piece of a query), in hexadecimal or compressed text, spelt out in words,
// or with letters between the digits. Whoever goes to such lengths writes about a patient whose
// number he knows already; what is kept out here is what honest software sends.
//
// It costs one pass over the text for each reading, never more than that, whatever the
// text is; and [Text] reads no more than [MaxText] of it. It must never fail, and never
// let a text through because it is unusual.
package redact
