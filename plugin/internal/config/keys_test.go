// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/cmd"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// configKey is a key of the configuration, found in the type that it is read into: a new
// one is tested without anybody thinking of it.
type configKey struct {
	path string // as problems name it: mitz.profiles[0].scope
	kind string // text, bool, duration, number, section, list or map
	// render writes a configuration with a value at this key.
	render func(value string) string
}

// configKeys finds every key, entries of lists included.
func configKeys(t reflect.Type, path string, render func(string) string) (keys []configKey) {
	var kind string
	switch {
	case t == reflect.TypeFor[time.Duration]():
		kind = "duration"
	case t.Kind() == reflect.String:
		kind = "text"
	case t.Kind() == reflect.Bool:
		kind = "bool"
	case t.Kind() == reflect.Struct:
		kind = "section"
		for _, field := range reflect.VisibleFields(t) {
			if tag := field.Tag.Get("koanf"); !field.Anonymous && tag != "-" {
				keys = append(keys, configKeys(field.Type, path+"."+tag, func(value string) string {
					return render(fmt.Sprintf("{%s: %s}", tag, value))
				})...)
			}
		}
	case t.Kind() == reflect.Slice:
		kind = "list"
		keys = configKeys(t.Elem(), path+"[0]", func(value string) string { return render("[" + value + "]") })
	case t.Kind() == reflect.Map:
		kind = "map"
		keys = configKeys(t.Elem(), path+".key", func(value string) string { return render("{key: " + value + "}") })
	default:
		kind = "number"
	}
	return append(keys, configKey{path, kind, render})
}

func allConfigKeys(t *testing.T) []configKey {
	t.Helper()
	keys := configKeys(reflect.TypeFor[Section](), "mitz", func(value string) string { return "mitz: " + value + "\n" })
	require.Greater(t, len(keys), 30)
	return keys
}

// isScalar reports whether a key is one that the environment and the command line can give.
func (k configKey) isScalar() bool {
	return !slices.Contains([]string{"section", "list", "map"}, k.kind) && !k.inList() && !k.inMap()
}

func (k configKey) inMap() bool { return slices.Contains(strings.Split(k.path, "."), "key") }

func (k configKey) inList() bool { return strings.Contains(k.path, "[") }

// shapes are what YAML can hold, and the kinds of keys that each is right for. A text that
// stands where a list of texts belongs is a list of one.
var shapes = []struct {
	name, yaml string
	right      []string
}{
	{"a text", "abc", []string{"text"}},
	{"an empty text", "''", []string{"text"}},
	{"a text with a comma", "'a,b'", []string{"text"}},
	{"a number", "12", []string{"text", "number"}},
	{"a number in quotes", "'12'", []string{"text", "number"}},
	{"a number that begins with zeros", "00001234", nil},
	{"a number that begins with zeros and is no octal one", "00000659", nil},
	{"a hexadecimal number", "0x1f", nil},
	{"a number with underscores", "1_000", nil},
	{"a number with a fraction", "1.5", nil},
	{"a number with an exponent", "1e3", nil},
	{"no number", ".nan", nil},
	{"a time", "3s", []string{"text", "duration"}},
	{"a time without a unit, in quotes", "'3'", []string{"text", "number"}},
	{"a time in days", "30d", []string{"text"}},
	{"true", "true", []string{"bool"}},
	{"true in quotes", "'true'", []string{"text", "bool"}},
	{"the word no", "no", []string{"text"}},
	{"the word on", "on", []string{"text"}},
	{"a date", "2026-01-01", nil},
	{"a date with a time", "2026-01-01T12:00:00Z", nil},
	{"nothing", "", nil},
	{"a tilde", "~", nil},
	{"the word null", "null", nil},
	{"a tag of somebody's", "!secret abc", nil},
	{"bytes", "!!binary YWJj", nil},
	{"a list of a list", "[[abc]]", nil},
	{"a list of a map of maps", "[{a: {b: c}}]", nil},
	{"a map of maps", "{a: {b: c}}", nil},
	{"a map with a key twice", "{a: b, a: c}", nil},
	{"a map with a number as key", "{00001234: abc}", nil},
	{"a map with true as key", "{true: abc}", nil},
}

// listsOfSections are the lists in which no text can stand.
var listsOfSections = []string{"mitz.profiles", "mitz.dataholders", "mitz.withdrawal.providercategories"}

// TestEveryKeyRefusesWhatIsNotMeant puts every shape of YAML at every key.
func TestEveryKeyRefusesWhatIsNotMeant(t *testing.T) {
	for _, key := range allConfigKeys(t) {
		for _, shape := range shapes {
			isText := key.kind == "list" && slices.Contains(shape.right, "text") && !strings.Contains(shape.yaml, ",")
			if shape.yaml == "" && strings.HasSuffix(key.path, "]") {
				continue // an empty list
			}
			file := key.render(shape.yaml)
			_, present, err := readFile(file)
			assert.True(t, present, file)
			if slices.Contains(shape.right, key.kind) || isText && !slices.Contains(listsOfSections, key.path) {
				assert.NoError(t, err, "%s: %s", shape.name, file)
				continue
			}
			require.Error(t, err, "%s: %s", shape.name, file)
			for _, problem := range errlist.Each(err) {
				assert.IsType(t, (*settings.Problem)(nil), problem) //nolint:testifylint // it is one itself, and wraps none
				assert.True(t, strings.HasPrefix(problem.Error(), key.path), "%s: %s: %v", shape.name, file, problem)
				assert.NotContains(t, strings.TrimPrefix(problem.Error(), key.path), "abc", "a value")
			}
		}
	}
}

// TestEveryKeyInTheEnvironment gives every key in a variable: values are taken, lists are
// refused, and so are a slip of the pen and a key below a value.
func TestEveryKeyInTheEnvironment(t *testing.T) {
	values := map[string]string{"text": "abc", "bool": "false", "duration": "5s", "number": "12"}
	for _, key := range allConfigKeys(t) {
		plain := strings.NewReplacer("[0]", ".0", ".", "_").Replace(key.path)
		variable := "NUTS_" + strings.ToUpper(plain)
		if !key.isScalar() {
			_, present, err := readFile("", variable+"=abc")
			assert.True(t, present, variable)
			assert.ErrorContains(t, err, variable, "refused by name")
			continue
		}
		config, present, err := readFile("", variable+"="+values[key.kind])
		assert.NoError(t, err, variable)
		assert.True(t, present, variable)
		assert.NotEqual(t, defaults(), config, variable)
		_, _, err = readFile("", variable+"_X=abc")
		assert.ErrorContains(t, err, "no such key", variable)
		_, _, err = readFile("", variable[:len(variable)-1]+"=abc")
		assert.ErrorContains(t, err, "no such key", variable)
	}
}

// TestNoKeyOfTheNodesLooksLikeOurs keeps a configuration of the stock node from being refused.
func TestNoKeyOfTheNodesLooksLikeOurs(t *testing.T) {
	server, _, err := cmd.CreateCommand(cmd.CreateSystem(func() {})).Find([]string{"server"})
	require.NoError(t, err)
	sections := 0
	server.Flags().VisitAll(func(flag *pflag.Flag) {
		path := strings.Split(flag.Name, ".")
		file := ""
		for i, part := range path {
			file += strings.Repeat("  ", i) + part + ":\n"
		}
		_, present, err := readFile(file, "NUTS_"+strings.ToUpper(strings.ReplaceAll(flag.Name, ".", "_"))+"=x")
		assert.NoError(t, err, file)
		assert.False(t, present, file)
		sections++
	})
	assert.Greater(t, sections, 100)
}
