// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestTheAuditFileIsWholeWhateverHappens kills the node in the middle of many requests, rotates
// its audit file while it is down, starts it again, rotates the file while it runs, and stops
// it. The chain goes on through the three files, and its end is signed by the node's key.
func TestTheAuditFileIsWholeWhateverHappens(t *testing.T) {
	w, file := auditedWorld(t)
	permit(t, w, patient, "00000659", "GGC002")
	ended := requestUntilGone(t, w)
	require.NoError(t, w.Mitz.WaitForQueries(t.Context(), 9))
	require.NoError(t, syscall.Kill(w.DataHolder.PID(), syscall.SIGKILL))
	ended.Wait()
	require.NoError(t, os.Rename(file, file+".2"))
	require.NoError(t, w.DataHolder.Restart(t.Context(), w.Workspace))
	requestPermitted(t, w)
	require.NoError(t, os.Rename(file, file+".1"))
	requestPermitted(t, w)
	require.NoError(t, w.DataHolder.Stop())
	assert.Equal(t, []string{"query", "consult", "token-issued"}, auditActions(t, file+".1"))
	assert.Equal(t, []string{"query", "consult", "token-issued", "log-signed"}, auditActions(t, file))

	files := []string{"--file", file + ".2", "--file", file + ".1", "--file", file}
	output, err := runAudit(t, append([]string{"verify", "--key", auditKeyInLog(t, w.DataHolder)}, files...)...)
	require.NoError(t, err, output)
	assert.Contains(t, output, ", from number 1 to ")
	assert.Contains(t, output, "Signed summaries that are right: 1, the last for entry ")
	assert.NotContains(t, output, "Nothing is signed yet")
	assert.Contains(t, output, "; entries after it: 1\n", "it vouches for all but itself")

	bsn := filepath.Join(t.TempDir(), "patient.txt")
	require.NoError(t, os.WriteFile(bsn, []byte(patient), 0o600))
	page, err := runAudit(t, append([]string{"show", "--patient-file", bsn}, files...)...)
	require.NoError(t, err, page)
	queries := w.Mitz.Queries()
	for _, each := range queries {
		assert.Contains(t, page, each.RequestID, "each query that Mitz shows the patient")
	}
	// A node that is killed may have written of queries that did not leave any more: one of each of the
	// eight that asked at once.
	assert.LessOrEqual(t, len(queries), strings.Count(page, "<section>"))
	assert.LessOrEqual(t, strings.Count(page, "<section>"), len(queries)+8)

	bundle, err := runAudit(t, append([]string{"show", "--format", "fhir", "--patient-file", bsn}, files...)...)
	require.NoError(t, err, bundle)
	var line bytes.Buffer
	require.NoError(t, json.Compact(&line, []byte(bundle)))
	output, err = validateFHIR(t, append(auditLines(t, file, file+".1", file+".2"), line.String())...)
	assert.NoError(t, err, output)

	content, err := os.ReadFile(file + ".1")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file+".1", []byte(strings.Replace(string(content), patient, otherPatient, 1)), 0o600))
	output, err = runAudit(t, append([]string{"verify"}, files...)...)
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 1, exit.ExitCode())
	assert.Contains(t, output, file+".1, line 1: this entry is not as it was written")
}

// auditLines are all entries in the files.
func auditLines(t *testing.T, files ...string) (lines []string) {
	t.Helper()
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		lines = append(lines, strings.Split(strings.TrimSpace(string(content)), "\n")...)
	}
	return lines
}

func requestPermitted(t *testing.T, w *harness.World) {
	t.Helper()
	answer, err := w.RequestToken(t.Context(), patient, birthCare)
	require.NoError(t, err)
	require.NotEmpty(t, answer.Token())
}

// auditKeyInLog is the thumbprint of the key that signs, as the node logs it.
func auditKeyInLog(t *testing.T, node *harness.Node) string {
	t.Helper()
	content, err := os.ReadFile(node.LogFile())
	require.NoError(t, err)
	found := regexp.MustCompile(`audit_key"?[=:]"?([\w-]{43})`).FindAllSubmatch(content, -1)
	require.Len(t, found, 2, "at each start")
	assert.Equal(t, found[0][1], found[1][1], "the key outlives the node")
	return string(found[0][1])
}

// runAudit runs a command about the audit file, without a configuration.
func runAudit(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), binaries.Mitz, append([]string{"mitz", "audit"}, args...)...)
	command.Dir = t.TempDir()
	content, err := command.CombinedOutput()
	return string(content), err
}

// validateFHIR validates resources, each in JSON, by validators of others.
func validateFHIR(t *testing.T, resources ...string) (output string, err error) {
	t.Helper()
	tools := filepath.Join("..", "bin", "fhir")
	require.DirExists(t, tools, "the validators are not installed: make bin/fhir")
	command := exec.CommandContext(t.Context(), "node", "validate-fhir.cjs")
	command.Dir = tools
	command.Stdin = strings.NewReader(strings.Join(resources, "\n") + "\n")
	content, err := command.CombinedOutput()
	return string(content), err
}
