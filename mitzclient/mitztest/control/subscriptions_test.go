// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// subscription is a question of a data holder that is on this machine.
const subscription = `{"resourceType":"Subscription","extension":[
  {"url":"http://fhir.nl/StructureDefinition/GatewaySystem","valueOid":"urn:oid:2.999.10"},
  {"url":"http://fhir.nl/StructureDefinition/SourceSystem","valueOid":"urn:oid:2.999.10.2"}],
 "status":"requested","reason":"OTV","criteria":"Consent?_query=otv&patientid=900186021&providerid=00000659&providertype=V6",
 "channel":{"type":"rest-hook","endpoint":"ENDPOINT/made-up","payload":"application/fhir+xml"}}`

func TestSubscriptionsAndNotificationsAreListed(t *testing.T) {
	b := newBench(t)
	holder := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(holder.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.SubscriptionURL(), strings.NewReader(strings.Replace(subscription, "ENDPOINT", holder.URL, 1)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/fhir+json")
	transport := &http.Transport{TLSClientConfig: b.identity.ClientTLS()}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusAccepted, response.StatusCode)

	_, body := b.tell("GET", "/subscriptions", "")
	var subscriptions subscriptionsView
	require.NoError(t, json.Unmarshal([]byte(body), &subscriptions))
	require.Len(t, subscriptions.Subscriptions, 1)
	got := subscriptions.Subscriptions[0]
	assert.Equal(t, subscriptionView{
		ID: got.ID, Time: got.Time, Patient: patient, DataHolder: organizationView{"00000659", "V6"},
		Gateway: "2.999.10", Source: "2.999.10.2", Endpoint: holder.URL + "/made-up", Payload: "application/fhir+xml",
	}, got)

	_, body = b.tell("GET", "/notifications", "")
	assert.Contains(t, body, `"notifications": []`)
	b.tell("POST", "/consents", exampleConsent)
	require.NoError(t, b.WaitForNotifications(t.Context(), 1))
	b.tell("PUT", "/behaviour", `{"behaviour": "notifying: never", "times": 1}`)
	b.tell("POST", "/consents/withdraw", exampleScope)
	_, body = b.tell("GET", "/notifications", "")
	var notifications notificationsView
	require.NoError(t, json.Unmarshal([]byte(body), &notifications))
	require.Len(t, notifications.Notifications, 2)
	told := notifications.Notifications[0]
	assert.Equal(t, notificationView{told.Time, got.ID, "00000659", "GGC002", "behaving", 204, ""}, told)
	assert.Equal(t, "notifying: never", notifications.Notifications[1].Behaviour)
	b.tell("DELETE", "/queries", "")
	_, body = b.tell("GET", "/notifications", "")
	assert.Contains(t, body, `"notifications": []`)
	assert.NotContains(t, b.log.String(), patient)
	assert.NotContains(t, b.log.String(), "made-up")
}
