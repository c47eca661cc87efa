// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/internal/openapi"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// described is docs/openapi.yaml, with a node that is held against it.
type described struct {
	*openapi.Document
	client *http.Client
	node   *harness.Node
}

// at is where the node serves a path.
func (d described) at(path string) string {
	if strings.HasPrefix(path, "/internal/") {
		return d.node.InternalURL() + path
	}
	return d.node.PublicURL() + path
}

// call is a request to one operation that ends with a status. The zero content type is that
// of JSON.
type call struct {
	operation    string
	status       int
	method, path string
	body         string
	contentType  string
	isNoRequest  bool // it is not as the document has it
}

// hold sends a request to the node, and holds what it answers against the document.
func (d described) hold(t *testing.T, each call) openapi.Answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), each.method, d.at(each.path), strings.NewReader(each.body))
	require.NoError(t, err)
	contentType := each.contentType
	if contentType == "" {
		contentType = "application/json"
	}
	request.Header.Set("Content-Type", contentType)
	response, err := d.client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assertNoPatients(t, string(body))
	answer := openapi.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
	d.Hold(t, openapi.Exchange{
		Operation: each.operation, Status: each.status, IsNoRequest: each.isNoRequest, Request: request, Body: each.body, Answer: answer,
	})
	return answer
}

// Where the interface is, and bodies of requests.
const (
	east          = "/internal/mitz/v1/hospital-east"
	nowhere       = "/internal/mitz/v1/hospital-elsewhere"
	revocations   = "/revocations"
	subscriptions = "/subscriptions"
	localizations = "/localizations"
	access        = "/access"
	anID          = "/0b5b8f1e-3d6f-4d3e-9d0a-2f4c8b1e7a60"
	thePatient    = `{"patient": "` + patient + `"}`
	noPatient     = `{"patient": "123456789"}`
	bothPatients  = `{"patients": [{"patient": "` + patient + `", "birthDate": "1980-01-31"}, {"patient": "` + otherPatient + `"}]}`
)

// TestARunningNodeIsAsItIsDescribed holds real nodes against docs/openapi.yaml: every operation,
// and every status of each.
func TestARunningNodeIsAsItIsDescribed(t *testing.T) {
	document := openapi.Read(t, filepath.Join("..", "docs", "openapi.yaml"))
	t.Run("with subscriptions", func(t *testing.T) { holdWithSubscriptions(t, document) })
	t.Run("that asks where data are", func(t *testing.T) { holdLocalizations(t, document) })
	t.Run("without", func(t *testing.T) { holdWithout(t, document) })
	t.Run("with a client certificate", func(t *testing.T) { holdWithCertificate(t, document) })
	document.AssertSeen(t, "/", "notify 500", // which takes a panic
		// Of a FHIR server's requests these tests send none: TestAccess does, at paths of several segments.
		"judgeOriginalGet 200", "judgeOriginalHead 200", "judgeOriginalPost 200",
		"judgeOriginalGet 503", "judgeOriginalHead 503", "judgeOriginalPost 503")
}

