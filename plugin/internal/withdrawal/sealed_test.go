// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestSealed(t *testing.T) {
	patient, keys := bsn(t, "900186021"), NewKeys()
	for _, beside := range []string{"", "1980-01-31"} {
		sealed, err := keys.Seal(patient, beside)
		require.NoError(t, err)
		assert.NotContains(t, string(sealed), "900186021")
		opened, with, err := keys.Rotated().Open(sealed)
		require.NoError(t, err)
		assert.True(t, opened.Equal(patient))
		assert.Equal(t, beside, with)
		again, err := keys.Seal(patient, beside)
		require.NoError(t, err)
		assert.NotEqual(t, sealed, again)

		_, _, err = NewKeys().Open(sealed)
		require.ErrorIs(t, err, errSealed)
		for i := range sealed {
			sealed[i] ^= 1
			_, _, err = keys.Open(sealed)
			require.ErrorIs(t, err, errSealed, "byte %d", i)
			sealed[i] ^= 1
		}
		for length := range sealed {
			_, _, err = keys.Open(sealed[:length])
			require.ErrorIs(t, err, errSealed, "%d bytes", length)
		}
	}
	_, err := keys.Seal(consent.BSN{}, "")
	require.Error(t, err)
}

func TestNamesOfKeys(t *testing.T) {
	keys := NewKeys()
	rotated := keys.Rotated()
	assert.Equal(t, keys.ID(), rotated.IDs()[1])
	assert.NotEqual(t, keys.ID(), rotated.ID())
	assert.Len(t, keys.ID(), 8)
}

func TestPlaces(t *testing.T) {
	patient, keys := bsn(t, "900186021"), NewKeys()
	rotated := keys.Rotated()
	before, err := keys.Places(patient, "00000659", "a purpose")
	require.NoError(t, err)
	after, err := rotated.Places(patient, "00000659", "a purpose")
	require.NoError(t, err)
	assert.Equal(t, before, after[1:])
	for _, other := range []struct {
		patient consent.BSN
		at      consent.URA
		purpose string
	}{{bsn(t, "999996630"), "00000659", "a purpose"}, {patient, "00000660", "a purpose"}, {patient, "00000659", "another"}} {
		places, err := keys.Places(other.patient, other.at, other.purpose)
		require.NoError(t, err)
		assert.NotEqual(t, before, places)
	}
	_, err = keys.Places(consent.BSN{}, "00000659", "a purpose")
	require.Error(t, err)
}
