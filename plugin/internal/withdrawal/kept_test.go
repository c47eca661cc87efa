// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// inOrder writes down what is done with marks and the history.
type inOrder struct {
	did      []string
	at       map[string]time.Time
	unkept   error
	unmarked error
}

func (o *inOrder) Get(string) (string, error) { return "", o.unmarked }

func (o *inOrder) Put(string, string) error {
	if len(o.did) == 0 || o.did[len(o.did)-1] != "mark" {
		o.did = append(o.did, "mark")
	}
	return o.unmarked
}

func (o *inOrder) Keep(_ context.Context, at time.Time, withdrawn []Withdrawn) error {
	o.did = append(o.did, "keep")
	for _, each := range withdrawn {
		o.at[each.Place] = at
	}
	return o.unkept
}

func (o *inOrder) Last(_ context.Context, places []string) (last time.Time, err error) {
	for _, place := range places {
		if o.at[place].After(last) {
			last = o.at[place]
		}
	}
	return last, o.unkept
}

// TestTokensEndBeforeAndAfterAWithdrawalIsKept: at once, since the history may hang; and once more,
// since a token that was stamped in between may rest on something from before.
func TestTokensEndBeforeAndAfterAWithdrawalIsKept(t *testing.T) {
	trouble := errors.New("trouble")
	for _, tc := range []struct {
		name             string
		unkept, unmarked error
		did              []string
	}{
		{"all goes well", nil, nil, []string{"mark", "keep", "mark"}},
		{"it cannot be kept", trouble, nil, []string{"mark", "keep"}},
		{"the tokens cannot be ended", nil, trouble, []string{"mark", "keep", "mark"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			order := &inOrder{at: map[string]time.Time{}, unkept: tc.unkept, unmarked: tc.unmarked}
			keys := NewKeys()
			marks := NewMarks(keys, DefaultKinds(), order).KeptIn(order)
			secret, err := keys.Path(bsn(t, "900186021"), "00000659", "id")
			require.NoError(t, err)
			path, known := keys.ReadPath(secret)
			require.True(t, known)
			for name, withdraw := range map[string]func() error{
				"all":       func() error { return marks.Withdraw(About{Patient: bsn(t, "900186021"), DataHolder: "00000659"}) },
				"by a path": func() error { return marks.WithdrawBy(path) },
				"by categories": func() error {
					return marks.Narrow(bsn(t, "900186021"), "00000659", map[consent.Category]Told{"GGC002": {}})
				},
			} {
				order.did = nil
				err := withdraw()
				if tc.unkept == nil && tc.unmarked == nil {
					assert.NoError(t, err, name)
				} else {
					assert.ErrorIs(t, err, trouble, name)
				}
				assert.Equal(t, tc.did, order.did, name)
			}
		})
	}
}

func TestWhatWasWithdrawnIsFoundByTheQuestionsThatItIsAbout(t *testing.T) {
	question := consent.Question{
		Patient: bsn(t, "900186021"), DataHolder: consent.DataHolder{URA: "00000659"},
		Categories: []consent.Category{"GGC002", "GGC012"}, Requester: consent.Requester{FacilityType: "V6"},
	}
	all := About{Patient: question.Patient, DataHolder: "00000659"}
	narrow := func(category consent.Category, permitted ...consent.ProviderCategory) func(m *Marks) error {
		return func(m *Marks) error {
			return m.Narrow(question.Patient, "00000659", map[consent.Category]Told{category: {Permitted: permitted}})
		}
	}
	for _, tc := range []struct {
		name     string
		withdraw func(m *Marks) error
		found    bool
	}{
		{"all of the patient", func(m *Marks) error { return m.Withdraw(all) }, true},
		{"one of the categories for everybody", narrow("GGC012"), true},
		{"one of the categories for its kind", narrow("GGC012", "RPZAC001"), true},
		{"one of the categories for another kind", narrow("GGC012", "RPZAC104"), false},
		{"another category", narrow("GGC013"), false},
		{"another patient", func(m *Marks) error { return m.Withdraw(About{Patient: bsn(t, "999996642"), DataHolder: "00000659"}) }, false},
		{"another data holder", func(m *Marks) error { return m.Withdraw(About{Patient: question.Patient, DataHolder: "00000660"}) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			order := &inOrder{at: map[string]time.Time{}}
			marks := NewMarks(NewKeys(), DefaultKinds(), order).KeptIn(order)
			before := time.Now()
			require.NoError(t, tc.withdraw(marks))
			last, err := marks.Last(t.Context(), question)
			require.NoError(t, err)
			assert.Equal(t, tc.found, !last.IsZero())
			assert.False(t, tc.found && last.Before(before))
		})
	}
	t.Run("nobody can tell", func(t *testing.T) {
		trouble := errors.New("trouble")
		_, err := NewMarks(NewKeys(), DefaultKinds(), nil).KeptIn(&inOrder{unkept: trouble}).Last(t.Context(), question)
		require.ErrorIs(t, err, trouble)
		_, err = NewMarks(NewKeys(), DefaultKinds(), nil).KeptIn(&inOrder{}).Last(t.Context(), consent.Question{})
		require.Error(t, err, "about nobody")
	})
	t.Run("nothing is kept", func(t *testing.T) {
		for _, marks := range []*Marks{NewMarks(NewKeys(), DefaultKinds(), &inOrder{}), Off(&inOrder{})} {
			last, err := marks.Last(t.Context(), question)
			require.NoError(t, err)
			assert.True(t, last.IsZero())
		}
	})
}

func TestWhatIsKeptCanBeMadeAgainUnderAnotherKey(t *testing.T) {
	former := NewKeys()
	both := former.Rotated()
	for _, about := range []About{
		{Patient: bsn(t, "900186021"), DataHolder: "00000659"},
		{Patient: bsn(t, "900186021"), DataHolder: "00000659", Category: "GGC002", Kind: "RPZAC104"},
	} {
		kept, err := former.withdrawn(about)
		require.NoError(t, err)
		again, ok := both.Again(kept)
		require.True(t, ok)
		places, err := both.places(about)
		require.NoError(t, err)
		assert.Equal(t, both.ID(), again.Key)
		assert.Equal(t, places[0], again.Place)
		assert.Equal(t, 1, slices.Index(places, kept.Place))
		_, ok = NewKeys().Again(kept)
		assert.False(t, ok, "sealed with a key that is not there")
	}
	_, ok := both.Again(Withdrawn{Place: "a"})
	assert.False(t, ok, "not sealed")
	other, err := former.Seal(bsn(t, "900186021"), "something else")
	require.NoError(t, err)
	_, ok = both.Again(Withdrawn{Sealed: other})
	assert.False(t, ok, "sealed for something else")
}
