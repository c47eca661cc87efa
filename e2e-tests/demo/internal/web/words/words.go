// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package words has the texts of the demo in Dutch and English, for its pages and for the terminal.
// It knows nothing of what they are about.
package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

//go:embed *.json
var files embed.FS

var languages = []string{"nl", "en"}

// Languages are those that there are words in; the first is that of who wants none of them.
func Languages() []string { return slices.Clone(languages) }

// Words are the texts of one language by their keys.
type Words map[string]string

// Read reads the words of one of [Languages].
func Read(language string) (Words, error) {
	content, err := files.ReadFile(language + ".json")
	if err != nil {
		return nil, err
	}
	var all Words
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, fmt.Errorf("the words of %s: %w", language, err)
	}
	return all, nil
}

// Missing marks a key that has no words: the tests look for it.
const Missing = "⟦"

// Text returns the words for a key, with arguments in them.
func (w Words) Text(key string, arguments ...any) string {
	found, ok := w[key]
	switch {
	case !ok:
		return Missing + key + "⟧"
	case len(arguments) == 0:
		return found
	default:
		return fmt.Sprintf(found, arguments...)
	}
}

// Or returns the words for a key, and another text where there are none.
func (w Words) Or(key, otherwise string) string {
	if found, ok := w[key]; ok {
		return found
	}
	return otherwise
}

// Date writes a date of the form YYYY-MM-DD as people do.
func (w Words) Date(text string) string {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	return fmt.Sprintf("%d %s %d", day.Day(), w.Text("month."+day.Format("01")), day.Year())
}
