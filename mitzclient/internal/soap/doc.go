// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package soap reads the envelopes in which Mitz answers: SOAP 1.2 with the headers of
// WS-Addressing 1.0. A [Reader] reads one, and leaves the element in its body to who knows the
// kind of message.
//
// The package does no I/O. It knows one path through an envelope and refuses the rest, so that
// nothing beside that path can be taken for an answer. It never puts text of an answer in what
// it says about it.
package soap
