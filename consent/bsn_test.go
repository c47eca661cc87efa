// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consent_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

const digits = "900186021"

func TestParseBSN(t *testing.T) {
	for _, valid := range []string{digits, "900203638", "900203651", "999996630", "999996642"} {
		t.Run("accepted: "+valid, func(t *testing.T) {
			bsn, err := consent.ParseBSN(valid)
			require.NoError(t, err)
			assert.Equal(t, valid, bsn.Expose())
		})
	}
	for name, invalid := range map[string]string{
		"fails the eleven test": "900186022", "two digits swapped": "901086021", "zeros": "000000000", "eight digits": "90018602",
		"ten digits": "9001860210", "empty": "", "letters": "90018602a", "other digits": "９00186021", "space": " 00186021", "sign": "-00186021",
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			bsn, err := consent.ParseBSN(invalid)
			require.Error(t, err)
			assert.True(t, bsn.IsZero())
			if invalid != "" {
				assert.NotContains(t, err.Error(), invalid)
			}
		})
	}
}

func TestBSNIsRedactedInEveryPrintedForm(t *testing.T) {
	bsn, err := consent.ParseBSN(digits)
	require.NoError(t, err)
	type nested struct {
		Exported   consent.BSN
		unexported consent.BSN
		pointer    *consent.BSN
		list       []consent.BSN
		inMap      map[string]consent.BSN
		anything   any
	}
	value := nested{bsn, bsn, &bsn, []consent.BSN{bsn}, map[string]consent.BSN{"x": bsn}, bsn}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%T", "%p", "%08.3f", "%!"} {
		for _, each := range []any{bsn, &bsn, value, &value, []any{bsn}, errors.Join(fmt.Errorf("%v", bsn))} {
			_, _ = fmt.Fprintf(&out, verb+"\n", each)
		}
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		type message struct{ Patient consent.BSN }
		marshalled, err := marshal(message{bsn})
		require.NoError(t, err)
		out.Write(marshalled)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("slog", "patient", bsn, "nested", value)
	slog.New(slog.NewTextHandler(&out, nil)).Info("slog", "patient", bsn, "nested", value)
	logger := logrus.New()
	logger.SetOutput(&out)
	logger.WithField("patient", bsn).WithField("nested", value).Error(bsn)
	func() {
		defer func() { _, _ = fmt.Fprintln(&out, recover()) }()
		panic(value)
	}()

	assert.NotContains(t, out.String(), digits)
	assert.NotContains(t, out.String(), fmt.Sprintf("%x", digits))
	assert.Contains(t, out.String(), "[BSN]")
}

func TestBSNEqual(t *testing.T) {
	one, _ := consent.ParseBSN(digits)
	same, _ := consent.ParseBSN(digits)
	other, _ := consent.ParseBSN("999996630")
	assert.True(t, one.Equal(same))
	assert.False(t, one.Equal(other))
	assert.False(t, one.Equal(consent.BSN{}))
	assert.False(t, consent.BSN{}.Equal(consent.BSN{}), "no number equals nothing")
}

func FuzzIsBSN(f *testing.F) {
	for _, seed := range []string{digits, "000000000", "", "900186022"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, err := consent.ParseBSN(s)
		assert.Equal(t, err == nil, consent.IsBSN(s))
		if err == nil {
			assert.Regexp(t, `^[0-9]{9}$`, s)
		}
	})
}

func TestIsInFindsTheNumberInAText(t *testing.T) {
	patient, err := consent.ParseBSN(digits)
	require.NoError(t, err)
	for text, expected := range map[string]bool{
		"900186021": true, "urn:x:900186021#1": true, "x9001860210": true, "": false, "90018602": false, "900 186021": false, "999996642": false,
	} {
		assert.Equal(t, expected, patient.IsIn(text), text)
	}
	assert.False(t, consent.BSN{}.IsIn("900186021"), "no number is in nothing")
	assert.False(t, consent.BSN{}.IsIn(""))
}

func TestKeyedRecognisesAPatientWithoutTheNumber(t *testing.T) {
	bsn, err := consent.ParseBSN("900186021")
	require.NoError(t, err)
	again, err := consent.ParseBSN("900186021")
	require.NoError(t, err)
	other, err := consent.ParseBSN("999996630")
	require.NoError(t, err)
	key := [32]byte{1}
	assert.Equal(t, bsn.Keyed(key, "a"), again.Keyed(key, "a"))
	different := map[[32]byte]bool{}
	for _, each := range []consent.BSN{bsn, other, {}} {
		for _, k := range [][32]byte{key, {2}} {
			for _, beside := range []string{"a", "b", ""} {
				different[each.Keyed(k, beside)] = true
			}
		}
	}
	assert.Len(t, different, 3*2*3, "another number, key or text")
}