// holdWithSubscriptions holds a node that has all, until both of its databases are gone.
func holdWithSubscriptions(t *testing.T, document *openapi.Document) {
	config := plainWorld()
	config.ConfigureMitz = func(section *harness.MitzConfig) { section.NotifyURL = harness.NotifyURL }
	c := newCluster(t, config, harness.RedisConfig{})
	d := described{document, c.Client(), c.first}
	permit(t, c.World, patient, "00000659", "GGC002")
	for _, each := range []call{
		{"revoke", 204, "POST", east + revocations, thePatient, "", false},
		{"revoke", 204, "POST", east + revocations, `{"token": "` + guardedToken(t, c.World) + `"}`, "", false},
		{"revoke", 400, "POST", east + revocations, noPatient, "", false},
		{"revoke", 400, "POST", east + revocations, `{}`, "", true},
		{"revoke", 404, "POST", east + revocations, `{"token": "another"}`, "", false},
		{"revoke", 404, "POST", nowhere + revocations, thePatient, "", false},
		{"revoke", 413, "POST", east + revocations, `{"token": "` + strings.Repeat("a", 17<<10) + `"}`, "", false},
		{"revoke", 415, "POST", east + revocations, thePatient, "text/plain", true},

		{"subscribe", 202, "POST", east + subscriptions, bothPatients, "", false},
		{"subscribe", 400, "POST", east + subscriptions, noPatient, "", false},
		{"subscribe", 400, "POST", east + subscriptions, `{"patients": [` + thePatient + `, {}]}`, "", true},
		{"subscribe", 404, "POST", nowhere + subscriptions, thePatient, "", false},
		{"subscribe", 413, "POST", east + subscriptions, thePatient + strings.Repeat(" ", 257<<10), "", false},
		{"subscribe", 415, "POST", east + subscriptions, thePatient, "application/x-www-form-urlencoded", true},

		{"listSubscriptions", 200, "GET", east + subscriptions + "?limit=1", "", "", false},
		{"listSubscriptions", 400, "GET", east + subscriptions + "?patient=" + patient, "", "", false},
		{"listSubscriptions", 404, "GET", nowhere + subscriptions, "", "", false},
		{"getSubscription", 404, "GET", east + subscriptions + anID, "", "", false},
		{"endSubscription", 404, "DELETE", east + subscriptions + anID, "", "", false},
	} {
		d.hold(t, each)
	}
	d.holdOneSubscription(t)
	d.holdDecisions(t)
	token := d.holdAccess(t, c.World)
	secret := d.holdNotifications(t, c.World)
	for _, path := range []string{east + subscriptions, east + subscriptions + anID, east + revocations, secret} {
		assert.Equal(t, http.StatusMethodNotAllowed, d.status(t, "PUT", path))
	}
	for _, path := range []string{"/internal/mitz/v1", east, east + subscriptions + anID + "/patient", "/mitz/notify"} {
		assert.Equal(t, http.StatusNotFound, d.status(t, "GET", path))
	}

	c.redis.Kill()
	require.NoError(t, c.sql.Stop())
	defer func() { assert.NoError(t, c.sql.Start(t.Context())) }() // for the tests after this one
	for _, each := range []call{
		{"judgeAccess", 503, "POST", east + access, toldAbout(token, patient), "", false},
		{"revoke", 503, "POST", east + revocations, thePatient, "", false},
		{"subscribe", 503, "POST", east + subscriptions, thePatient, "", false},
		{"listSubscriptions", 503, "GET", east + subscriptions, "", "", false},
		{"getSubscription", 503, "GET", east + subscriptions + anID, "", "", false},
		{"endSubscription", 503, "DELETE", east + subscriptions + anID, "", "", false},
		{"notify", 503, "POST", secret, notification(t, "partial.xml"), "application/fhir+xml", false},
	} {
		d.hold(t, each)
	}
}

// holdAccess asks as gateways do, with a live token, which it returns.
func (d described) holdAccess(t *testing.T, w *harness.World) (token string) {
	t.Helper()
	token = guardedToken(t, w)
	about := toldAbout(token, patient)
	for _, each := range []call{
		{"judgeAccess", 200, "POST", east + access, about, "", false},
		{"judgeAccess", 400, "POST", east + access, `{"method": "GET"`, "", true},
		{"judgeAccess", 403, "POST", east + access, toldAbout(token, otherPatient), "", false},
		{"judgeAccess", 404, "POST", nowhere + access, about, "", false},
		{"judgeAccess", 413, "POST", east + access, about + strings.Repeat(" ", 257<<10), "", false},
		{"judgeAccess", 415, "POST", east + access, about, "text/plain", true},
		{"judgeOriginalGet", 403, "GET", east + access + "/Condition", "", "", false},
		{"judgeOriginalGet", 404, "GET", nowhere + access + "/Condition", "", "", false},
		{"judgeOriginalHead", 403, "HEAD", east + access + "/Condition", "", "", false},
		{"judgeOriginalHead", 404, "HEAD", nowhere + access + "/Condition", "", "", false},
		{"judgeOriginalPost", 403, "POST", east + access + "/Condition", "", "application/x-www-form-urlencoded", false},
		{"judgeOriginalPost", 404, "POST", nowhere + access + "/Condition", "", "application/x-www-form-urlencoded", false},
	} {
		d.hold(t, each)
	}
	return token
}

