// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestPagesCountColumns(t *testing.T) {
	page := &Page{}
	page.Section("Één")
	page.Rows(2, [][2]string{{"één", "a"}, {"two", strings.Repeat("é ", 60)}})
	assert.Equal(t, "\nÉén\n---\n  één  a\n  two  "+strings.TrimSpace(strings.Repeat("é ", 47))+
		"\n       "+strings.TrimSpace(strings.Repeat("é ", 13))+"\n", page.String())
}

func TestCodesInWords(t *testing.T) {
	for code := range FacilityTypeWords {
		assert.True(t, code.Known(), code)
	}
	for code := range categoryWords {
		assert.True(t, code.Known(), code)
	}
	assert.Equal(t, "V6 (general hospital)", FacilityType("V6"))
	assert.Equal(t, "GGC002 (treatment data)", Category("GGC002"))
	assert.Equal(t, "X9 (a code that this software has no words for)", FacilityType(consent.FacilityType("X9")))
}
