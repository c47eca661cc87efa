// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package htu

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSame has what recordattacks.ProvenAddresses cannot: other addresses of the request.
func TestSame(t *testing.T) {
	for _, tc := range []struct {
		name, proven, requested string
		same                    bool
	}{
		{"the root, without its slash", "https://records.example", "https://records.example/", true},
		{"the root, with a query alone", "https://records.example/", "https://records.example?a=b", true},
		{"a port that http has anyway", "http://records.example:80/a", "http://records.example/a", true},
		{"the port of the other scheme", "https://records.example:80/a", "https://records.example/a", false},
		{"another port", "https://records.example:8443/a", "https://records.example/a", false},
		{"a request to another port", "https://records.example/a", "https://records.example:8443/a", false},
		{"an escape that the request has too", "https://records.example/a%2Fb", "https://records.example/a%2Fb", true},
		{"an escape that the request has not", "https://records.example/a%2Fb", "https://records.example/a/b", false},
		{"two that are no URLs", "records", "records", false},
		{"two without a host", "https:///a", "https:///a", false},
		{"two without slashes", "https:records.example/a", "https:records.example/a", false},
		{"two of another scheme", "ftp://records.example/a", "ftp://records.example/a", false},
		{"two with a user", "https://a@records.example/a", "https://a@records.example/a", false},
	} {
		assert.Equal(t, tc.same, Same(tc.proven, tc.requested), tc.name)
	}
}
