// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

// maxRequestObject is the largest request object (RFC 9101), in bytes, whether it was sent
// or is got. The node keeps some of what is in it.
const maxRequestObject = 16 << 10
