// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"net"
	"net/http"
	"strings"
)

// recovering answers with a fault where the handling of a request panics. What is told of it,
// the hook decides: the cause of a panic may hold anything, and net/http would log it.
func (s *Server) recovering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				s.parts.Hooks.Panicked()
				http.Error(w, "the request could not be handled", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// errorLog takes the lines that net/http logs about connections. What clients sent may be in
// them, so they are not logged as they are.
type errorLog struct{ hooks ServerHooks }

func (l errorLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	switch rest, isHandshake := strings.CutPrefix(text, "http: TLS handshake error from "); {
	case isHandshake:
		from, _, _ := strings.Cut(rest, ": ")
		l.hooks.Broken(host(from))
	case strings.HasPrefix(text, "http: Accept error"): // the system's own words
		l.hooks.Trouble(text)
	default:
		l.hooks.Trouble("net/http met with an error on a connection")
	}
	return len(line), nil
}

// host is an address without its port.
func host(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
