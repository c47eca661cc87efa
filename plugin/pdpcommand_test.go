// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/cmd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pointSection is a configuration of a decision point, outside strict mode.
const pointSection = `
url: https://node.example
strictmode: false
mitz:
  endpoint: http://127.0.0.1:1
  pdp: {address: "127.0.0.1:0"}
  dataholders: [{subject: hospital-east, ura: "00000659", facilitytype: V6}]
  profiles: [{scope: birth-care, categories: [GGC002], purpose: TREAT}]
  trust: {organization: ["did:web:cibg.example"], facilitytype: ["did:web:vektis.example"], practitioner: [holder], enrollment: [holder]}
`

// runPoint runs "mitz pdp" with a configuration. What it says of where it listens goes to out.
func runPoint(t *testing.T, ctx context.Context, out io.Writer, settings string, arguments ...string) error {
	t.Helper()
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("nuts.yaml", []byte(settings), 0o600))
	system := cmd.CreateSystem(func() {})
	require.NoError(t, Install(system))
	root := cmd.CreateCommand(system)
	AddCommands(root, system)
	root.SetOut(out)
	root.SetErr(io.Discard)
	root.SetArgs(append([]string{"mitz", "pdp", "--configfile", "nuts.yaml"}, arguments...))
	return root.ExecuteContext(ctx)
}

func TestADecisionPointDoesNotStart(t *testing.T) {
	for name, tc := range map[string]struct {
		change    [2]string // in the configuration
		arguments []string
		problem   string
	}{
		"without a section":             {[2]string{"mitz:", "other:"}, nil, "mitz"},
		"when it is off":                {[2]string{"  endpoint", "  enabled: false\n  endpoint"}, nil, "unable to configure mitz: mitz.enabled is false, and so nothing to decide"},
		"with a mistake in the section": {[2]string{"endpoint:", "endpont:"}, nil, "mitz.endpont: no such key; did you mean endpoint?"},
		"for everybody":                 {[2]string{"127.0.0.1:0", "0.0.0.0:0"}, nil, "mitz.pdp.address: can be reached from other machines"},
		"without its tokens":            {[2]string{"pdp: {", "pdp: {tokenfile: none, "}, nil, "mitz.pdp.tokenfile: stat none"},
		"on a file that is no log":      {[2]string{"  pdp:", "  audit: {file: /}\n  pdp:"}, nil, "mitz.audit.file: "},
		"on what nobody proves":         {[2]string{"strictmode: false", "strictmode: true"}, nil, "mitz.endpoint: must be https in strict mode"},
		"where somebody else listens":   {[2]string{"127.0.0.1:0", "192.0.2.1:1, tls: {}"}, nil, "mitz.pdp."},
		"with what may be a number":     {[2]string{"", ""}, []string{"900186021"}, "pdp takes no arguments"},
		"with an unknown flag":          {[2]string{"", ""}, []string{"--bsn=900186021"}, "unknown flag"},
	} {
		t.Run(name, func(t *testing.T) {
			out := &strings.Builder{}
			err := runPoint(t, t.Context(), out, strings.Replace(pointSection, tc.change[0], tc.change[1], 1), tc.arguments...)
			require.ErrorContains(t, err, tc.problem)
			assert.NotContains(t, err.Error(), "900186021")
			assert.Empty(t, out.String(), "it answers nowhere")
		})
	}
}

// TestADecisionPointOpensNothingOfANode starts and stops one, and looks for files.
func TestADecisionPointOpensNothingOfANode(t *testing.T) {
	captureLog(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	reader, writer := io.Pipe()
	go func() {
		line := make([]byte, 200)
		n, _ := reader.Read(line)
		address, _, _ := strings.Cut(strings.TrimPrefix(string(line[:n]), "The decision point answers at "), "/internal/")
		for _, path := range []string{"/status", "/health", "/metrics"} {
			response, err := http.Get(address + path)
			if assert.NoError(t, err) {
				assert.Equal(t, http.StatusOK, response.StatusCode, path)
				assert.NoError(t, response.Body.Close())
			}
		}
		http.DefaultClient.CloseIdleConnections()
		stop()
	}()
	require.NoError(t, runPoint(t, ctx, writer, pointSection))
	files, err := filepath.Glob("*")
	require.NoError(t, err)
	assert.Equal(t, []string{"nuts.yaml"}, files)
}
