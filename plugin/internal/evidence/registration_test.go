// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestWhatIsKeptIsWhatWasPresented(t *testing.T) {
	w := newWorld(t)
	w.keep(w.node(), "a")
	kept := w.store.all()[0]
	assert.Equal(t, "did:web:midwife.example#a", kept.Registration)
	opened, err := kept.open(w.keys)
	require.NoError(t, err)
	want := registration(t, "a")
	assert.True(t, opened.Patient.Equal(want.Patient))
	opened.Patient, want.Patient = consent.BSN{}, consent.BSN{}
	assert.Equal(t, fmt.Sprintf("%#v", want.Consent), fmt.Sprintf("%#v", opened.Consent))
	assert.Equal(t, want.Credentials, opened.Credentials)
	written, err := json.Marshal(recordOf(kept))
	require.NoError(t, err)
	assertNoNumber(t, string(written))
}

func TestARegistrationPrintsAsNothing(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.Equal(t, "[registration]", fmt.Sprintf(verb, registration(t, "a")))
	}
}

func TestTheSameRegistrationIsOne(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Registration)
		isSame bool
	}{
		{"the same", func(*Registration) {}, true},
		{"with another membership", func(r *Registration) { r.Credentials[1] = "another" }, true},
		{"another credential with its id", func(r *Registration) { r.Credentials[0] = "another" }, false},
		{"at another subject", func(r *Registration) { r.Subject = "hospital-west" }, false},
		{"at another data holder", func(r *Registration) { r.DataHolder.URA = "00000660" }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			node := w.node()
			w.keep(node, "a")
			again := registration(t, "a")
			tc.change(&again)
			require.NoError(t, node.Keep(t.Context(), again))
			assert.Equal(t, tc.isSame, len(w.store.all()) == 1)
		})
	}
}

func TestWhatIsNotKept(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*Registration)
		err   error
	}{
		{"no id", func(r *Registration) { r.ID = "" }, errIncomplete},
		{"no subject", func(r *Registration) { r.Subject = "" }, errIncomplete},
		{"no patient", func(r *Registration) { r.Patient = consent.BSN{} }, errIncomplete},
		{"no data holder", func(r *Registration) { r.DataHolder = consent.DataHolder{} }, errIncomplete},
		{"no proof", func(r *Registration) { r.Credentials = nil }, errIncomplete},
		{"an empty proof", func(r *Registration) { r.Credentials[0] = "" }, errIncomplete},
		{"an id of the patient", func(r *Registration) { r.ID = "urn:bsn:" + testBSN }, errID},
		{"an id of the patient among digits", func(r *Registration) { r.ID = "urn:1" + testBSN + "2" }, errID},
		{"a long id", func(r *Registration) { r.ID = strings.Repeat("a", maxID+1) }, errID},
		{"too much", func(r *Registration) { r.Credentials[1] = strings.Repeat("a", maxSealed) }, errTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			spoilt := registration(t, "a")
			tc.spoil(&spoilt)
			err := w.node().Keep(t.Context(), spoilt)
			require.ErrorIs(t, err, tc.err)
			assertNoNumber(t, err.Error())
			assert.Empty(t, w.store.all())
		})
	}
}

func TestStatesThatAreFinalHaveNothingDue(t *testing.T) {
	for _, state := range States() {
		kept := recordOf(row{}.in(state, time.Now()))
		assert.Equal(t, state == Waiting || state == Accepted || state == Refused, kept.Due != nil, state)
		assert.LessOrEqual(t, len(state), 16)
	}
}

func TestAnotherPatientsNumberInAnIDIsNotKeptInClear(t *testing.T) {
	w := newWorld(t)
	r := registration(t, "a")
	r.ID = "urn:x:999996642"
	require.NoError(t, w.node().Keep(t.Context(), r))
	kept := w.store.all()[0]
	assert.NotContains(t, kept.Registration, "999996642")
	assert.Contains(t, kept.Registration, "urn:x:")
}
