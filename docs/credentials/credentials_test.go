// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package credentials

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/piprate/json-gold/ld"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// examples are the files with a credential each, by the name of its schema.
func examples(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob("*.example.json")
	require.NoError(t, err)
	require.Len(t, files, 3)
	read := map[string]map[string]any{}
	for _, file := range files {
		read[strings.TrimSuffix(file, ".example.json")] = readJSON(t, file)
	}
	return read
}

func readJSON(t *testing.T, file string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var value map[string]any
	require.NoError(t, json.Unmarshal(content, &value))
	return value
}

// loader is a node's in strict mode, with the context on board: it fetches nothing.
type loader struct{ ld.DocumentLoader }

func newLoader(t *testing.T) ld.DocumentLoader {
	t.Helper()
	node := jsonld.NewJSONLDInstance()
	require.NoError(t, node.(core.Configurable).Configure(core.ServerConfig{Strictmode: true}))
	return loader{node.DocumentLoader()}
}

func (l loader) LoadDocument(address string) (*ld.RemoteDocument, error) {
	if address != Context {
		return l.DocumentLoader.LoadDocument(address)
	}
	document, err := ld.DocumentFromReader(bytes.NewReader(ContextDocument()))
	return &ld.RemoteDocument{DocumentURL: address, Document: document}, err
}

// schemaOf compiles a schema, which must be one of JSON Schema 2020-12.
func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	document := readJSON(t, name+".schema.json")
	require.Equal(t, "https://json-schema.org/draft/2020-12/schema", document["$schema"])
	address := strings.TrimSuffix(Context, "mitz-v1.jsonld") + name + ".schema.json"
	require.Equal(t, address, document["$id"])
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource(address, document))
	schema, err := compiler.Compile(address)
	require.NoError(t, err)
	return schema
}

func TestExamplesAreOfTheirSchemas(t *testing.T) {
	for name, example := range examples(t) {
		schema := schemaOf(t, name)
		require.NoError(t, schema.Validate(example), name)
		for other, another := range examples(t) {
			assert.Equal(t, other == name, schema.Validate(another) == nil, "%s by the schema of %s", other, name)
		}
	}
}

// TestSchemasDemandEveryMember: an example without one of its members, or with another, is
// not of the schema. The proof is the exception: a JWT has none.
func TestSchemasDemandEveryMember(t *testing.T) {
	optional := []string{"proof", "expirationDate"}
	for name := range examples(t) {
		schema := schemaOf(t, name)
		looked := 0
		forEachObject(examples(t)[name], func(path string, _ map[string]any) {
			if strings.HasPrefix(path, "/proof") {
				return
			}
			for _, change := range changes(objectAt(examples(t)[name], path)) {
				example := examples(t)[name]
				change.to(objectAt(example, path))
				if slices.Contains(optional, change.name) && schema.Validate(example) == nil {
					continue
				}
				looked++
				assert.Error(t, schema.Validate(example), "%s: %s%s/%s", name, change.how, path, change.name)
			}
		})
		assert.Greater(t, looked, 30, name)
	}
}

type change struct {
	how, name string
	to        func(object map[string]any)
}

// changes are all that one member of an object can be missing, of another type or too much.
func changes(object map[string]any) []change {
	all := []change{{"with another: ", "other", func(object map[string]any) { object["other"] = "x" }}}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		all = append(all,
			change{"without ", key, func(object map[string]any) { delete(object, key) }},
			change{"with a number for ", key, func(object map[string]any) { object[key] = 1.0 }},
		)
	}
	return all
}

func forEachObject(value any, do func(path string, object map[string]any)) {
	var visit func(path string, value any)
	visit = func(path string, value any) {
		if object, ok := value.(map[string]any); ok {
			do(path, object)
			for key, member := range object {
				visit(path+"/"+key, member)
			}
		}
	}
	visit("", value)
}

func objectAt(value map[string]any, path string) map[string]any {
	for key := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if key != "" {
			value = value[key].(map[string]any)
		}
	}
	return value
}

