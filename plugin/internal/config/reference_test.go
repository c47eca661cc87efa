// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

const referenceHeading = `# Configuration

Every key of the section ` + "`mitz`" + ` in ` + "`nuts.yaml`" + `, as the code has it. A test makes this page (` + "`make testdata`" + `) and fails
when it is out of date, and each message below is what the code said when the test gave it that value.

- A key with an **environment variable** can also be given there, and as a flag of its name (` + "`--mitz.timeout`" + `); the flag counts
  before the variable, the variable before the file. Lists and maps can be given in the file only.
- In what stands for **a default**, a blank means that there is none: the key is then not in use.
- **Strict mode** is the node's own ` + "`strictmode`" + `, which is on unless you turn it off.
- All problems are told at once, in one message, and none repeats a secret. Besides those of this page, these stop the start at
  any key: an unknown name, a value of another type (a number without quotes where a text belongs, a duration without its unit), a
  key that is given twice, an empty section. [What to do then](operations.md#when-the-configuration-is-refused).
- ` + "`http.log: metadata-and-body`" + ` of the node's own configuration stops the start of a node that guards a scope: patients' numbers
  would be in its log.

An example to begin with is in [install.md](install.md#configure).
`

// groups are the parts of the page, each with the beginnings of its keys.
var groups = []struct{ heading, text, prefixes string }{
	{"Mitz", "How the node reaches Mitz.", "enabled endpoint timeout queriesperminute tls."},
	{"Data holders", "For whom the node answers.", "dataholders dataholdersfile"},
	{"Guarded scopes", "One entry of `profiles` for each scope that needs consent.", "profiles"},
	{"Trust", "Whose word counts for what: [trust.md](trust.md).", "trust facilitytypes facilitytypesfile"},
	{"Withdrawal", "Ending live tokens: [withdrawal.md](withdrawal.md).", "withdrawal."},
	{"Recorded consents", "What requesters recorded, for the ground `consent-registration`: [scenarios.md](scenarios.md).", "registration."},
	{"Where data are", "The open query of this node's own organisations.", "localization."},
	{"Audit", "The log of NEN 7513: [operations.md](operations.md#audit).", "audit."},
	{"Gateways of record servers", "Who ask this node about requests: [recordserver.md](recordserver.md#ask-your-node).", "access."},
	{"A decision point of its own", "`nuts-mitz mitz pdp`: [authzen.md](authzen.md). A node has no use for these keys.", "pdp."},
}

func inGroup(key, prefixes string) bool {
	return slices.ContainsFunc(strings.Fields(prefixes), func(prefix string) bool {
		if strings.HasSuffix(prefix, ".") {
			return strings.HasPrefix(key, prefix)
		}
		return key == prefix || strings.HasPrefix(key, prefix+".") || strings.HasPrefix(key, prefix+"[]")
	})
}

// TestConfigurationReference holds docs/configuration.md against the code.
func TestConfigurationReference(t *testing.T) {
	page := strings.Builder{}
	page.WriteString(referenceHeading)
	shown := 0
	for _, group := range groups {
		fmt.Fprintf(&page, "\n## %s\n\n%s\n\n| Key | Type | Default | Environment variable | Meaning |\n|---|---|---|---|---|\n", group.heading, group.text)
		stops := ""
		for _, key := range documentedKeys {
			if !inGroup(key.key, group.prefixes) {
				continue
			}
			shown++
			page.WriteString(keyRow(t, key))
			for _, wrong := range key.wrong {
				stops += stopRow(t, key.key, wrong)
			}
		}
		if stops != "" {
			page.WriteString("\nWhat stops the start:\n\n| Key | Value | What the start says |\n|---|---|---|\n" + stops)
		}
	}
	require.Len(t, documentedKeys, shown, "each key is in one group")
	file := filepath.Join("..", "..", "..", "docs", "configuration.md")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(page.String()), 0o644))
	}
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(written), page.String(), "out of date: make testdata")
}

// TestEveryKeyIsDocumented looks for every key of the configuration on the page, for keys on the page
// that the code does not have, and for every value outside a list among the flags.
func TestEveryKeyIsDocumented(t *testing.T) {
	var flags, scalars, keys, documented []string
	flagSet().VisitAll(func(flag *pflag.Flag) { flags = append(flags, flag.Name) })
	for _, key := range allConfigKeys(t) {
		if key.isScalar() {
			scalars = append(scalars, key.path)
		}
		name := pageName(key.path)
		if key.kind != "section" && !strings.HasSuffix(name, ".key") && !strings.HasSuffix(name, "[]") {
			keys = append(keys, name)
		}
	}
	for _, attribute := range trust.Attributes() {
		keys = append(keys, "trust."+string(attribute))
	}
	for _, key := range documentedKeys {
		documented = append(documented, key.key)
		assert.NotEmpty(t, key.meaning, key.key)
	}
	assert.ElementsMatch(t, keys, documented)
	assert.ElementsMatch(t, scalars, flags)
}

