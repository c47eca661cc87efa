// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package wire carries messages to Mitz and back: HTTP/1.1 over mutual TLS. A [Peer] is Mitz
// with the certificate and roots in use, which all operations share; a [Line] is what one
// operation reaches it by, with connections that no other operation can take.
//
// The package knows no message. Nothing that Mitz wrote stands in a failure.
package wire
