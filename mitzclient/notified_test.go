// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/stretchr/testify/require"
)

// TestSubscribedAndNotified goes the whole way with the simulator, which shares no code with
// the client, in both forms.
func TestSubscribedAndNotified(t *testing.T) {
	for _, form := range []string{FHIRXML, FHIRJSON} {
		t.Run(form, func(t *testing.T) {
			type reading struct {
				told Notification
				err  error
			}
			arrived := make(chan reading, 8)
			holder := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				told, err := ReadNotification(r.Header.Get("Content-Type"), body)
				arrived <- reading{told, err}
				w.WriteHeader(http.StatusCreated)
			}))
			defer holder.Close()
			identity, err := mitztest.NewIdentity()
			require.NoError(t, err)
			mitz, err := mitztest.Start(identity.Config())
			require.NoError(t, err)
			defer mitz.Close()
			l, err := NewLink(Config{
				Endpoint: mitz.Endpoint(), TLS: identity.ClientTLS(), Subscriptions: SubscriptionConfig{Format: form, PlainHTTP: true, Timeout: patience},
			}, Hooks{})
			require.NoError(t, err)
			defer l.Close()

			const patient = "900186021" // of whom nothing is on record
			s := subscriptionOf(t)
			s.Patient, err = consent.ParseBSN(patient)
			require.NoError(t, err)
			s.NotifyURL, s.Payload = holder.URL+"/mitz/notify/s3cret", form
			id, err := l.Subscribe(t.Context(), s)
			require.NoError(t, err)
			again, err := l.Subscribe(t.Context(), s)
			require.NoError(t, err)
			require.Equal(t, id, again)

			require.NoError(t, mitz.Record(mitztest.Consent{
				Patient: patient, DataHolder: s.DataHolder.URA, Category: "GGC002", RequesterType: "J8", Decision: consent.Permit,
			}))
			select {
			case got := <-arrived:
				require.NoError(t, got.err)
				require.True(t, got.told.Patient.Equal(s.Patient))
				require.Equal(t, s.DataHolder, got.told.DataHolder)
				require.Equal(t, []consent.ProviderCategory{"RPZAC005"}, got.told.Categories["GGC002"].Permitted)
			case <-time.After(patience):
				t.Fatal("no notification")
			}
			require.NoError(t, l.EndSubscription(t.Context(), id))
			require.Empty(t, mitz.Subscriptions())
			requireRefused(t, Error{Code: HTTPStatus, Detail: "not_found", Status: 404, Attempts: 1}, l.EndSubscription(t.Context(), id))
		})
	}
}
