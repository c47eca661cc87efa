// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
)

// stopRow gives a wrong value to the code, and shows what it says.
func stopRow(t *testing.T, key string, wrong wrongValue) string {
	t.Helper()
	told := problemsWith(t, key, wrong)
	require.NotEmpty(t, told, "%s: %s stops nothing", key, wrong.value)
	value := "`" + wrong.value + "`"
	if wrong.value == removed {
		value = wrong.value
	}
	if wrong.strict {
		value += " in strict mode"
	}
	return fmt.Sprintf("| `%s` | %s | %s |\n", key, strings.ReplaceAll(value, "|", `\|`), strings.ReplaceAll(strings.Join(told, "<br>"), "|", `\|`))
}

// problemsWith returns what the code says of an example with one key changed, which has nothing wrong
// otherwise, as far as it is about that key.
func problemsWith(t *testing.T, key string, wrong wrongValue) (told []string) {
	t.Helper()
	var example map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(exampleOf(wrong.strict)), &example))
	set(t, example, strings.Split(key, "."), wrong.value)
	file, err := yaml.Marshal(map[string]any{"mitz": example})
	require.NoError(t, err)
	section, _, err := readFile(string(file))
	problems := errlist.Each(err)
	if len(problems) == 0 {
		section.Strict = wrong.strict
		_, err = construct(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
		problems = nil
		if err != nil {
			_, texts, _ := strings.Cut(err.Error(), ": mitz.")
			for _, text := range strings.Split(texts, "; mitz.") {
				problems = append(problems, fmt.Errorf("mitz.%s", text))
			}
		}
	}
	about := "mitz." + strings.ReplaceAll(key, "[]", "[0]")
	for _, problem := range problems {
		if text := problem.Error(); strings.HasPrefix(text, about) {
			told = append(told, strings.TrimPrefix(text, "mitz."))
		}
	}
	if len(told) == 0 { // it is told at the key that is missing with it
		for _, problem := range problems {
			told = append(told, strings.TrimPrefix(problem.Error(), "mitz."))
		}
	}
	return told
}

// exampleOf is a section in which nothing is wrong, but for the files of strict mode.
func exampleOf(strict bool) string {
	section := `
endpoint: http://mitz.example/tst-us/mitz
dataholders: [{subject: hospital-east, ura: "00000659", facilitytype: V6}]
profiles: [{scope: birth-care, categories: [GGC002], purpose: TREAT}]
trust:
  organization: ["did:x509:0:sha256:WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk::*"]
  facilitytype: ["did:web:vektis.example"]
  practitioner: [holder]
  enrollment: [holder]
`
	if strict {
		section = strings.Replace(section, "http:", "https:", 1)
	}
	return section
}

// set puts a value at a path, in the first entry of a list.
func set(t *testing.T, at map[string]any, path []string, value string) {
	t.Helper()
	name, inList := strings.CutSuffix(path[0], "[]")
	switch {
	case inList:
		list, isList := at[name].([]any)
		require.True(t, isList, name)
		entry, isMap := list[0].(map[string]any)
		require.True(t, isMap, name)
		set(t, entry, path[1:], value)
	case len(path) > 1:
		below, isMap := at[name].(map[string]any)
		if !isMap {
			below = map[string]any{}
			at[name] = below
		}
		set(t, below, path[1:], value)
	case value == removed:
		delete(at, name)
	default:
		var given yaml.Node
		require.NoError(t, yaml.Unmarshal([]byte(value), &given))
		at[name] = given.Content[0]
	}
}
