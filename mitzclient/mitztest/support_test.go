// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

const (
	fixtureUUID = "0b8a4c5e-1c7d-4f0a-9a51-2f3f2a6b7c8d"
	fixtureBase = "https://localhost:1/tst-us/mitz"
	patient     = "900186021" // of both fixtures
)

var testIdentity = sync.OnceValues(NewIdentity)

func identity(t testing.TB) *Identity {
	t.Helper()
	id, err := testIdentity()
	require.NoError(t, err)
	return id
}

// start starts a simulator that ends with the test.
func start(t testing.TB) *Simulator {
	t.Helper()
	s, err := Start(identity(t).Config())
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// patience is a context that ends a test which waits in vain.
func patience(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(text)
}

// client is a bare HTTP client that follows no redirects.
func client(t testing.TB, config *tls.Config) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// request makes the HTTP request for a fixture: its URL and uuid become real.
func request(t testing.TB, s *Simulator, text string) *http.Request {
	t.Helper()
	id := newUUID()
	text = strings.ReplaceAll(text, fixtureBase, s.Endpoint())
	text = strings.ReplaceAll(text, fixtureUUID, id)
	r, err := http.NewRequestWithContext(patience(t), http.MethodPost, s.ClosedQueryURL(), strings.NewReader(text))
	require.NoError(t, err)
	r.Header.Set("Content-Type", `application/soap+xml; charset=UTF-8; action="XACMLAuthorizationDecisionQueryRequest"`)
	r.Header.Set("X-Request-Id", id)
	return r
}

func newUUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

func do(t testing.TB, c *http.Client, r *http.Request) (reply, error) {
	t.Helper()
	response, err := c.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	return reply{response.StatusCode, response.Header, string(body), err}, nil
}

// ask sends a fixture and wants some reply.
func ask(t testing.TB, s *Simulator, text string) reply {
	t.Helper()
	return send(t, s, request(t, s, text))
}

func send(t testing.TB, _ *Simulator, r *http.Request) reply {
	t.Helper()
	got, err := do(t, client(t, identity(t).ClientTLS()), r)
	require.NoError(t, err)
	require.NoError(t, got.err)
	return got
}

// received is an answer or a fault, read leniently.
type received struct {
	Action    string           `xml:"Header>Action"`
	RelatesTo string           `xml:"Header>RelatesTo"`
	Results   []receivedResult `xml:"Body>Response>Result"`
	Code      string           `xml:"Body>Fault>Code>Value"`
	Reason    string           `xml:"Body>Fault>Reason>Text"`
}

type receivedResult struct {
	Decisions  []string `xml:"Decision"`
	Status     *string  `xml:"Status"`
	Attributes []struct {
		Category   string `xml:",attr"`
		Attributes []struct {
			ID       string `xml:"AttributeId,attr"`
			Included string `xml:"IncludeInResult,attr"`
			Value    struct {
				DataType string `xml:",attr"`
				HL7      struct {
					XMLName   xml.Name
					Root      string `xml:"root,attr"`
					Extension string `xml:"extension,attr"`
					Authority string `xml:"assigningAuthorityName,attr"`
					Code      string `xml:"code,attr"`
					System    string `xml:"codeSystem,attr"`
				} `xml:",any"`
			} `xml:"AttributeValue"`
		} `xml:"Attribute"`
	}
}

func read(t testing.TB, got reply) received {
	t.Helper()
	var r received
	require.NoError(t, xml.Unmarshal([]byte(got.body), &r), got.body)
	return r
}
