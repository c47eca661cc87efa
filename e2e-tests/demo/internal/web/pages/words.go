// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pages

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed words/*.json
var wordFiles embed.FS

// languages are those that there are words in; the first is that of who wants none of them.
var languages = []string{"nl", "en"}

// words are the texts of one language by their keys.
type words map[string]string

func readWords(language string) (words, error) {
	content, err := wordFiles.ReadFile("words/" + language + ".json")
	if err != nil {
		return nil, err
	}
	var all words
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, fmt.Errorf("the words of %s: %w", language, err)
	}
	return all, nil
}

// missing marks a key that has no words: the tests look for it.
const missing = "⟦"

// text returns the words for a key, with arguments in them.
func (w words) text(key string, arguments ...any) string {
	found, ok := w[key]
	switch {
	case !ok:
		return missing + key + "⟧"
	case len(arguments) == 0:
		return found
	default:
		return fmt.Sprintf(found, arguments...)
	}
}

// or returns the words for a key, and another text where there are none.
func (w words) or(key, otherwise string) string {
	if found, ok := w[key]; ok {
		return found
	}
	return otherwise
}