// toldAbout is what a gateway tells of a request to something else than a FHIR server.
func toldAbout(token, patient string) string {
	return `{"authorization": "Bearer ` + token + `", "method": "GET", "url": "https://records.example/summary/17", "patient": "` +
		patient + `", "resourceTypes": ["Condition"]}`
}

// holdNotifications has the node notified, and returns the path at which it is.
func (d described) holdNotifications(t *testing.T, w *harness.World) (secret string) {
	t.Helper()
	inXML, inJSON := notification(t, "partial.xml"), notification(t, "partial.json")
	secret = secretPath(t, w)
	for _, each := range []call{
		{"notify", 201, "POST", secret, inXML, "application/fhir+xml", false},
		{"notify", 201, "POST", secret, inJSON, "application/fhir+json", false},
		{"notify", 400, "POST", secret, "<", "application/fhir+xml", false},
		{"notify", 404, "POST", secret + "A", inXML, "application/fhir+xml", false},
		{"notify", 404, "POST", secret, strings.ReplaceAll(inJSON, patient, otherPatient), "application/fhir+json", false},
		{"notify", 413, "POST", secret, strings.Repeat(" ", 1<<20) + inXML, "application/fhir+xml", false},
		{"notify", 415, "POST", secret, inXML, "text/plain", true},
	} {
		d.hold(t, each)
	}
	return secret
}

// secretPath returns the path of the patient's subscription at the node.
func secretPath(t *testing.T, w *harness.World) string {
	t.Helper()
	for _, each := range w.Mitz.Subscriptions() {
		if each.PatientNumber() == patient {
			address, err := url.Parse(each.Endpoint)
			require.NoError(t, err)
			return address.Path
		}
	}
	t.Fatal("nobody subscribed the patient")
	return ""
}

// notification returns one of the messages by which the reader is tested, about the patient at
// hospital-east.
func notification(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "mitzclient", "internal", "notification", "testdata", "good", file))
	require.NoError(t, err)
	return strings.NewReplacer("999996630", patient, "00000042", "00000659").Replace(string(content))
}

// holdOneSubscription follows a subscription from its beginning to its end.
func (d described) holdOneSubscription(t *testing.T) {
	t.Helper()
	answer := d.hold(t, call{"subscribe", 202, "POST", east + subscriptions, thePatient, "", false})
	place := answer.Header.Get("Location")
	require.Contains(t, place, east+subscriptions+"/")
	await(t, func() bool {
		var found struct{ State string }
		got := d.hold(t, call{"getSubscription", 200, "GET", place, "", "", false})
		require.NoError(t, json.Unmarshal(got.Body, &found))
		return found.State == "subscribed"
	})
	var page struct {
		Subscriptions []struct{ ID string }
	}
	listed := d.hold(t, call{"listSubscriptions", 200, "GET", east + subscriptions, "", "", false})
	require.NoError(t, json.Unmarshal(listed.Body, &page))
	assert.Len(t, page.Subscriptions, 2)

	for _, each := range page.Subscriptions {
		if place != east+subscriptions+"/"+each.ID { // the other patient's
			ended := east + subscriptions + "/" + each.ID
			d.hold(t, call{"endSubscription", 204, "DELETE", ended, "", "", false})
			await(t, func() bool { return d.status(t, "GET", ended) == http.StatusNotFound })
			d.hold(t, call{"endSubscription", 404, "DELETE", ended, "", "", false})
		}
	}
}

// startAnother starts another node of the shared world's data holder.
func startAnother(t *testing.T, settings map[string]any, change func(section *harness.MitzConfig)) (*harness.World, *harness.Node) {
	t.Helper()
	w := fresh(t)
	section := w.MitzConfig
	change(&section)
	text, err := section.YAML()
	require.NoError(t, err)
	node, err := w.StartNode(t.Context(), harness.NodeConfig{Name: "another", Binary: binaries.Mitz, Settings: settings, YAML: text})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, node.Stop()) })
	return w, node
}

