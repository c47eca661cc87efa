// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// kept is a store in memory.
type kept struct {
	marks   map[string]string
	failing error
}

func (k *kept) Get(place string) (string, error) { return k.marks[place], k.failing }
func (k *kept) Put(place, mark string) error {
	if k.failing != nil {
		return k.failing
	}
	k.marks[place] = mark
	return nil
}

func newMarks() (*Marks, *kept) {
	store := &kept{marks: map[string]string{}}
	return NewMarks(NewKeys(), DefaultKinds(), store), store
}

func bsn(t *testing.T, digits string) consent.BSN {
	t.Helper()
	parsed, err := consent.ParseBSN(digits)
	require.NoError(t, err)
	return parsed
}

// sample asks for two categories on behalf of a practice of GPs.
func sample(t *testing.T) consent.Question {
	return consent.Question{
		Patient: bsn(t, "900186021"), DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Requester:  consent.Requester{URA: "12345678", FacilityType: "Z3"},
		Categories: []consent.Category{"GGC002", "GGC013"},
	}
}

func holds(t *testing.T, m *Marks, stamp Stamp) bool {
	t.Helper()
	alive, err := m.Holds(stamp)
	require.NoError(t, err)
	return alive
}

func TestWhatAWithdrawalEnds(t *testing.T) {
	question := sample(t)
	all := About{Patient: question.Patient, DataHolder: "00000659"}
	with := func(change func(*About)) About {
		changed := all
		change(&changed)
		return changed
	}
	for _, tc := range []struct {
		name  string
		about About
		ends  bool
	}{
		{"all about the patient at the data holder", all, true},
		{"a category of it for this kind of requester", with(func(a *About) { a.Category, a.Kind = "GGC013", "RPZAC001" }), true},
		{"a category that it does not hold", with(func(a *About) { a.Category, a.Kind = "GGC012", "RPZAC001" }), false},
		{"a category for another kind of requester", with(func(a *About) { a.Category, a.Kind = "GGC013", "RPZAC104" }), false},
		{"another patient", with(func(a *About) { a.Patient = bsn(t, "999996630") }), false},
		{"another data holder", with(func(a *About) { a.DataHolder = "00000660" }), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, _ := newMarks()
			stamp, err := m.Stamp(question)
			require.NoError(t, err)
			require.True(t, holds(t, m, stamp))
			require.NoError(t, m.Withdraw(tc.about))
			assert.Equal(t, !tc.ends, holds(t, m, stamp))

			again, err := m.Stamp(question)
			require.NoError(t, err)
			assert.True(t, holds(t, m, again), "consent given again counts at once")
			assert.Equal(t, !tc.ends, holds(t, m, stamp), "and the token from before stays as it is")
			require.NoError(t, m.Withdraw(tc.about))
			assert.Equal(t, !tc.ends, holds(t, m, again), "a second withdrawal counts like the first")
		})
	}
}

// TestAWithdrawalAtAnyStep withdraws at each step of making a token: before its stamp it is
// not about this token, after it the token is dead.
func TestAWithdrawalAtAnyStep(t *testing.T) {
	question := sample(t)
	for at, alive := range []bool{true, false, false, false} {
		m, _ := newMarks()
		var stamp Stamp
		steps := []func(){
			func() {
				var err error
				stamp, err = m.Stamp(question)
				require.NoError(t, err)
			},
			func() { /* Mitz is asked */ },
			func() { /* the token is stored */ },
		}
		for i, step := range append(steps, func() {}) {
			if i == at {
				require.NoError(t, m.Withdraw(About{Patient: question.Patient, DataHolder: "00000659"}))
			}
			step()
		}
		assert.Equal(t, alive, holds(t, m, stamp), "withdrawn before step %d", at)
	}
}

func TestMarksFailClosed(t *testing.T) {
	m, store := newMarks()
	stamp, err := m.Stamp(sample(t))
	require.NoError(t, err)
	failure := errors.New("i/o timeout")
	store.failing = failure
	_, err = m.Stamp(sample(t))
	require.ErrorIs(t, err, failure)
	alive, err := m.Holds(stamp)
	require.ErrorIs(t, err, failure)
	assert.False(t, alive)
	require.ErrorIs(t, m.Withdraw(About{Patient: sample(t).Patient}), failure)
	store.failing = nil
	for name, none := range map[string]Stamp{"nil": nil, "empty": {}} {
		assert.False(t, holds(t, m, none), "a stamp that is %s", name)
	}
	require.Error(t, m.Withdraw(About{DataHolder: "00000659"}), "about no patient")
}

func TestAMarkThatIsGoneEndsNothing(t *testing.T) {
	m, store := newMarks()
	require.NoError(t, m.Withdraw(About{Patient: sample(t).Patient, DataHolder: "00000659"}))
	stamp, err := m.Stamp(sample(t))
	require.NoError(t, err)
	clear(store.marks) // they are kept for longer than a token lives
	assert.True(t, holds(t, m, stamp))
}

func TestKeysThatAreReplaced(t *testing.T) {
	store := &kept{marks: map[string]string{}}
	former := NewKeys()
	all := About{Patient: sample(t).Patient, DataHolder: "00000659"}
	before := NewMarks(former, DefaultKinds(), store)
	older, err := before.Stamp(sample(t))
	require.NoError(t, err)

	after := NewMarks(former.Rotated(), DefaultKinds(), store)
	newer, err := after.Stamp(sample(t))
	require.NoError(t, err)
	require.NoError(t, after.Withdraw(all))
	assert.False(t, holds(t, after, older), "a token from before is ended after")
	assert.False(t, holds(t, after, newer))
	assert.False(t, holds(t, before, older), "also where a node of the cluster still has the former key alone")

	newer, err = after.Stamp(sample(t))
	require.NoError(t, err)
	require.NoError(t, before.Withdraw(all))
	assert.False(t, holds(t, after, newer), "and the other way round")
}

func TestMarksTellNothingOfThePatient(t *testing.T) {
	m, store := newMarks()
	require.NoError(t, m.Withdraw(About{Patient: sample(t).Patient, DataHolder: "00000659"}))
	other, elsewhere := newMarks()
	require.NoError(t, other.Withdraw(About{Patient: sample(t).Patient, DataHolder: "00000659"}))
	places := slices.Collect(maps.Keys(store.marks))
	require.Len(t, places, 1)
	assert.NotContains(t, places[0], sample(t).Patient.Expose())
	assert.Len(t, places[0], 64)
	assert.NotContains(t, elsewhere.marks, places[0], "another key, another place")
}

// TestEveryPlaceFitsEverySessionDatabase: Memcached takes no blank in a key, and no long ones.
func TestEveryPlaceFitsEverySessionDatabase(t *testing.T) {
	m, store := newMarks()
	for name, marks := range map[string]*Marks{"with a key": m, "without": Off(store)} {
		stamp, err := marks.Stamp(sample(t))
		require.NoError(t, err)
		require.NotEmpty(t, stamp)
		for place := range stamp {
			assert.Regexp(t, "^[a-z0-9-]{1,100}$", place, name)
		}
		assert.True(t, holds(t, marks, stamp), name)
	}
}
