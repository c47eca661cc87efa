// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/localization"
)

const (
	localizationsPath = "/internal/mitz/v1/hospital-east/localizations"
	testLookUp        = `{"patient": "` + testBSN + `", "professional": {"id": "000095254", "role": "01.015"}, "purpose": "TREAT"}`
)

// localizerInMemory finds what it is told to.
type localizerInMemory struct {
	found   localization.Found
	failing error
	asked   []consent.LocationQuery
	subject string
}

func (l *localizerInMemory) Locate(_ context.Context, subject string, q consent.LocationQuery) (localization.Found, error) {
	l.asked, l.subject = append(l.asked, q), subject
	return l.found, l.failing
}

func (w *world) lookUp(t *testing.T, body string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, localizationsPath, strings.NewReader(body))
	request.Header.Set(echo.HeaderContentType, jsonType)
	return w.send(request)
}

func TestLocalizations(t *testing.T) {
	w := newWorld(t)
	w.localizer.found = localization.Found{RequestID: idOf(0), DataHolders: []localization.DataHolder{
		{
			URA: "00000660", Categories: []consent.Category{"GGC002"},
			Systems: []localization.System{{Gateway: "2.999.1", Source: "2.999.1.2", Categories: []consent.Category{"GGC002"}}},
			Nodes:   []localization.Node{{DID: "did:web:a.example", AuthorizationServer: "https://a.example/oauth2/a"}, {DID: "did:web:b.example"}},
		},
		{Systems: []localization.System{{Gateway: "2.999.1"}}},
	}}
	answer := w.lookUp(t, testLookUp)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	assert.JSONEq(t, `{"requestId": "`+idOf(0)+`", "dataHolders": [
		{"ura": "00000660", "categories": ["GGC002"], "systems": [{"gateway": "2.999.1", "source": "2.999.1.2", "categories": ["GGC002"]}],
		 "nodes": [{"did": "did:web:a.example", "authorizationServer": "https://a.example/oauth2/a"}, {"did": "did:web:b.example", "authorizationServer": null}]},
		{"ura": null, "categories": [], "systems": [{"gateway": "2.999.1", "source": null, "categories": []}], "nodes": null}]}`, answer.Body.String())
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	require.Len(t, w.localizer.asked, 1)
	asked := w.localizer.asked[0]
	assert.True(t, asked.Patient.Equal(patient))
	assert.Equal(t, consent.Requester{URA: "00000659", FacilityType: "V6", Responsible: consent.Professional{
		ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "000095254"}, Role: "01.015",
	}}, asked.Requester, "the organisation that asks is that of the path")
	assert.Equal(t, consent.PurposeTreatment, asked.Purpose)
	assert.Equal(t, "hospital-east", w.localizer.subject)
	require.NoError(t, asked.Validate())
}

func TestLocalizationsRefuse(t *testing.T) {
	change := func(from, to string) string {
		require.Contains(t, testLookUp, from)
		return strings.Replace(testLookUp, from, to, 1)
	}
	for name, tt := range map[string]struct{ body, detail string }{
		"a number that is no BSN":            {change(testBSN, "123456789"), "patient is not a BSN"},
		"no patient":                         {change(`"patient": "`+testBSN+`", `, ""), "patient is not a BSN"},
		"no professional":                    {`{"patient": "` + testBSN + `", "purpose": "TREAT"}`, "professional.id is not a professional's number"},
		"a professional of another form":     {change("000095254", testBSN2+"x"), "professional.id is not a professional's number"},
		"a register that is not known":       {change("000095254", "urn:x|1"), "professional.id is not a professional's number"},
		"a role that is none":                {change("01.015", "GP"), "professional.role is not a role code"},
		"no purpose":                         {change(`, "purpose": "TREAT"`, ""), "purpose is not TREAT or COC"},
		"everything wrong, told at once":     {`{}`, "patient is not a BSN; professional.id is not"},
		"a member that is not known":         {change(`"purpose"`, `"patients": [], "purpose"`), "a member that is not known"},
		"a member twice":                     {change(`"purpose"`, `"purpose": "COC", "purpose"`), "not JSON that can be read in one way"},
		"a member of the professional twice": {change(`"role"`, `"role": "01.000", "role"`), "not JSON that can be read in one way"},
		"a number in place of a text":        {change(`"000095254"`, `95254`), "of another type"},
		"a requester of its own choice":      {change(`"purpose"`, `"requester": "00000001", "purpose"`), "a member that is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			answer := w.lookUp(t, tt.body)
			assert.Equal(t, http.StatusBadRequest, answer.Code)
			assert.Contains(t, answer.Body.String(), tt.detail)
			for _, number := range []string{testBSN, testBSN2, "123456789"} {
				assert.NotContains(t, answer.Body.String(), number)
			}
			assert.Empty(t, w.localizer.asked)
		})
	}
}
