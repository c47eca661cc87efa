// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consentfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

var midwives = mitztest.Consent{
	Patient: "900186021", DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Permit,
}

const full = `consents:
  - patient: "900186021"
    dataHolder: "00000659"
    category: GGC002
    requesterType: G3
    decision: Permit
`

func TestConsentsAreReadFromYAMLAndJSON(t *testing.T) {
	refusal := midwives
	refusal.Decision = consent.Deny
	tests := map[string]struct {
		text string
		want []mitztest.Consent
	}{
		"YAML": {full, []mitztest.Consent{midwives}},
		"JSON": {`{"consents": [{"patient": "900186021", "dataHolder": "00000659", "category": "GGC002",
			"requesterType": "G3", "decision": "Permit"}]}`, []mitztest.Consent{midwives}},
		"numbers without quotes": {strings.ReplaceAll(full, `"`, ""), []mitztest.Consent{midwives}},
		"a decision in small letters, and two consents": {
			full + strings.TrimPrefix(strings.Replace(full, "Permit", "deny", 1), "consents:\n"), []mitztest.Consent{midwives, refusal},
		},
		"none":               {"consents: []", []mitztest.Consent{}},
		"a byte order mark":  {"\ufeff" + full, []mitztest.Consent{midwives}},
		"comments and blank": {"# consents\n\n" + full, []mitztest.Consent{midwives}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse([]byte(test.text))
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

// TestWhatIsWrongIsToldWithItsCure has one thing wrong at a time.
func TestWhatIsWrongIsToldWithItsCure(t *testing.T) {
	replace := func(oldnew ...string) string { return strings.NewReplacer(oldnew...).Replace(full) }
	tests := map[string]struct{ text, problem string }{
		"nothing":                     {"", "it is empty"},
		"a list without its key":      {"- patient: 1", "it must hold keys and their values"},
		"a text":                      {"consents", "it must hold keys and their values"},
		"a misspelt list":             {replace("consents:", "consent:"), "line 1: the file: a key that is not known: write consents"},
		"an empty mapping":            {"{}", "the key consents is missing"},
		"the list left empty":         {"consents:", "line 1: consents must be a list"},
		"a consent without its dash":  {replace("- patient", "  patient"), "consents must be a list: write a dash before each consent"},
		"a consent that is a text":    {"consents: [yes]", "line 1: consent 1: must hold the keys patient, dataHolder"},
		"another spelling of a key":   {replace("dataHolder", "data_holder"), "line 3: consent 1: a key that is not known: write dataHolder"},
		"the key in the plural":       {replace("category", "Category"), "line 4: consent 1: a key that is not known: write category"},
		"a key of something else":     {replace("decision", "choice"), "line 6: consent 1: a key that is not known: the keys are patient, dataHolder, category, requesterType, decision"},
		"a key missing":               {replace("    requesterType: G3\n", ""), "line 2: consent 1: the key requesterType is missing"},
		"a key twice":                 {replace("G3\n", "G3\n    category: GGC013\n"), "line 6: consent 1: the key category is there twice"},
		"a list of values":            {replace("GGC002", "[GGC002, GGC013]"), "line 4: consent 1: category must have one value"},
		"no value":                    {replace("GGC002", ""), "line 4: consent 1: category must have one value"},
		"a value from elsewhere":      {replace("requesterType: G3", "requesterType: &x G3", "category: GGC002", "category: *x"), "neither YAML nor JSON"},
		"a number that is no BSN":     {replace("900186021", "900186022"), "line 2: consent 1: patient: not a BSN"},
		"a URA of seven digits":       {replace("00000659", "0000659"), "line 3: consent 1: dataHolder: not a URA: eight digits"},
		"a category of no such form":  {replace("GGC002", "GC2"), "line 4: consent 1: category: not a data category"},
		"a type in small letters":     {replace("G3", "g3"), "line 5: consent 1: requesterType: not an organisation type"},
		"a decision that is none":     {replace("Permit", "Indeterminate"), "line 6: consent 1: decision: write Permit or Deny"},
		"a tab":                       {replace("    decision", "\tdecision"), "use spaces to indent, not a tab"},
		"a second document":           {full + "---\n" + full, "more than one document"},
		"JSON that ends":              {`{"consents": [{"patient": "900186021"`, "neither YAML nor JSON"},
		"more than the limit":         {full + strings.Repeat("#", MaxSize), "more than 1 MiB"},
		"the number in a key's place": {replace("patient", "900186021"), "line 2: consent 1: a key that is not known: the keys are"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(test.text))
			require.ErrorContains(t, err, test.problem)
			assert.NotContains(t, err.Error(), "90018602", "a patient's number is repeated")
		})
	}
}

func TestEveryProblemIsTold(t *testing.T) {
	_, err := Parse([]byte(strings.NewReplacer("G3", "g3", "Permit", "yes", "category", "categories").Replace(full)))
	require.Error(t, err)
	assert.Len(t, strings.Split(err.Error(), "\n"), 4, "%v", err)
}

func TestOneConsentIsReadByItself(t *testing.T) {
	const scope = `{"patient": "900186021", "dataHolder": "00000659", "category": "GGC002", "requesterType": "G3"`
	got, err := ParseOne([]byte(scope + `, "decision": "Permit"}`))
	require.NoError(t, err)
	assert.Equal(t, midwives, got)
	_, err = ParseOne([]byte(scope + `}`))
	require.ErrorContains(t, err, "the consent: the key decision is missing")

	which := midwives
	which.Decision = consent.NoDecision
	got, err = ParseScope([]byte(scope + `}`))
	require.NoError(t, err)
	assert.Equal(t, which, got)
	_, err = ParseScope([]byte(scope + `, "decision": "Permit"}`))
	require.ErrorContains(t, err, "a key that is not known: the keys are patient, dataHolder, category, requesterType")
	_, err = ParseOne(nil)
	require.ErrorContains(t, err, "it is empty")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(`{"consents": [{"patient": "900186021"}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		consents, err := Parse(content)
		if err != nil {
			return
		}
		simulator := &mitztest.Simulator{}
		for _, each := range consents {
			require.NoError(t, simulator.Record(each), "what is read can be recorded")
		}
	})
}
