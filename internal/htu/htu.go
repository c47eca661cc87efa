// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package htu compares the address that a DPoP proof is for with the one of a request. All who
// look at proofs compare by it, so that none takes what another refuses.
package htu

import (
	"net/url"
	"strings"
)

// Same reports whether a proof's htu is the URL of a request, without query and fragment of
// either (RFC 9449 section 4.3, step 9).
func Same(proven, requested string) bool {
	one, ok := plain(proven)
	other, isURL := plain(requested)
	return ok && isURL && one == other
}

// plain returns scheme, host with port, and path of an http or https URL. The port that a scheme
// has anyway is left out, and an empty path is the root (RFC 3986 section 6.2.3); nothing else is
// made equal.
func plain(text string) (parts [3]string, ok bool) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.User != nil {
		return parts, false
	}
	port := map[string]string{"http": "80", "https": "443"}[parsed.Scheme]
	if port == "" {
		return parts, false
	}
	path := parsed.EscapedPath()
	if path == "" {
		path = "/"
	}
	return [3]string{parsed.Scheme, strings.TrimSuffix(parsed.Host, ":"+port), path}, true
}