// TestPromisedKeysAreOnThePage: what others configure this software by stays what it is called.
func TestPromisedKeysAreOnThePage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "configuration.md"))
	require.NoError(t, err)
	for _, key := range strings.Fields(`enabled endpoint timeout tls.certfile tls.certkeyfile tls.passwordfile tls.truststorefile audit.file
		dataholders[].subject dataholders[].ura dataholders[].facilitytype dataholdersfile facilitytypesfile
		profiles[].scope profiles[].categories profiles[].purpose profiles[].grounds profiles[].afterdeny profiles[].subscribe
		profiles[].recheck profiles[].recheckfailure profiles[].presentationdefinition
		withdrawal.notifyurl withdrawal.keyfile withdrawal.gatewaysystem withdrawal.sourcesystem
		registration.endpoint registration.identifications registration.agreements pdp.address pdp.tokenfile
		trust.organization trust.facilitytype trust.practitioner trust.enrollment trust.delegation trust.attestation trust.membership`) {
		assert.Contains(t, string(page), "\n| `"+key+"` | ", "a contract with operators")
	}
}

func pageName(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, "mitz."), "[0]", "[]")
}

// keyRow is a key with what the code has of it.
func keyRow(t *testing.T, key documentedKey) string {
	t.Helper()
	field := fieldOf(reflect.TypeFor[Section](), strings.Split(strings.ReplaceAll(key.key, "[]", ""), "."))
	require.NotNil(t, field, key.key)
	variable := ""
	if flag := flagSet().Lookup("mitz." + key.key); flag != nil {
		variable = "`NUTS_" + strings.ToUpper(strings.ReplaceAll(flag.Name, ".", "_")) + "`"
	}
	kind := kindOf(field)
	if key.unit != "" {
		kind += ": " + key.unit
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", key.key, kind, defaultOf(key.key), variable, key.meaning)
}

// fieldOf returns the type of what is at a path; nil: there is nothing.
func fieldOf(t reflect.Type, path []string) reflect.Type {
	if t.Kind() == reflect.Slice && len(path) > 0 {
		return fieldOf(t.Elem(), path)
	}
	switch {
	case len(path) == 0:
		return t
	case t.Kind() == reflect.Map:
		return fieldOf(t.Elem(), path[1:])
	case t.Kind() != reflect.Struct:
		return nil
	}
	for _, field := range reflect.VisibleFields(t) {
		if !field.Anonymous && field.Tag.Get("koanf") == path[0] {
			return fieldOf(field.Type, path[1:])
		}
	}
	return nil
}

func kindOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration, such as `90s` or `24h`"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "list"
	case t.Kind() == reflect.Slice:
		return "list of texts"
	case t.Kind() == reflect.Map:
		return "map"
	case t.Kind() == reflect.Bool:
		return "`true` or `false`"
	case t.Kind() == reflect.Int:
		return "number"
	default:
		return "text"
	}
}

// defaultOf returns the value of a section that says nothing. What a list's entries or an absent key
// are taken for stands in other packages: the words of their comments.
func defaultOf(key string) string {
	if words, exists := map[string]string{
		"profiles[].grounds": "`[mitz-closed-query]`", "profiles[].afterdeny": "`stop`", "profiles[].recheckfailure": "`deny`",
		"profiles[].recheck": "`0s`", "profiles[].enrollmentmaxage": "`0s`", "profiles[].subscribe": "`false`",
		"profiles[].allowunconstrained": "`false`", "withdrawal.providercategories": "[a built-in table](withdrawal.md#kinds-of-care-provider)",
	}[key]; exists {
		return words
	}
	if strings.Contains(key, "[]") || strings.HasPrefix(key, "trust") {
		return ""
	}
	value := reflect.ValueOf(defaults())
	for _, part := range strings.Split(key, ".") {
		for _, field := range reflect.VisibleFields(value.Type()) {
			if !field.Anonymous && field.Tag.Get("koanf") == part {
				value = value.FieldByIndex(field.Index)
				break
			}
		}
	}
	if value.IsZero() {
		return ""
	}
	text := fmt.Sprint(value.Interface())
	switch each := value.Interface().(type) {
	case time.Duration:
		text = strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(each.String())
	case []string:
		text = fmt.Sprintf("%q", each)
	}
	return "`" + text + "`"
}
