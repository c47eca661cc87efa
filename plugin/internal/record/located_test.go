// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

func locationQuery(t *testing.T) consent.LocationQuery {
	t.Helper()
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	return consent.LocationQuery{
		Patient: patient, Purpose: consent.PurposeTreatment,
		Requester: consent.Requester{URA: "00000020", FacilityType: "Z3", Responsible: consent.Professional{
			ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "000095254"}, Role: "01.015",
		}},
	}
}

const locatingID = "3f1c2a52-7d1e-4b0a-9c55-0d8f6f5f2a11"

// sentBy stands in for the link: it tells of so many queries.
func sentBy(asking context.Context, ids ...string) error {
	for _, id := range ids {
		if err := mitzclient.ContextTrace(asking).Asking(asking, id); err != nil {
			return err
		}
	}
	return nil
}

func TestAskingWhereDataAreIsTold(t *testing.T) {
	one := mitzclient.Locations{RequestID: locatingID, Locations: []mitzclient.Location{{DataHolder: "00000659"}}}
	for _, tc := range []struct {
		name    string
		sent    []string
		found   mitzclient.Locations
		failure error
		entries []string // action, outcome and code
		line    string
	}{
		{"some may share", []string{locatingID}, one, nil, []string{"locate 0 asked", "located 0 located"}, "level=info"},
		{"none may", []string{locatingID}, mitzclient.Locations{}, nil, []string{"locate 0 asked", "located 0 nobody"}, "level=info"},
		{"Mitz does not answer", []string{locatingID}, mitzclient.Locations{}, &mitzclient.Error{Code: mitzclient.Timeout}, []string{"locate 0 asked", "located 8 timeout"}, "level=warning"},
		{"Mitz is asked again", []string{"5b7c6b1e-62a0-4a39-9a0e-3a5f0a8a6a10", locatingID}, one, nil, []string{"locate 0 asked", "locate 0 asked", "located 0 located"}, "level=info"},
		{"Mitz is not asked", nil, mitzclient.Locations{}, &mitzclient.Error{Code: mitzclient.TooManyQueries}, []string{"located 4 too_many_queries"}, "level=info"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, written := notifiedRecorder(t)
			asking, ended := r.Locating(t.Context(), "gp-west", locationQuery(t))
			require.NoError(t, sentBy(asking, tc.sent...))
			require.NoError(t, ended(tc.found, tc.failure))
			entries, lines := written()
			var told []string
			for _, each := range entries {
				told = append(told, string(each.Action)+" "+string(each.Outcome)+" "+each.Code)
				assert.Equal(t, "gp-west", each.Subject)
				require.NotNil(t, each.Question, "a professional looked a patient up")
				assert.True(t, each.IsAbout(locationQuery(t).Patient))
				assert.Equal(t, locationQuery(t).Requester, each.Question.Requester)
				assert.Empty(t, each.Question.DataHolder.URA)
			}
			assert.Equal(t, tc.entries, told)
			if tc.sent != nil {
				assert.Equal(t, tc.sent, entries[len(entries)-1].RequestIDs)
			}
			code := entries[len(entries)-1].Code
			assert.InDelta(t, 1, testutil.ToFloat64(r.metrics.localizations.WithLabelValues(code)), 0)
			assert.Contains(t, strings.Join(lines, "\n"), tc.line+` msg="Mitz was asked where data are"`)
		})
	}
}

func TestWhatCannotBeWrittenIsNotAskedNorTold(t *testing.T) {
	r, _ := notifiedRecorder(t)
	require.NoError(t, r.file.Close())
	asking, ended := r.Locating(t.Context(), "gp-west", locationQuery(t))
	require.Error(t, sentBy(asking, locatingID), "it does not leave")
	require.ErrorIs(t, ended(mitzclient.Locations{}, &mitzclient.Error{Code: mitzclient.Unrecorded}), Unwritten)
	assert.InDelta(t, 1, testutil.ToFloat64(r.metrics.localizations.WithLabelValues("audit_unwritten")), 0)

	_, ended = r.Locating(t.Context(), "gp-west", locationQuery(t))
	require.ErrorIs(t, ended(mitzclient.Locations{Locations: []mitzclient.Location{{}}}, nil), Unwritten, "nor is an answer told")
}

func TestWithoutAFileItIsTold(t *testing.T) {
	r := New(nil)
	asking, ended := r.Locating(t.Context(), "gp-west", locationQuery(t))
	require.NoError(t, sentBy(asking, locatingID))
	require.NoError(t, ended(mitzclient.Locations{}, errors.New("anything")))
	assert.InDelta(t, 1, testutil.ToFloat64(r.metrics.localizations.WithLabelValues("internal")), 0)
}
