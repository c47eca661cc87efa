// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordattacks

// ProvenAddress is the htu of a DPoP proof, and whether it is that of a request.
type ProvenAddress struct {
	Name    string
	Address string
	Good    bool
}

// RequestedAddress is where the request of [ProvenAddresses] is sent.
const RequestedAddress = "https://records.example/fhir/Patient/1?_elements=id"

// ProvenAddresses are what proofs can be for, for all who look at proofs (RFC 9449 section 4.3,
// step 9).
func ProvenAddresses() []ProvenAddress {
	const address = "https://records.example/fhir/Patient/1"
	return []ProvenAddress{
		{"the address", address, true},
		{"the address with its query", RequestedAddress, true},
		{"the address with another query", address + "?_elements=name", true},
		{"the address with a fragment", address + "#name", true},
		{"the address with the port that https has", "https://records.example:443/fhir/Patient/1", true},
		{"another path", "https://records.example/fhir/Patient/2", false},
		{"a path that is longer", address + "/", false},
		{"a path with a step", "https://records.example/fhir/x/../Patient/1", false},
		{"a path with an escaped letter", "https://records.example/fhir/P%61tient/1", false},
		{"a path with an escaped query", address + "%3F_elements=id", false},
		{"no path", "https://records.example", false},
		{"another host", "https://other.example/fhir/Patient/1", false},
		{"a host in capitals", "https://RECORDS.example/fhir/Patient/1", false},
		{"a host with a user", "https://records.example@other.example/fhir/Patient/1", false},
		{"a user", "https://a@records.example/fhir/Patient/1", false},
		{"another port", "https://records.example:8443/fhir/Patient/1", false},
		{"another scheme", "http://records.example/fhir/Patient/1", false},
		{"no scheme", "//records.example/fhir/Patient/1", false},
		{"a path alone", "/fhir/Patient/1", false},
		{"what is no URL", "https://[::1", false},
		{"nothing", "", false},
	}
}