// holdWithCertificate holds a node that takes notifications with Mitz's certificate alone.
func holdWithCertificate(t *testing.T, document *openapi.Document) {
	settings := map[string]any{"tls.offload": "incoming", "tls.certheader": "X-SSL-CERT"}
	w, node := startAnother(t, settings, func(section *harness.MitzConfig) {
		section.NotifyURL, section.NotifyCertNames = harness.NotifyURL, []string{"mitz.example"}
	})
	d := described{document, w.Client(), node}
	d.hold(t, call{"subscribe", 202, "POST", east + subscriptions, thePatient, "", false})
	require.NoError(t, w.Mitz.WaitForSubscriptions(t.Context(), 1))
	d.hold(t, call{"notify", 403, "POST", secretPath(t, w), notification(t, "partial.json"), "application/fhir+json", false})
}

// holdWithout holds a node that shares its sessions without a key in common, and is not notified.
func holdWithout(t *testing.T, document *openapi.Document) {
	redis, err := fresh(t).StartRedis(t.Context(), harness.RedisConfig{})
	require.NoError(t, err)
	w, node := startAnother(t, redis.Settings(), func(section *harness.MitzConfig) { section.KeyFile = "" })
	d := described{document, w.Client(), node}
	for _, each := range []call{
		{"revoke", 501, "POST", east + revocations, thePatient, "", false},
		{"subscribe", 501, "POST", east + subscriptions, thePatient, "", false},
		{"listSubscriptions", 501, "GET", east + subscriptions, "", "", false},
		{"getSubscription", 501, "GET", east + subscriptions + anID, "", "", false},
		{"locate", 501, "POST", east + localizations, lookUp, "", false},
		{"endSubscription", 501, "DELETE", east + subscriptions + anID, "", "", false},
	} {
		d.hold(t, each)
	}
}

// holdLocalizations holds a node that asks where data are.
func holdLocalizations(t *testing.T, document *openapi.Document) {
	w, node := startAnother(t, nil, func(section *harness.MitzConfig) { section.Issuer, section.QueriesPerMinute = assertionIssuer, 2 })
	d := described{document, w.Client(), node}
	permitTo(t, w, "V6", "00000660")
	for _, each := range []call{
		{"locate", 400, "POST", east + localizations, strings.Replace(lookUp, patient, "123456789", 1), "", false},
		{"locate", 400, "POST", east + localizations, thePatient, "", true},
		{"locate", 404, "POST", nowhere + localizations, lookUp, "", false},
		{"locate", 413, "POST", east + localizations, lookUp + strings.Repeat(" ", 17<<10), "", false},
		{"locate", 415, "POST", east + localizations, lookUp, "text/plain", true},
		{"locate", 200, "POST", east + localizations, lookUp, "", false},
		{"locate", 200, "POST", east + localizations, lookUp, "", false},
		{"locate", 429, "POST", east + localizations, lookUp, "", false},
	} {
		d.hold(t, each)
	}
	assert.Len(t, w.Mitz.LocationQueries(), 2)
	w.Mitz.Misbehave(mitztest.Locating{Behaviour: mitztest.ReceiverFault})
	d.hold(t, call{"locate", 503, "POST", east + localizations, strings.Replace(lookUp, patient, otherPatient, 1), "", false})
	assert.Equal(t, http.StatusMethodNotAllowed, d.status(t, "GET", east+localizations))
}

// status returns how the node answers a request without a body.
func (d described) status(t *testing.T, method, path string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, d.at(path), nil)
	require.NoError(t, err)
	response, err := d.client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// await waits until something is so.
func await(t *testing.T, is func() bool) {
	t.Helper()
	waiting, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !is() {
		select {
		case <-ticker.C:
		case <-waiting.Done():
			t.Fatal("it did not become so")
		}
	}
}
