// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // of what the node says of each request that it refuses
	leaks.VerifyTestMain(m, nil)
}

// Of the example of a notification: GGC002 is permitted to pharmacies alone.
const (
	testBSN    = "999996630"
	otherBSN   = "900186021"
	testHolder = consent.URA("00000042")
	xmlType    = "application/fhir+xml"
	jsonType   = "application/fhir+json"
)

// sessions is a session database in memory.
type sessions struct {
	mu      sync.Mutex
	marks   map[string]string
	puts    int
	failing error
	panics  bool
	before  func() // called before each mark is written; may be nil
}

func (s *sessions) Get(place string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marks[place], s.failing
}

func (s *sessions) Put(place, mark string) error {
	if s.before != nil {
		s.before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.panics {
		panic("about " + testBSN)
	}
	if s.failing != nil {
		return s.failing
	}
	s.puts++
	s.marks[place] = mark
	return nil
}

// written returns how many marks were written.
func (s *sessions) written() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.puts
}

// told keeps what the recorder is told.
type told struct {
	mu       sync.Mutex
	received []Received
	panics   []string
}

func (r *told) Notified(_ context.Context, received Received) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.received = append(r.received, received)
}

func (r *told) Panic(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.panics = append(r.panics, message)
}

func (r *told) all() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Received(nil), r.received...)
}

// world is an endpoint with all that is behind it.
type world struct {
	*Endpoint
	sessions *sessions
	told     *told
	patient  consent.BSN
	secret   string
}

func newWorld(t testing.TB, change ...func(*Parts)) *world {
	t.Helper()
	w := &world{sessions: &sessions{marks: map[string]string{}}, told: &told{}, patient: bsn(t, testBSN)}
	holders := []policy.DataHolderConfig{{Subject: "gp-east", URA: string(testHolder), FacilityType: "Z3"}}
	p, err := policy.New(policy.Config{
		DataHolders: holders,
		Profiles:    []policy.ProfileConfig{{Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT"}},
		Trust:       map[string][]string{"organization": {"did:web:cibg.example"}, "practitioner": {"holder"}, "enrollment": {"holder"}},
		TypesListed: true,
	}, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return nil, nil })
	require.NoError(t, err)
	keys := withdrawal.NewKeys()
	parts := Parts{
		Keys: keys, Marks: withdrawal.NewMarks(keys, withdrawal.DefaultKinds(), w.sessions), Policy: p, Recorder: w.told,
		Requests: drain.New(), Now: time.Now,
	}
	parts.Requests.Open()
	for _, each := range change {
		each(&parts)
	}
	w.Endpoint, err = New(parts)
	require.NoError(t, err)
	w.secret = w.path(t, testBSN, testHolder)
	return w
}

func bsn(t testing.TB, digits string) consent.BSN {
	t.Helper()
	parsed, err := consent.ParseBSN(digits)
	require.NoError(t, err)
	return parsed
}

func (w *world) path(t testing.TB, number string, holder consent.URA) string {
	t.Helper()
	secret, err := w.Keys.Path(bsn(t, number), holder, "a subscription")
	require.NoError(t, err)
	return secret
}

// server returns the endpoint in an HTTP server, as the node makes its own.
func (w *world) server() *echo.Echo {
	server := echo.New()
	server.HTTPErrorHandler = core.CreateHTTPErrorHandler()
	w.Routes(server)
	return server
}

// serve starts that server.
func (w *world) serve(t testing.TB) (url string) {
	t.Helper()
	server := httptest.NewServer(w.server())
	t.Cleanup(server.Close)
	return server.URL
}

// send has a request answered.
func (w *world) send(request *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	w.server().ServeHTTP(recorder, request)
	return recorder
}

// post posts to a secret path.
func (w *world) post(secret, contentType, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, withdrawal.PathPrefix+secret, strings.NewReader(body))
	request.Header.Set(echo.HeaderContentType, contentType)
	return w.send(request)
}

// only returns what was told, of one notification.
func (w *world) only(t testing.TB) Received {
	t.Helper()
	all := w.told.all()
	require.Len(t, all, 1)
	return all[0]
}

// token stamps a token for an organisation of this type, and returns whether it lives.
func (w *world) token(t testing.TB, number string, holder consent.URA, of consent.FacilityType, categories ...consent.Category) (lives func() bool) {
	t.Helper()
	stamp, err := w.Marks.Stamp(consent.Question{
		Patient: bsn(t, number), DataHolder: consent.DataHolder{URA: holder, FacilityType: "Z3"},
		Requester: consent.Requester{URA: "12345678", FacilityType: of}, Categories: categories,
	})
	require.NoError(t, err)
	return func() bool {
		holds, err := w.Marks.Holds(stamp)
		require.NoError(t, err)
		return holds
	}
}

// pharmacy, hospital and midwife stamp a token about treatment data of the patient. Midwives are of
// no known kind.
func (w *world) pharmacy(t testing.TB) func() bool {
	return w.token(t, testBSN, testHolder, "J8", "GGC002")
}

func (w *world) hospital(t testing.TB) func() bool {
	return w.token(t, testBSN, testHolder, "V6", "GGC002")
}

func (w *world) midwife(t testing.TB) func() bool {
	return w.token(t, testBSN, testHolder, "G3", "GGC002")
}

// message returns one of the messages by which the reader is tested.
func message(t testing.TB, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "mitzclient", "internal", "notification", "testdata", file))
	require.NoError(t, err)
	return string(content)
}

func example(t testing.TB) string { return message(t, "good/partial.xml") }

// broken is a body that breaks off.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// forged returns a path of which the first letter was changed.
func forged(secret string) string {
	if secret[0] == 'A' {
		return "B" + secret[1:]
	}
	return "A" + secret[1:]
}
