// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// listsOf makes lists of one data holder for each subject, and types by URA.
func listsOf(t testing.TB, ura consent.URA, types map[string]string, subjects ...string) *Lists {
	t.Helper()
	builder := NewListBuilder(len(subjects))
	for _, subject := range subjects {
		builder.DataHolder(Place("a test"), DataHolderConfig{Subject: subject, URA: string(ura), FacilityType: "V6"})
	}
	for number, code := range types {
		builder.FacilityType(Place("a test"), number, code)
	}
	lists, err := builder.Build()
	require.NoError(t, err)
	return lists
}

func TestUseReplacesTheListsAsAWhole(t *testing.T) {
	config := validConfig()
	config.Lists = listsOf(t, "00000659", map[string]string{"12345678": "G3"}, "hospital-east")
	config.TypesListed = true
	p := newPolicy(t, config)
	evidence := validEvidence()
	without := evidence
	without.Credentials = filter(evidence.Credentials, func(c Credential) bool {
		form, _ := formOf(c)
		return form.Attribute != trust.FacilityType
	})
	ask := func(evidence Evidence) (consent.Question, error) {
		question, _, err := questionOf(p, p.Profile("birth-care"), evidence)
		return question, err
	}
	question, err := ask(without)
	require.NoError(t, err)
	assert.EqualValues(t, "00000659", question.DataHolder.URA)
	assert.EqualValues(t, "G3", question.Requester.FacilityType)

	p.Use(listsOf(t, "00000660", nil, "hospital-east"))
	question, err = ask(evidence)
	require.NoError(t, err)
	assert.EqualValues(t, "00000660", question.DataHolder.URA)
	_, err = ask(without)
	assert.ErrorContains(t, err, definition.ClaimOrganizationFacilityType, "the type was taken off the list")

	p.Use(listsOf(t, "00000660", nil, "hospital-west"))
	_, err = ask(evidence)
	assert.EqualError(t, err, refuse(ReasonDataHolder).Error(), "the data holder was taken off the list")

	p.Use(nil)
	_, err = ask(evidence)
	assert.Error(t, err)
}

// TestAQuestionIsOfOneTime replaces lists whose parts must not be mixed while questions are
// made of them.
func TestAQuestionIsOfOneTime(t *testing.T) {
	config := validConfig()
	one := listsOf(t, "00000001", map[string]string{"12345678": "G3"}, "hospital-east")
	two := listsOf(t, "00000002", map[string]string{"12345678": "V6"}, "hospital-east")
	config.Lists, config.TypesListed = one, true
	p := newPolicy(t, config)
	evidence := validEvidence()
	evidence.Credentials = filter(evidence.Credentials, func(c Credential) bool {
		form, _ := formOf(c)
		return form.Attribute != trust.FacilityType
	})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for range 500 {
				question, _, err := questionOf(p, p.Profile("birth-care"), evidence)
				if assert.NoError(t, err) {
					assert.Equal(t, question.DataHolder.URA == "00000001", question.Requester.FacilityType == "G3")
				}
			}
		})
	}
	for range 500 {
		p.Use(two)
		p.Use(one)
	}
	asking.Wait()
}

func TestExplainWithLongLists(t *testing.T) {
	config := validConfig()
	config.Lists = &Lists{}
	p := newPolicy(t, config)
	assert.Len(t, p.Explain(p.Profile("birth-care")).Samples, 1, "nobody is listed")
	var subjects []string
	for i := range 100 {
		subjects = append(subjects, string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	p.Use(listsOf(t, "00000001", nil, subjects...))
	assert.Len(t, p.Explain(p.Profile("birth-care")).Samples, MaxSamples)
}

func TestSubjectsOf(t *testing.T) {
	lists := listsOf(t, "00000659", nil, "hospital-west", "hospital-east")
	assert.Equal(t, []string{"hospital-east", "hospital-west"}, lists.SubjectsOf("00000659"))
	assert.Empty(t, lists.SubjectsOf("00000660"))
	assert.Empty(t, lists.SubjectsOf(""))
}
