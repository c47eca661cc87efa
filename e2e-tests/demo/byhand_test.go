// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
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
		require.Len(t, answers, 7)
		assert.Contains(t, answers[0], `"access_token":"`)
		assert.Contains(t, answers[1], `"active":true`)
		assert.Contains(t, answers[1], `"consent_categories":["GGC002"]`)
		assert.Contains(t, answers[1], theCast().client.bsn)
		assert.Contains(t, answers[2], theCast().client.notes[0])
		assert.Contains(t, answers[2], "HTTP 200")
		assert.Contains(t, answers[3], "access_denied")
		assert.NotContains(t, answers[3], `"access_token"`)
		assert.Contains(t, answers[4], `"done": true`)
		assert.Contains(t, answers[4], "access_denied")
		assert.NotContains(t, answers[4], `"access_token"`)
		assert.Contains(t, answers[5], `"done": true`)
		assert.Contains(t, answers[6], `"GGC002": "Deny"`)
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
