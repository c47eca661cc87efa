// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const report = `
{"config": {"protocol_version": "v1.0.0", "scan_level": "symbol"}}
{"progress": {"message": "Fetching"}}
{"osv": {"id": "GO-1"}}
{"finding": {"osv": "GO-1", "trace": [{"module": "m", "version": "v1"}]}}
{"finding": {"osv": "GO-1", "trace": [{"module": "m", "version": "v1", "package": "m/p"}]}}
{"finding": {"osv": "GO-1", "trace": [{"module": "m", "package": "m/p", "function": "F"}, {"module": "ours", "function": "main"}]}}
{"finding": {"osv": "GO-1", "trace": [{"module": "m", "package": "m/p", "function": "G"}]}}
{"finding": {"osv": "GO-2", "trace": [{"module": "m", "package": "m/q"}]}}
`

func TestReadFindings(t *testing.T) {
	found, err := readFindings(strings.NewReader(report))
	require.NoError(t, err)
	assert.Equal(t, []finding{{"GO-1", "m"}}, found, "once each, and only what is reached")
	for name, text := range map[string]string{
		"a report that was cut off":       report[:len(report)-20],
		"no report":                       "",
		"a report of a scan of less":      strings.Replace(report, `"symbol"`, `"module"`, 1),
		"something that is not a report":  "No vulnerabilities found.",
		"a report without a scan's level": `{"progress": {}}`,
	} {
		t.Run(name+" is an error", func(t *testing.T) {
			_, err := readFindings(strings.NewReader(text))
			assert.Error(t, err)
		})
	}
}

func TestCompare(t *testing.T) {
	symbols := []byte("  1234 T m/p.F\n  1235 T m/p.Proxy.func1\n")
	for _, tc := range []struct {
		name     string
		judged   []accepted
		found    []finding
		problems []string
	}{
		{"what is found was judged", []accepted{{ID: "GO-1", Module: "m", Absent: []string{"p.Decompress"}}}, []finding{{"GO-1", "m"}}, nil},
		{"nothing is found and nothing was judged", nil, nil, nil},
		{"nobody judged what is found", nil, []finding{{"GO-1", "m"}}, []string{"GO-1 in m is reached"}},
		{"it was judged in another module", []accepted{{ID: "GO-1", Module: "n"}}, []finding{{"GO-1", "m"}},
			[]string{"GO-1 in m is reached", "GO-1 in n is found no longer"}},
		{"what was judged is found no longer", []accepted{{ID: "GO-1", Module: "m"}}, nil, []string{"GO-1 in m is found no longer"}},
		{"the node holds what the reason says it does not", []accepted{{ID: "GO-1", Module: "m", Absent: []string{"p.Proxy"}}}, []finding{{"GO-1", "m"}},
			[]string{"the node holds p.Proxy"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := compare(tc.judged, tc.found, symbols)
			if tc.problems == nil {
				require.NoError(t, err)
			}
			for _, problem := range tc.problems {
				assert.ErrorContains(t, err, problem)
			}
		})
	}
}

func TestAcceptedFindingsHaveReasons(t *testing.T) {
	list, err := parseAccepted(judgements)
	require.NoError(t, err)
	for _, each := range list {
		assert.Greater(t, len(strings.Fields(each.Reason)), 10, each.ID)
	}
	_, err = parseAccepted([]byte(`[{"id": "GO-1", "module": "m"}]`))
	assert.ErrorContains(t, err, "reason")
	_, err = parseAccepted([]byte(`[{"id": "GO-1", "module": "m", "reason": "r", "absend": []}]`))
	assert.Error(t, err)
}
