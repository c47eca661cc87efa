// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

func TestWhatDiffersIsNamed(t *testing.T) {
	s := &Scene{cast: Cast{
		Patients:     []Patient{{Key: "sanne", BSN: "900186021", Holder: Hospital}},
		Practice:     Organisation{URA: "00001234", Type: "G3"},
		Hospital:     Organisation{URA: "00000659", Type: "V6"},
		Professional: Professional{ID: "900012345", Role: "03.000"},
		Category:     "GGC002", Purpose: "TREAT",
	}}
	wanted := s.claims(&s.cast.Patients[0], ClosedQuery, []mitztest.Query{{RequestID: "first"}, {RequestID: "one"}})

	assert.Equal(t, []string{"data category", "data holder", "kind", "patient", "professional", "purpose", "requester", "role"},
		s.differences(mitztest.Query{}, &s.cast.Patients[0], Expected{}))
	assert.Empty(t, differing(wanted, wanted))
	for name, value := range map[string]any{
		"patient_bsn": "999990019", "consent_request_id": "first", "active": false, "consent_categories": []any{"GGC002", "GGC012"}, "mitz_consent": "true",
	} {
		told := map[string]any{}
		for each, right := range wanted {
			told[each] = right
		}
		told[name] = value
		assert.Equal(t, []string{name}, differing(told, wanted))
	}
}
