// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

func TestOnce(t *testing.T) {
	temporary := temporaryDir(t)
	var stdout, stderr bytes.Buffer

	code := run(t.Context(), []string{"--once"}, &stdout, &stderr, false)

	text := stdout.String()
	require.Equal(t, success, code, text)
	assert.Empty(t, stderr.String())
	assert.Empty(t, left(t, temporary))
	assertNoNumbers(t, text)
	assert.NotContains(t, text, "[FAILED]")
	for _, line := range strings.Split(text, "\n") {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), width, line)
	}
	for _, words := range []string{
		"Step 1 of 10", "Mitz says           no (Deny)", "error code access_denied",
		"Step 2 of 10", "Mitz says           yes (Permit)", theCast().client.notes[1],
		"Step 3 of 10", "HTTP 403 (Forbidden)", "Step 4 of 10", "Step 5 of 10", "HTTP 401 (Unauthorized)", "Step 6 of 10",
		"Step 7 of 10", "rests on what Mitz attested", "Step 8 of 10", "Step 9 of 10", "Step 10 of 10", "rests on what the midwife recorded",
		"All 10 steps came out as they must.", "No patient's number is in any log",
	} {
		assert.Contains(t, text, words)
	}
	assert.NotContains(t, text, theCast().other.notes[0])
}

func TestFailedStory(t *testing.T) {
	temporary := temporaryDir(t)
	cast := theCast()
	cast.client.bsn = mitztest.PatientAlwaysPermit
	var out bytes.Buffer

	code := performance{once: true, cast: cast, out: &out}.give(t.Context())

	assert.Equal(t, failure, code)
	assert.Contains(t, out.String(), "3 of 10 steps did not come out as they must: [1 4 6]")
	assert.Contains(t, out.String(), errStory.Error())
	kept := left(t, temporary)
	require.Len(t, kept, 1)
	assert.Contains(t, out.String(), "The logs are kept in "+filepath.Join(temporary, kept[0]))
	assertNoNumbers(t, out.String(), cast.bsns()...)
}

func TestNumberInALog(t *testing.T) {
	temporary := temporaryDir(t)
	cast := theCast()
	cast.client.name = "Patient " + cast.client.bsn // all comes out well, but this gets printed
	var out bytes.Buffer

	code := performance{once: true, cast: cast, out: &out}.give(t.Context())

	assert.Equal(t, failure, code)
	assert.Contains(t, out.String(), "All 10 steps came out as they must.")
	assert.Contains(t, out.String(), "FAILED: a patient's number is in a log")
	assert.Contains(t, out.String(), "transcript.log:")
	assert.NotContains(t, out.String(), "No patient's number")
	assert.Len(t, left(t, temporary), 1, "the logs are kept")
}

func TestInterrupted(t *testing.T) {
	for name, after := range map[string]string{
		"at once":               "",
		"while it builds":       "Building bin/trial/nuts-mitz",
		"while the nodes start": "Preparing the data holder's node",
		"within the story":      "Step 2 of 10",
	} {
		t.Run(name, func(t *testing.T) {
			temporary := temporaryDir(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := &watchedWriter{text: after, found: cancel}
			if after == "" {
				cancel()
			}

			code := run(ctx, []string{"--once"}, out, out, false)

			assert.Equal(t, failure, code)
			assert.Contains(t, out.String(), "FAILED: interrupted before it was ready, or before the story ended")
			assert.NotContains(t, out.String(), "The demo is ready")
			assert.Empty(t, left(t, temporary))
		})
	}
}

func TestCommandLine(t *testing.T) {
	t.Run("help explains the flags", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, success, run(t.Context(), []string{"--help"}, &stdout, &stderr, false))
		assert.Contains(t, stdout.String(), "--once")
		assert.Empty(t, stderr.String())
	})
	for _, argument := range []string{"--twice", "once"} {
		t.Run("misuse: "+argument, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, misuse, run(t.Context(), []string{argument}, &stdout, &stderr, false))
			assert.Contains(t, stderr.String(), "--once")
			assert.Empty(t, stdout.String())
		})
	}
}
