// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package tlsfile reads certificates and private keys as people have them: PEM and PKCS#12
// files that were made by OpenSSL, Java, Windows and by hand, in whatever order and with
// whatever line ends. Nothing in a file is passed over in silence: it is read, or the file
// is refused, with the number of the block and how to convert it. It must never tell what
// a key or password is, and never trust a file that was read in part.
package tlsfile
