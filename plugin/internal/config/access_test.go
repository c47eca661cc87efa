// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

func TestBasesOfRecordServers(t *testing.T) {
	for name, test := range map[string]struct {
		bases  []string
		lax    bool
		wanted string // empty: nothing is wrong
	}{
		"none":                          {nil, false, ""},
		"one":                           {[]string{"https://records.example/fhir"}, false, ""},
		"one at the root":               {[]string{"https://records.example:8443"}, false, ""},
		"of this machine":               {[]string{"http://127.0.0.1:8080/fhir"}, false, ""},
		"in clear text":                 {[]string{"http://records.example/fhir"}, false, "access.fhirbases[0]: must be https in strict mode"},
		"in clear text, outside strict": {[]string{"http://records.example/fhir"}, true, ""},
		"with a slash at the end":       {[]string{"https://records.example/fhir/"}, false, "without a slash"},
		"with a query":                  {[]string{"https://records.example/fhir?a"}, false, "without a query"},
		"with a user":                   {[]string{"https://a:b@records.example/fhir"}, false, "must be a URL"},
		"in capitals":                   {[]string{"https://Records.example/fhir"}, false, "in lower case"},
		"no URL":                        {[]string{"https://ok.example", "records.example/fhir"}, false, "access.fhirbases[1]: must be a URL"},
		"twice":                         {[]string{"https://ok.example", "https://ok.example"}, false, "access.fhirbases[1]: is given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			section := Section{Access: Access{FHIRBases: test.bases}}
			section.Strict = !test.lax
			err := section.validateAccess()
			if test.wanted == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.wanted)
		})
	}
}

func TestResourceTypesOfCategories(t *testing.T) {
	for name, test := range map[string]struct{ content, wanted string }{
		"a table":                   {`{"GGC013": ["MedicationRequest", "Observation?category=http://snomed.info/sct|49581000146104"]}`, ""},
		"an empty one":              {`{}`, "is empty"},
		"no table":                  {`["GGC013"]`, "must be a JSON object of lists"},
		"a category twice":          {`{"GGC013": [], "GGC013": ["Patient"]}`, "must be a JSON object of lists"},
		"of no category of Mitz":    {`{"medication": ["MedicationRequest"]}`, "access.resourcesfile: "},
		"of a type that FHIR lacks": {`{"GGC013": ["Medicine"]}`, "access.resourcesfile: "},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "resources.json")
			require.NoError(t, os.WriteFile(file, []byte(test.content), 0o600))
			read, err := Section{Access: Access{ResourcesFile: file}}.resources()
			if test.wanted == "" {
				require.NoError(t, err)
				assert.Len(t, read["GGC013"], 2)
				return
			}
			require.ErrorContains(t, err, test.wanted)
		})
	}
	read, err := Section{}.resources()
	require.NoError(t, err)
	assert.Equal(t, recordguard.DefaultCategories(), read)
	_, err = Section{Access: Access{ResourcesFile: "absent.json"}}.resources()
	require.ErrorContains(t, err, "access.resourcesfile: ")
}
