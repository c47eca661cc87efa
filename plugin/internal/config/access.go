// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
	"github.com/nuts-mitz/nuts-mitz/internal/textfile"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// Access says what is known of the record servers whose gateways ask this node about requests.
type Access struct {
	// FHIRBases are the base URLs of FHIR servers, as requesters know them; none: requests are not
	// read here, and their gateways tell whom and what they are about.
	FHIRBases []string `koanf:"fhirbases"`
	// ResourcesFile says which resource types a data category covers, as a JSON object of lists;
	// empty: [recordguard.DefaultCategories].
	ResourcesFile string `koanf:"resourcesfile"`
}

func addAccessFlags(flags *pflag.FlagSet, unset Access) {
	flags.String("mitz.access.resourcesfile", unset.ResourcesFile, "JSON file that says which FHIR resource types each data category of Mitz covers, in the place of the built-in table: an object of lists, such as {\"GGC013\": [\"MedicationRequest\"]}.")
}

// validateAccess says what is wrong with the addresses of record servers.
func (s Section) validateAccess() error {
	var problems []error
	for i, base := range s.Access.FHIRBases {
		key := fmt.Sprintf("access.fhirbases[%d]", i)
		parsed, err := url.Parse(base)
		switch {
		case err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" || parsed.User != nil:
			problems = append(problems, errors.New(key+": must be a URL such as https://records.example/fhir"))
		case strings.ContainsAny(base, "?#") || strings.HasSuffix(base, "/") || parsed.String() != base || strings.ToLower(parsed.Host) != parsed.Host:
			problems = append(problems, errors.New(key+": must be without a query, without a slash at its end, and with the host in lower case"))
		case s.Strict && parsed.Scheme != "https" && !isLoopback(parsed.Hostname()):
			problems = append(problems, errors.New(key+": must be https in strict mode: a token would be read on its way"))
		case slices.Contains(s.Access.FHIRBases[:i], base):
			problems = append(problems, errors.New(key+": is given twice"))
		}
	}
	return errors.Join(problems...)
}

func isLoopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

// resources returns which resource types a data category covers.
func (s Section) resources() (recordguard.Categories, error) {
	file := s.Access.ResourcesFile
	if file == "" {
		return recordguard.DefaultCategories(), nil
	}
	fail := func(err error) (recordguard.Categories, error) {
		return nil, fmt.Errorf("access.resourcesfile: %w", err)
	}
	content, err := textfile.Read(file)
	if err != nil {
		return fail(err)
	}
	var categories recordguard.Categories
	if strictjson.Check(content, nil) != nil || json.Unmarshal(content, &categories) != nil {
		return fail(errors.New("must be a JSON object of lists, such as {\"GGC013\": [\"MedicationRequest\"]}, with each category once"))
	}
	if len(categories) == 0 {
		return fail(errors.New("is empty, so nothing is covered: leave it out for the built-in table"))
	}
	// The other rules are those of a data holder that is there.
	rules := recordguard.Rules{DataHolder: "00000659", Scopes: map[string][]string{"any": nil}, Categories: categories}
	if err := rules.Validate(); err != nil {
		return fail(err)
	}
	return categories, nil
}
