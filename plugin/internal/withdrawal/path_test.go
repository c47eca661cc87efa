// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestPath(t *testing.T) {
	patient, another := bsn(t, "900186021"), bsn(t, "999996630")
	keys := NewKeys()
	secret, err := keys.Path(patient, "00000659", "a")
	require.NoError(t, err)
	assert.Len(t, secret, PathLength)
	again, err := keys.Path(patient, "00000659", "a")
	require.NoError(t, err)
	assert.Equal(t, secret, again)
	other, err := keys.Path(patient, "00000659", "b")
	require.NoError(t, err)
	assert.NotEqual(t, secret, other, "each subscription has its own")

	path, ok := keys.Rotated().ReadPath(secret)
	require.True(t, ok, "a path under a former key is read")
	assert.Equal(t, consent.URA("00000659"), path.DataHolder)
	assert.True(t, path.IsAbout(patient, "00000659"))
	assert.False(t, path.IsAbout(another, "00000659"))
	assert.False(t, path.IsAbout(patient, "00000660"))
	assert.False(t, path.IsAbout(consent.BSN{}, "00000659"))

	_, ok = NewKeys().ReadPath(secret)
	assert.False(t, ok, "a path under another key")
	_, err = keys.Path(consent.BSN{}, "00000659", "a")
	require.Error(t, err)
}

// TestAPathEndsTokensWhileKeysAreReplaced on every node that knows its key, whichever it uses, and
// on no other: docs/withdrawal.md tells how to have all nodes know the new key first.
func TestAPathEndsTokensWhileKeysAreReplaced(t *testing.T) {
	before := NewKeys()
	after := before.Rotated()
	prepared := &Keys{all: [][keySize]byte{after.all[1], after.all[0]}} // the new key behind the others
	for _, tc := range []struct {
		name         string
		node, others *Keys // that makes the path; that issues the token
		ends         bool
	}{
		{"a node that uses the new key, and one that knows it", after, prepared, true},
		{"a node that knows the new key, and one that uses it", prepared, after, true},
		{"a node that knows the new key, and one that does not", prepared, before, true},
		{"a node that uses the new key, and one that does not know it", after, before, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store := &kept{marks: map[string]string{}}
			issuing := NewMarks(tc.others, DefaultKinds(), store)
			question := sample(t)
			stamp, err := issuing.Stamp(question)
			require.NoError(t, err)
			secret, err := tc.node.Path(question.Patient, question.DataHolder.URA, "a")
			require.NoError(t, err)
			path, known := tc.node.ReadPath(secret)
			require.True(t, known)
			require.NoError(t, NewMarks(tc.node, DefaultKinds(), store).WithdrawBy(path))
			assert.Equal(t, !tc.ends, holds(t, issuing, stamp))
		})
	}
}

// TestForgedPaths changes every letter of a path.
func TestForgedPaths(t *testing.T) {
	keys := NewKeys()
	secret, err := keys.Path(bsn(t, "900186021"), "00000659", "a")
	require.NoError(t, err)
	for i := range secret {
		for _, letter := range []string{"A", "B", "_", "+", "=", "\x00", "é"} {
			forged := secret[:i] + letter + secret[i+1:]
			if forged == secret {
				continue
			}
			_, ok := keys.ReadPath(forged)
			require.False(t, ok, "letter %d", i)
		}
	}
	for _, forged := range []string{"", secret[1:], secret + "A", strings.Repeat("A", PathLength), strings.Repeat("A", 1<<20)} {
		_, ok := keys.ReadPath(forged)
		require.False(t, ok)
	}
	decoded, err := base64.RawURLEncoding.DecodeString(secret)
	require.NoError(t, err)
	assert.NotContains(t, string(decoded), "900186021")
	assert.NotContains(t, string(decoded), "00000659")
}

func TestWithdrawByPath(t *testing.T) {
	m, _ := newMarks()
	question := sample(t)
	stamp, err := m.Stamp(question)
	require.NoError(t, err)
	end := func(patient string, dataHolder consent.URA) {
		secret, err := m.keys.Path(bsn(t, patient), dataHolder, "a")
		require.NoError(t, err)
		path, ok := m.keys.ReadPath(secret)
		require.True(t, ok)
		require.NoError(t, m.WithdrawBy(path))
	}
	end("999996630", "00000659")
	end("900186021", "00000660")
	require.True(t, holds(t, m, stamp), "another patient, another data holder")
	end("900186021", "00000659")
	require.False(t, holds(t, m, stamp))
	require.ErrorIs(t, Off(m.store).WithdrawBy(Path{}), ErrOff)
}

