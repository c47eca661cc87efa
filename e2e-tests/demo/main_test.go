// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/words"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// answered is what the stories' patients see in Mitz: what it answered, in the order of the stories.
func answered() [][]string {
	const permit, deny, none = "permit", "deny", "none"
	return [][]string{{deny, permit}, {permit, deny}, {}, {deny, deny}, {permit}, {none, permit}, {}, {}, {deny}, {permit}, {permit}}
}

// TestOnce tells all stories in each language, on real nodes.
func TestOnce(t *testing.T) {
	for _, language := range words.Languages() {
		t.Run(language, func(t *testing.T) {
			temporary := temporaryDir(t)
			texts, err := words.Read(language)
			require.NoError(t, err)
			var stdout, stderr bytes.Buffer

			code := run(t.Context(), []string{"--once", "--language", language}, &stdout, &stderr, false)

			text := stdout.String()
			require.Equal(t, success, code, text+stderr.String())
			assert.Empty(t, stderr.String())
			assert.Empty(t, left(t, temporary))
			assertNoNumbers(t, text)
			for _, wrong := range []string{"✗", "\x1b", words.Missing, "%!", theCast().other.notes[0], texts["record."+theCast().other.notes[0]]} {
				assert.NotContains(t, text, wrong)
			}
			for _, line := range strings.Split(text, "\n") {
				assert.LessOrEqual(t, utf8.RuneCountInString(line), width, line)
			}
			told := strings.Join(strings.Fields(text), " ") // however it is cut into lines
			for i, story := range stories.All() {
				_, own, _ := strings.Cut(told, fmt.Sprintf(" %d. %s ", i+1, texts["story."+story.Key+".title"]))
				own, _, ended := strings.Cut(own, " ✓ "+texts["story."+story.Key+".moral"])
				assert.True(t, ended, story.Key)
				for _, step := range story.Steps {
					assert.Contains(t, own, fmt.Sprintf("- %s → %s", texts["story."+story.Key+"."+step.Key], texts["story."+story.Key+"."+step.Key+".came"]))
				}
				var answers []string
				for _, answer := range answered()[i] {
					answers = append(answers, texts["told.answer."+answer])
				}
				seen := texts.Text("told.unasked", theCast().names()[story.Patient])
				if len(answers) > 0 {
					seen = ": " + strings.Join(answers, ", ") + "."
				}
				assert.True(t, strings.HasSuffix(own, seen), own)
			}
			for _, patient := range []patient{theCast().client, theCast().west, theCast().asked} {
				for _, note := range patient.notes {
					assert.Equal(t, 1, strings.Count(told, texts.Or("record."+note, "?")), note)
				}
			}
			assert.True(t, strings.HasSuffix(text, texts.Text("told.all", len(stories.All()))+"\n"+texts["told.clean"]+"\n"+texts["told.further"]+"\n"), text)
		})
	}
}

func TestAStoryThatEndsOtherwise(t *testing.T) {
	temporary := temporaryDir(t)
	cast := theCast()
	cast.client.bsn = mitztest.PatientAlwaysPermit
	p, out, errors := newPerformance(t, cast)

	code := p.give(t.Context())

	assert.Equal(t, failure, code)
	assert.Equal(t, 2*3, strings.Count(out.String(), "✗ "), "each is told where it failed, and at the end")
	assert.Contains(t, out.String(), "8 of the 11 stories ended as they must. Not so:\n    ✗ 1. First no, then yes\n")
	assert.NotContains(t, out.String(), p.words["told.clean"])
	assert.Contains(t, errors.String(), `FAILED: story 1 (consent), step 1 (refused): the request ended "shown" (HTTP 200, error code ""), and not "denied" (HTTP 400)`)
	assert.Contains(t, errors.String(), "story 2 (withdrawal), step 5 (refused): ")
	assert.Contains(t, errors.String(), "story 9 (kind), step 2 (refused): ")
	kept := left(t, temporary)
	require.Len(t, kept, 1)
	assert.Contains(t, errors.String(), "The logs are kept in "+filepath.Join(temporary, kept[0]))
	assertNoNumbers(t, out.String()+errors.String(), cast.bsns()...)
}

func TestNumberInALog(t *testing.T) {
	temporary := temporaryDir(t)
	cast := theCast()
	cast.client.name = "Patient " + cast.client.bsn // all comes out well, but this gets printed
	p, out, errors := newPerformance(t, cast)

	code := p.give(t.Context())

	assert.Equal(t, failure, code)
	assert.Contains(t, out.String(), "All 11 stories ended as they must.")
	assert.NotContains(t, out.String(), p.words["told.clean"])
	assert.Contains(t, errors.String(), "FAILED: a patient's number is in a log")
	assert.Contains(t, errors.String(), "transcript.log:")
	assert.Len(t, left(t, temporary), 1, "the logs are kept")
}

// newPerformance tells the stories in English, of a cast, into buffers.
func newPerformance(t *testing.T, cast cast) (p performance, out, errors *bytes.Buffer) {
	t.Helper()
	texts, err := words.Read("en")
	require.NoError(t, err)
	out, errors = new(bytes.Buffer), new(bytes.Buffer)
	return performance{words: texts, cast: cast, out: out, errors: errors}, out, errors
}

func TestInterrupted(t *testing.T) {
	for name, test := range map[string]struct {
		arguments []string
		after     string
	}{
		"at once":               {[]string{"--once"}, ""},
		"while it builds":       {nil, "Building bin/trial/nuts-mitz"},
		"while the nodes start": {nil, "Preparing the data holder's node"},
		"within the stories":    {[]string{"--once", "--language", "nl"}, "2. "},
	} {
		t.Run(name, func(t *testing.T) {
			temporary := temporaryDir(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := &watchedWriter{text: test.after, found: cancel}
			if test.after == "" {
				cancel()
			}

			code := run(ctx, test.arguments, out, out, false)

			assert.Equal(t, failure, code)
			assert.Contains(t, out.String(), "FAILED: interrupted before it was ready, or before the stories ended")
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
	for _, arguments := range []string{"--twice", "once", "--language nl", "--once --language de", "--once --language=../nl", "--once --commands"} {
		t.Run("misuse: "+arguments, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, misuse, run(t.Context(), strings.Fields(arguments), &stdout, &stderr, false))
			assert.Contains(t, stderr.String(), "--once")
			assert.Empty(t, stdout.String())
		})
	}
}

func TestTheTerminalsLanguage(t *testing.T) {
	for name, test := range map[string]struct {
		environment map[string]string
		language    string
	}{
		"none":                     {nil, "en"},
		"Dutch":                    {map[string]string{"LANG": "nl_NL.UTF-8"}, "nl"},
		"Dutch without a country":  {map[string]string{"LANG": "nl"}, "nl"},
		"the messages go before":   {map[string]string{"LANG": "nl_NL.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"},
		"everything goes before":   {map[string]string{"LANG": "en_GB.UTF-8", "LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "nl_BE.UTF-8"}, "nl"},
		"another, and the plain C": {map[string]string{"LC_ALL": "C.UTF-8", "LANG": "nl_NL.UTF-8"}, "en"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.language, terminalLanguage(func(key string) string { return test.environment[key] }))
		})
	}
}
