// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// formOf returns the form of a credential, by its type.
func formOf(credential Credential) (definition.Form, bool) {
	return definition.FormOf(credential.Types)
}

func isOneOf(types, accepted []string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(accepted, t) })
}

// valuesAt returns the texts at any of the paths in a credential's subject. An identifier
// may be a text, an object with a system and a value, or a list of these.
func valuesAt(subject map[string]any, paths []string) []string {
	var texts []string
	seen := map[string]bool{}
	for _, path := range paths {
		for _, at := range membersAt(subject, strings.Split(path, ".")) {
			for _, text := range textsOf(at) {
				if !seen[text] {
					seen[text] = true
					texts = append(texts, text)
				}
			}
		}
	}
	return texts
}

// membersAt follows names through objects, and through lists of them.
func membersAt(value any, names []string) []any {
	if len(names) == 0 {
		return []any{value}
	}
	switch value := value.(type) {
	case map[string]any:
		return membersAt(value[names[0]], names[1:])
	case []any:
		var found []any
		for _, each := range value {
			found = append(found, membersAt(each, names)...)
		}
		return found
	}
	return nil
}

// textsOf returns the texts in an identifier, "system|value" where it has a system.
// Anything else, such as a number, is unreadable.
func textsOf(value any) []string {
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		return []string{value}
	case []any:
		var texts []string
		for _, each := range value {
			if _, nested := each.([]any); nested {
				return []string{unreadable}
			}
			texts = append(texts, textsOf(each)...)
		}
		return texts
	case map[string]any:
		return identifierTexts(value)
	default:
		return []string{unreadable}
	}
}

func identifierTexts(identifier map[string]any) []string {
	raw, exists := identifier["value"]
	if !exists {
		return nil // an object of another kind, whose members have paths of their own
	}
	value, isText := raw.(string)
	system, hasSystem := identifier["system"]
	switch {
	case !isText:
		return []string{unreadable}
	case !hasSystem:
		return []string{value}
	}
	if system, isText := system.(string); isText {
		return []string{system + "|" + value}
	}
	return []string{unreadable}
}

// unreadable stands for a value that is no text; no reader accepts it.
const unreadable = "\x00"
