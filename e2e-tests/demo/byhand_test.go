// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStaysUpForTryingByHand(t *testing.T) {
	temporary := temporaryDir(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	up := make(chan struct{})
	out := &watchedWriter{text: "Ctrl-C stops it.", found: func() { close(up) }}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"--commands"}, out, out, false) }()
	select {
	case <-up:
	case code := <-ended:
		t.Fatalf("ended with status %d\n%s", code, out.String())
	}

	t.Run("the printed commands work", func(t *testing.T) {
		answers := runScript(t, printedCommands(out.String()))
		const token, denied, done = `"access_token":"`, "access_denied", `"done": true`
		expected := [][]string{
			{token}, {`"active":true`, `"consent_categories":["GGC002"]`, theCast().client.bsn}, {theCast().client.notes[0], "HTTP 200"},
			{denied}, {done, denied}, {done},
			{token, "HTTP 200\nHTTP 403"}, {`{"active":false}`}, {"HTTP 200\nHTTP 401\nHTTP 401"},
			{done}, {"OK"}, {token}, {done, "credential is revoked"},
			{done, "OK"}, {"HTTP 204"}, {token}, {"HTTP 204"},
			{"Nothing is wrong."}, {"Access given: Mitz says", "page.html"}, {"BROKEN"}, {`"GGC002": "Deny"`},
		}
		require.Len(t, answers, len(expected))
		for i, texts := range expected {
			for _, text := range texts {
				assert.True(t, strings.Contains(answers[i], text), "%q is not in what command %d printed", text, i+1)
			}
			assert.Equal(t, slices.Contains(texts, token), strings.Contains(answers[i], token), "command %d: a token", i+1)
		}
	})

	stop()
	assert.Equal(t, success, <-ended, out.String())
	assert.Contains(t, out.String(), "No patient's number is in any log")
	assertNoNumbers(t, out.String())
	assert.Empty(t, left(t, temporary))
}

// printedCommands cuts the commands out of what was printed; each comes after a comment.
func printedCommands(text string) (commands []string) {
	for _, block := range strings.Split(text, "\n\n") {
		if comment, command, ok := strings.Cut(strings.TrimSpace(block), "\n"); ok && strings.HasPrefix(comment, "# ") {
			commands = append(commands, command)
		}
	}
	return commands
}

// runScript runs the commands in one shell, as someone who copies one after the other,
// and returns what each printed.
func runScript(t *testing.T, commands []string) []string {
	t.Helper()
	const mark = "\n---\n"
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh")
	shell.Stdin = strings.NewReader(strings.Join(commands, "\nprintf '\\n---\\n' >&2\n"))
	shell.Env = []string{"PATH=" + os.Getenv("PATH") + string(os.PathListSeparator) + ownCurl(t)}
	output, err := shell.CombinedOutput()
	require.NoError(t, err, "the output is not shown: it may hold a patient's number")
	return strings.Split(string(output), mark)
}

// ownCurl builds a stand-in for curl, for machines without: it comes last in the path.
func ownCurl(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "curl"), "./testdata/curl").CombinedOutput()
	require.NoError(t, err, "%s", output)
	return dir
}