func TestNarrow(t *testing.T) {
	gp, all := consent.ProviderCategory("RPZAC001"), []consent.ProviderCategory{"RPZAC001", "RPZAC003", "RPZAC004", "RPZAC005", "RPZAC103", "RPZAC104", "RPZAC200"}
	type told = map[consent.Category]Told
	permitted := func(kinds ...consent.ProviderCategory) Told { return Told{Permitted: kinds} }
	for _, tc := range []struct {
		name     string
		facility consent.FacilityType
		told     told
		ends     bool
	}{
		{"permitted", "Z3", told{"GGC002": permitted(gp), "GGC013": permitted("RPZAC005", gp)}, false},
		{"permitted, and others refused", "Z3", told{"GGC002": {Permitted: all[:1], Refused: all[1:]}}, false},
		{"all are permitted", "Z3", told{"GGC002": permitted(all...)}, false},
		{"the category is not named", "Z3", told{"GGC012": {}}, false},
		{"one category of two is not", "Z3", told{"GGC002": permitted(gp), "GGC013": permitted("RPZAC005")}, true},
		{"nothing is", "Z3", told{"GGC002": {}}, true},
		{"another kind is", "V6", told{"GGC002": permitted(gp)}, true},
		{"a type of no known kind", "Q9", told{"GGC002": permitted(all...)}, true},
		{"a type of no known kind, in another category", "Q9", told{"GGC012": permitted(all...)}, false},
		{"nothing is named", "Z3", nil, true},
		{"a kind is refused that nobody knows", "Z3", told{"GGC002": {Permitted: all, Refused: []consent.ProviderCategory{"RPZAC105"}}}, true},
		{"a kind is permitted that nobody knows", "Z3", told{"GGC002": permitted(append(all, "RPZAC105")...)}, true},
		{"a kind that nobody knows is named in another category", "Z3", told{"GGC012": permitted("RPZAC105")}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, _ := newMarks()
			question := sample(t)
			question.Requester.FacilityType = tc.facility
			stamp, err := m.Stamp(question)
			require.NoError(t, err)
			require.NoError(t, m.Narrow(question.Patient, "00000659", tc.told))
			assert.Equal(t, !tc.ends, holds(t, m, stamp))
			require.NoError(t, m.Narrow(question.Patient, "00000659", tc.told), "again")
			assert.Equal(t, !tc.ends, holds(t, m, stamp))
		})
	}
	require.ErrorIs(t, Off(nil).Narrow(bsn(t, "900186021"), "00000659", told{"GGC002": {}}), ErrOff)
}

// TestNarrowOfAHigherCategory: a patient permits and refuses treatment data, and Mitz decides about
// results and medication by that.
func TestNarrowOfAHigherCategory(t *testing.T) {
	type told = map[consent.Category]Told
	permitted := Told{Permitted: []consent.ProviderCategory{"RPZAC001"}}
	for name, tc := range map[string]struct {
		rests consent.Category
		told  told
		ends  bool
	}{
		"medication ends with treatment data":                        {"GGC013", told{"GGC002": {}}, true},
		"results end with treatment data":                            {"GGC012", told{"GGC002": {}}, true},
		"they do not while treatment data are permitted":             {"GGC013", told{"GGC002": permitted}, false},
		"they do not when they are permitted by themselves":          {"GGC013", told{"GGC002": {}, "GGC013": permitted}, false},
		"they end when they are refused by themselves":               {"GGC013", told{"GGC002": permitted, "GGC013": {}}, true},
		"treatment data do not end with medication":                  {"GGC002", told{"GGC013": {}}, false},
		"results do not end with medication":                         {"GGC012", told{"GGC013": {}}, false},
		"a category that is not below treatment data lives on":       {"GGC099", told{"GGC002": {}}, false},
		"a lower one that is named says nothing about the other one": {"GGC012", told{"GGC002": {}, "GGC013": permitted}, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := newMarks()
			question := sample(t)
			question.Categories = []consent.Category{tc.rests}
			stamp, err := m.Stamp(question)
			require.NoError(t, err)
			require.NoError(t, m.Narrow(question.Patient, "00000659", tc.told))
			assert.Equal(t, !tc.ends, holds(t, m, stamp))
			assert.NotContains(t, tc.told, consent.Category("GGC012"), "what was told is left as it was")
		})
	}
}

// TestNarrowAcrossTables: a node whose table lacks the requester's type, or its kind, ends what a
// node with another table stamped.
func TestNarrowAcrossTables(t *testing.T) {
	question := sample(t)
	for name, table := range map[string]Kinds{"without the type": {"V6": "RPZAC104"}, "with the type in another kind": {"Z3": "RPZAC005"}, "empty": {}} {
		t.Run(name, func(t *testing.T) {
			m, store := newMarks()
			stamp, err := m.Stamp(question)
			require.NoError(t, err)
			other := NewMarks(m.keys, table, store)
			require.NoError(t, other.Narrow(question.Patient, "00000659", map[consent.Category]Told{"GGC002": {Permitted: []consent.ProviderCategory{"RPZAC104"}}}))
			assert.False(t, holds(t, m, stamp))
		})
	}
}

// TestNarrowByAKindOfAnotherTable: a token that another node stamped by a kind of its operator's
// ends when that is refused, though this node does not know the kind.
func TestNarrowByAKindOfAnotherTable(t *testing.T) {
	m, store := newMarks()
	question := sample(t)
	stamp, err := NewMarks(m.keys, Kinds{question.Requester.FacilityType: "RPZAC777"}, store).Stamp(question)
	require.NoError(t, err)
	require.NoError(t, m.Narrow(question.Patient, "00000659", map[consent.Category]Told{
		"GGC002": {Permitted: []consent.ProviderCategory{"RPZAC001"}, Refused: []consent.ProviderCategory{"RPZAC777"}},
	}))
	assert.False(t, holds(t, m, stamp))
}
