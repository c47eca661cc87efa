// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/words"
)

// readWords reads the words of a language; an empty one is that of the terminal.
func readWords(language string, getenv func(string) string) (words.Words, error) {
	if language == "" {
		language = terminalLanguage(getenv)
	}
	if !slices.Contains(words.Languages(), language) {
		return nil, errors.New("--language must be " + strings.Join(words.Languages(), " or "))
	}
	return words.Read(language)
}

// terminalLanguage is that of the terminal's messages (POSIX.1, 8.2 Internationalization Variables)
// where it is Dutch, and English otherwise.
func terminalLanguage(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := getenv(name); locale != "" {
			if language, _, _ := strings.Cut(locale, "_"); language == "nl" {
				return "nl"
			}
			break
		}
	}
	return "en"
}
