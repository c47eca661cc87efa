// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pages

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// policy is the Content Security Policy (W3C CSP level 3) of all that is served: nothing from
// elsewhere, and nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm bounds a form.
const maxForm = 4 << 10

// guarded lets in only what a page of this server has a browser on this machine send. A page of
// another origin says so in Origin or Sec-Fetch-Site, and one that made its own name lead here has
// that name in Host.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		// Not no-referrer: with that a browser sends "Origin: null" with the forms (Fetch, section 3.1).
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !loopback(r.Host) || !sameOrigin(r) {
			http.Error(w, "this is for a browser on this machine, and for pages of this address", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r)
	})
}

// sameOrigin reports whether a request is of a page of this server. What changes something must
// say so; what only looks may say nothing, as when somebody types the address.
func sameOrigin(r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	if origin != "" && origin != "http://"+r.Host {
		return false
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		// A link on another page may lead here, but no page may fetch from here.
		return site != "cross-site" || r.Header.Get("Sec-Fetch-Mode") == "navigate"
	}
	return origin != "" && (site == "" || site == "same-origin")
}

func loopback(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.Trim(hostPort, "[]")
	}
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}
