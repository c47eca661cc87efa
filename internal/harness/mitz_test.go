// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// subscription is a question of the host named hospital.
const subscription = `{"resourceType":"Subscription","extension":[
  {"url":"http://fhir.nl/StructureDefinition/GatewaySystem","valueOid":"urn:oid:2.999.10"},
  {"url":"http://fhir.nl/StructureDefinition/SourceSystem","valueOid":"urn:oid:2.999.10.2"}],
 "status":"requested","reason":"OTV","criteria":"Consent?_query=otv&patientid=900186021&providerid=00000659&providertype=V6",
 "channel":{"type":"rest-hook","endpoint":"https://hospital.nuts-mitz.internal/notify","payload":"application/fhir+xml"}}`

func TestMitzNotifiesNodesByTheirNames(t *testing.T) {
	workspace := newWorkspace(t)
	server, err := workspace.ServeTLS("notified", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	require.NoError(t, err)
	workspace.nameHost("hospital", server)
	mitz, err := workspace.StartMitz()
	require.NoError(t, err)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, mitz.SubscriptionURL(), strings.NewReader(subscription))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/fhir+json")
	own, err := tls.LoadX509KeyPair(mitz.Files.Certificate, mitz.Files.Key)
	require.NoError(t, err)
	pem, err := os.ReadFile(mitz.Files.TrustStore)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusAccepted, response.StatusCode)

	require.NoError(t, mitz.Record(mitztest.Consent{Patient: "900186021", DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Permit}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, mitz.WaitForNotifications(ctx, 1))
	assert.Equal(t, http.StatusNoContent, mitz.Notifications()[0].Status, mitz.Notifications()[0].Problem)
}
