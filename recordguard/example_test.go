// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// A record server's handler knows nothing of tokens. The guard in front of it does.
func ExampleNew() {
	records := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		decision, ok := recordguard.DecisionOf(r.Context())
		if !ok { // nothing was judged
			w.WriteHeader(http.StatusForbidden)
			return
		}
		slog.Info("released", "query", decision.Claims.RequestID, "resources", decision.Asked.Resources)
		// ... find the data of decision.Claims.Patient
	})
	guard, err := recordguard.New(recordguard.Config{
		Rules: recordguard.Rules{
			DataHolder: "00000659",
			Scopes:     map[string][]string{"birth-care": nil}, // all that the consent covers
		},
		Node: "http://127.0.0.1:8081",
		URL:  "https://records.example/fhir",
		PatientOf: func(_ context.Context, _ recordguard.Reference) (consent.BSN, error) {
			return consent.BSN{}, errors.New("no such resource") // look it up in the record system
		},
		Refused: func(_ *http.Request, why recordguard.Refusal) { fmt.Println(why) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	protected := guard.Protect(records)

	answer := httptest.NewRecorder()
	protected.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "https://records.example/fhir/Condition?patient=1", nil))
	fmt.Println(answer.Code, answer.Header().Get("WWW-Authenticate"))
	// Output:
	// token_missing
	// 401 Bearer
}