func TestSchemasRefuseWhatIsNoValue(t *testing.T) {
	attested := []string{"credentialSubject", "attestedConsent"}
	registered := []string{"credentialSubject", "registeredConsent"}
	for _, tc := range []struct {
		name, schema string
		path         []string
		key          string
		value        any
	}{
		{"a patient of another system", "attestation-v1", append(attested, "patient", "identifier"), "system", "http://fhir.nl/fhir/NamingSystem/ura"},
		{"a number of eight digits for a patient", "attestation-v1", append(attested, "patient", "identifier"), "value", "90018602"},
		{"a list of identifiers", "attestation-v1", append(attested, "patient"), "identifier", []any{}},
		{"no category", "attestation-v1", attested, "dataCategory", []any{}},
		{"a category twice", "attestation-v1", attested, "dataCategory", []any{"GGC002", "GGC002"}},
		{"one category, not in a list", "attestation-v1", attested, "dataCategory", "GGC002"},
		{"an unknown purpose", "attestation-v1", attested, "purposeOfUse", "ETREAT"},
		{"a date for a time", "attestation-v1", attested, "decidedAt", "2026-03-01"},
		{"another type", "attestation-v1", nil, "type", []any{"VerifiableCredential", "MitzMembershipCredential"}},
		{"another context first", "attestation-v1", nil, "@context", []any{Context, "https://www.w3.org/2018/credentials/v1"}},
		{"without its context", "attestation-v1", nil, "@context", []any{"https://www.w3.org/2018/credentials/v1"}},
		{"a status for another purpose", "attestation-v1", []string{"credentialStatus"}, "statusPurpose", "suspension"},
		{"an unknown role of a member", "membership-v1", []string{"credentialSubject", "membership"}, "role", "Registrar"},
		{"an unknown choice", "registration-v1", registered, "choice", "Permit"},
		{"a UZI number of eight digits", "registration-v1", append(registered, "recordedBy", "identifier"), "value", "90000000"},
		{"a role in words", "registration-v1", append(registered, "recordedBy"), "roleCode", "midwife"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			example := examples(t)[tc.schema]
			objectAt(example, strings.Join(tc.path, "/"))[tc.key] = tc.value
			assert.Error(t, schemaOf(t, tc.schema).Validate(example))
		})
	}
}

// TestEveryMemberIsSigned: the graph that is signed has every value of an example in it, and
// a node finds every key defined. What a context does not define would not be signed.
func TestEveryMemberIsSigned(t *testing.T) {
	contexts := newLoader(t)
	for name, example := range examples(t) {
		delete(example, "proof") // it is added after, and signed apart
		content, err := json.Marshal(example)
		require.NoError(t, err)
		require.NoError(t, jsonld.AllFieldsDefined(contexts, content), name)
		graph, err := jsonld.LDUtil{LDDocumentLoader: contexts}.Canonicalize(example)
		require.NoError(t, err)
		for _, text := range textsIn(example["credentialSubject"]) {
			assert.Contains(t, graph, text, name)
		}
		for _, typed := range []string{"decidedAt", "since", "recordedAt"} {
			for line := range strings.Lines(graph.(string)) {
				if strings.Contains(line, "#"+typed+">") {
					assert.Contains(t, line, "XMLSchema#dateTime", typed)
				}
			}
		}
		example["credentialSubject"].(map[string]any)["undefined"] = "x"
		content, err = json.Marshal(example)
		require.NoError(t, err)
		assert.Error(t, jsonld.AllFieldsDefined(contexts, content), "%s: a key that is not defined passes", name)
	}
}

func textsIn(value any) (texts []string) {
	switch value := value.(type) {
	case string:
		texts = append(texts, value)
	case []any:
		for _, each := range value {
			texts = append(texts, textsIn(each)...)
		}
	case map[string]any:
		for _, each := range value {
			texts = append(texts, textsIn(each)...)
		}
	}
	return texts
}

// TestTermsCannotBeRedefined: a context beside this one gives none of its terms another
// meaning (JSON-LD 1.1 section 4.1.11).
func TestTermsCannotBeRedefined(t *testing.T) {
	contexts := newLoader(t)
	for name, example := range examples(t) {
		named := example["@context"].([]any)
		for _, term := range []string{"patient", "choice", "value", "dataCategory", "decidedAt"} {
			example["@context"] = append(slices.Clone(named), map[string]any{term: "https://elsewhere.example/" + term})
			content, err := json.Marshal(example)
			require.NoError(t, err)
			assert.ErrorContains(t, jsonld.AllFieldsDefined(contexts, content), "protected term redefinition", "%s, %s", name, term)
		}
	}
}
