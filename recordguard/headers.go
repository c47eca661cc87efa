// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"net/http"
	"strings"
)

// CheckHeaders returns [HeaderRefused] for a request that a server behind could take for another
// one than it was judged to be: by a header with another method or address in it, by a body that
// is packed, and by what a proxy leaves out or hands on after an upgrade. A [Guard] does this
// itself; do it too where [ReadFHIR] is used without one.
func CheckHeaders(header http.Header) error {
	for name := range header {
		hyphened := http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
		if overriding[hyphened] || hyphened != name && framing[hyphened] {
			return HeaderRefused
		}
	}
	// Of the names in Connection a proxy takes the headers away, such as the type of a form.
	for _, names := range header.Values("Connection") {
		for name := range strings.SplitSeq(names, ",") {
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "", "close", "keep-alive", "te":
			default:
				return HeaderRefused
			}
		}
	}
	if len(header.Values("Content-Type")) > 1 {
		return HeaderRefused
	}
	return nil
}

// overriding are headers with which some servers, frameworks and proxies replace what a request
// says of itself. After an upgrade nobody looks at what is sent.
var overriding = map[string]bool{
	"X-Http-Method-Override": true, "X-Http-Method": true, "X-Method-Override": true, "X-Original-Method": true, "X-Forwarded-Method": true,
	"X-Original-Url": true, "X-Original-Uri": true, "X-Original-Path": true, "X-Rewrite-Url": true, "X-Rewrite-Uri": true, "X-Rewrite-Path": true,
	"X-Http-Path-Override": true, "X-Forwarded-Uri": true, "X-Forwarded-Path": true, "X-Envoy-Original-Path": true,
	"Content-Encoding": true, "Upgrade": true,
}

// framing are headers that say what the body is. Some servers take one with an underscore for the
// header itself.
var framing = map[string]bool{"Content-Type": true, "Content-Length": true, "Transfer-Encoding": true}
