// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/memorynet"
	"github.com/stretchr/testify/require"
)

const subscriptionID = "8904A5ED-713D-4A63-9B21-E39E7B5E4F05"

func subscriptionOf(t testing.TB) Subscription {
	return Subscription{
		Patient: question(t).Patient, BirthDate: "1980-01-01", DataHolder: consent.DataHolder{URA: "00000042", FacilityType: "Z3"},
		GatewaySystem: "2.999.1", SourceSystem: "2.999.1.2", NotifyURL: "https://holder.example/mitz/notify/s3cret",
	}
}

// registry is a FHIR service made from what is known of Mitz's, which answers closed queries too.
type registry struct {
	*Link
	messages atomic.Int32 // about subscriptions
}

// register starts a service; answer gets each message about a subscription, with its number.
func register(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, n int32), change ...func(*Config)) *registry {
	m := &registry{}
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/mitz"+DefaultSubscriptionPath) {
			answer(w, r, m.messages.Add(1))
			return
		}
		permits(t)(w, r)
	})
	files := server.authority.files(t)
	cfg := Config{Endpoint: server.URL + "/mitz/", Files: &files, Timeout: patience, Subscriptions: SubscriptionConfig{Timeout: patience}}
	for _, each := range change {
		each(&cfg)
	}
	var err error
	m.Link, err = NewLink(cfg, Hooks{})
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Location", "Subscription/"+subscriptionID)
	w.WriteHeader(http.StatusAccepted)
}

// sent is a message as it arrived.
type sent struct {
	method, uri, body string
	header            http.Header
}

func recording(into *sent, answer func(http.ResponseWriter)) func(http.ResponseWriter, *http.Request, int32) {
	return func(w http.ResponseWriter, r *http.Request, _ int32) {
		body, _ := io.ReadAll(r.Body)
		*into = sent{r.Method, r.RequestURI, string(body), r.Header.Clone()}
		answer(w)
	}
}

func TestSubscribe(t *testing.T) {
	for _, tc := range []struct {
		name, format, payload string
		answer                func(http.ResponseWriter)
		wantFormat, wantBody  string
	}{
		{"XML, and 202 with a relative location", "", "", accepted, "application/fhir+xml", `<payload value="application/fhir+xml"/>`},
		{"JSON, and 201 with an absolute one", FHIRJSON, FHIRJSON, func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://mitz.example/abonnementen/fhir/Subscription/"+subscriptionID)
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "<p>made</p>")
		}, "application/fhir+json", `"payload":"application/fhir+json"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var arrived sent
			mitz := register(t, recording(&arrived, tc.answer), func(c *Config) { c.Subscriptions.Format = tc.format })
			s := subscriptionOf(t)
			s.Payload = tc.payload
			id, err := mitz.Subscribe(t.Context(), s)
			require.NoError(t, err)
			require.Equal(t, subscriptionID, id)
			require.Equal(t, "POST", arrived.method)
			require.Equal(t, "/mitz/abonnementen/fhir/Subscription", arrived.uri)
			require.Equal(t, tc.wantFormat+"; charset=utf-8", arrived.header.Get("Content-Type"))
			require.Equal(t, tc.wantFormat, arrived.header.Get("Accept"))
			require.NoError(t, uuid.Validate(arrived.header.Get("X-Request-Id")))
			require.NotContains(t, arrived.header, "Authorization")
			require.NotContains(t, fmt.Sprint(arrived.header), testBSN)
			require.Equal(t, 1, strings.Count(arrived.body, testBSN))
			require.Contains(t, arrived.body, tc.wantBody)
			require.Contains(t, arrived.body, s.NotifyURL)
		})
	}
}

func TestEndSubscription(t *testing.T) {
	var arrived sent
	mitz := register(t, recording(&arrived, func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }))
	require.NoError(t, mitz.EndSubscription(t.Context(), subscriptionID))
	require.Equal(t, "DELETE", arrived.method)
	require.Equal(t, "/mitz/abonnementen/fhir/Subscription/"+subscriptionID, arrived.uri)
	require.Empty(t, arrived.body)
	require.NotContains(t, arrived.header, "Content-Type")
	require.NoError(t, uuid.Validate(arrived.header.Get("X-Request-Id")))
}

// TestAnswersToASubscription: each status has a code of its own, and nothing of the answer shows.
func TestAnswersToASubscription(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer func(http.ResponseWriter)
		want   Error // with the number of messages
	}{
		{"400", withStatus(400), Error{Code: HTTPStatus, Detail: "bad_request", Status: 400, Attempts: 1}},
		{"401", withStatus(401), Error{Code: HTTPStatus, Detail: "unauthorized", Status: 401, Attempts: 1}},
		{"403", withStatus(403), Error{Code: HTTPStatus, Detail: "unauthorized", Status: 403, Attempts: 1}},
		{"404", withStatus(404), Error{Code: HTTPStatus, Detail: "not_found", Status: 404, Attempts: 1}},
		{"422", withStatus(422), Error{Code: HTTPStatus, Detail: "unprocessable", Status: 422, Attempts: 1}},
		{"404 of a proxy", bare(404), Error{Code: HTTPStatus, Detail: "not_fhir", Status: 404, Attempts: 1}},
		{"410 of a proxy", bare(410), Error{Code: HTTPStatus, Detail: "not_fhir", Status: 410, Attempts: 1}},
		{"400 of a proxy", bare(400), Error{Code: HTTPStatus, Detail: "not_fhir", Status: 400, Attempts: 1}},
		{"422 of a proxy", bare(422), Error{Code: HTTPStatus, Detail: "not_fhir", Status: 422, Attempts: 1}},
		{"429", withStatus(429), Error{Code: HTTPStatus, Detail: "throttled", Status: 429, Attempts: 1}},
		{"429 with a time", withStatus(429, "Retry-After", "30"), Error{Code: HTTPStatus, Detail: "throttled", Status: 429, Attempts: 1, RetryAfter: 30 * time.Second}},
		{"503 with a time", withStatus(503, "Retry-After", "30"), Error{Code: HTTPStatus, Detail: "unavailable", Status: 503, Attempts: 1, RetryAfter: 30 * time.Second}},
		{"408, twice", withStatus(408), Error{Code: HTTPStatus, Status: 408, Attempts: 2}},
		{"500, twice", withStatus(500), Error{Code: HTTPStatus, Detail: "unavailable", Status: 500, Attempts: 2}},
		{"502, twice", withStatus(502), Error{Code: HTTPStatus, Detail: "unavailable", Status: 502, Attempts: 2}},
		{"a redirect", withStatus(307, "Location", "Subscription/1"), Error{Code: HTTPStatus, Status: 307, Attempts: 1}},
		{"200", withStatus(200, "Location", "Subscription/1"), Error{Code: HTTPStatus, Status: 200, Attempts: 1}},
		{"202 without a location", withStatus(202), Error{Code: MalformedAnswer, Detail: "location", Attempts: 1}},
		{"202 with the patient's number for an id", withStatus(202, "Location", "Subscription/"+testBSN), Error{Code: MalformedAnswer, Detail: "location", Attempts: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mitz := register(t, func(w http.ResponseWriter, _ *http.Request, _ int32) { tc.answer(w) })
			id, err := mitz.Subscribe(t.Context(), subscriptionOf(t))
			require.Empty(t, id)
			requireRefused(t, tc.want, err)
			require.EqualValues(t, tc.want.Attempts, mitz.messages.Load())
		})
	}
}

// withStatus answers with a status, headers, and a body that must not show.
func withStatus(status int, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.Header().Set("Content-Type", "application/fhir+xml")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `<OperationOutcome xmlns="http://hl7.org/fhir"><issue><diagnostics value="onbekend: `+testBSN+`"/></issue></OperationOutcome>`)
	}
}

// bare answers as what stands before Mitz can.
func bare(status int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<p>onbekend</p>")
	}
}

func requireRefused(t testing.TB, want Error, err error) {
	t.Helper()
	failure, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	for cause := error(failure); cause != nil; cause = errors.Unwrap(cause) {
		require.NotContains(t, fmt.Sprintf("%v %+v", cause, cause), testBSN)
		require.NotContains(t, cause.Error(), "onbekend")
	}
	if want.Attempts > 0 {
		require.NoError(t, uuid.Validate(failure.RequestID))
	}
	got := *failure
	got.RequestID, got.cause = "", nil
	require.Equal(t, want, got)
	require.NotEmpty(t, failure.Error())
}

// broken breaks the connection after it answered so much.
func broken(w http.ResponseWriter, answered string) {
	connection, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = buffered.WriteString(answered)
	_ = buffered.Flush()
	_ = connection.Close()
}

// TestASubscriptionIsSentAgain on more faults than a query is: twice does no harm.
func TestASubscriptionIsSentAgain(t *testing.T) {
	for name, fault := range map[string]func(http.ResponseWriter){
		"lost before the answer": func(w http.ResponseWriter) { broken(w, "") },
		"lost in the answer":     func(w http.ResponseWriter) { broken(w, "HTTP/1.1 202 Acc") },
		"status 500":             withStatus(500),
		"status 504":             withStatus(504),
	} {
		t.Run(name, func(t *testing.T) {
			var ids sync.Map
			mitz := register(t, func(w http.ResponseWriter, r *http.Request, n int32) {
				ids.Store(r.Header.Get("X-Request-Id"), true)
				if n == 1 {
					_, _ = io.Copy(io.Discard, r.Body)
					fault(w)
					return
				}
				accepted(w)
			})
			id, err := mitz.Subscribe(t.Context(), subscriptionOf(t))
			require.NoError(t, err)
			require.Equal(t, subscriptionID, id)
			require.EqualValues(t, 2, mitz.messages.Load())
			different := 0
			ids.Range(func(any, any) bool { different++; return true })
			require.Equal(t, 2, different, "each message has an id of its own")
		})
	}
}

func TestEndingWhatMitzDoesNotKnow(t *testing.T) {
	t.Run("is an error", func(t *testing.T) {
		mitz := register(t, func(w http.ResponseWriter, _ *http.Request, _ int32) { withStatus(404)(w) })
		err := mitz.EndSubscription(t.Context(), subscriptionID)
		requireRefused(t, Error{Code: HTTPStatus, Detail: "not_found", Status: 404, Attempts: 1}, err)
	})
	t.Run("is one when the second message fails otherwise", func(t *testing.T) {
		mitz := register(t, func(w http.ResponseWriter, _ *http.Request, n int32) {
			if n == 1 {
				broken(w, "")
				return
			}
			withStatus(400)(w)
		})
		err := mitz.EndSubscription(t.Context(), subscriptionID)
		requireRefused(t, Error{Code: HTTPStatus, Detail: "bad_request", Status: 400, Attempts: 2}, err)
	})
	t.Run("is none when the first message may have ended it", func(t *testing.T) {
		mitz := register(t, func(w http.ResponseWriter, _ *http.Request, n int32) {
			if n == 1 {
				broken(w, "")
				return
			}
			withStatus(404)(w)
		})
		require.NoError(t, mitz.EndSubscription(t.Context(), subscriptionID))
		require.EqualValues(t, 2, mitz.messages.Load())
	})
	t.Run("is one when it was perhaps not Mitz who answered", func(t *testing.T) {
		mitz := register(t, func(w http.ResponseWriter, _ *http.Request, n int32) {
			if n == 1 {
				broken(w, "")
				return
			}
			bare(404)(w)
		})
		err := mitz.EndSubscription(t.Context(), subscriptionID)
		requireRefused(t, Error{Code: HTTPStatus, Detail: "not_fhir", Status: 404, Attempts: 2}, err)
	})
}

func TestWhatIsInvalidIsNotSent(t *testing.T) {
	mitz := register(t, func(w http.ResponseWriter, _ *http.Request, _ int32) { accepted(w) })
	s := subscriptionOf(t)
	s.NotifyURL = "http://holder.example/" + testBSN
	_, err := mitz.Subscribe(t.Context(), s)
	requireRefused(t, Error{Code: InvalidSubscription}, err)
	require.ErrorContains(t, errors.Unwrap(err), "notify URL: not https")
	for _, id := range []string{"", "..", "a/b", "1?x", strings.Repeat("a", 65)} {
		requireRefused(t, Error{Code: InvalidSubscription}, mitz.EndSubscription(t.Context(), id))
	}
	require.Zero(t, mitz.messages.Load())
}

func TestPlainHTTPWhenTold(t *testing.T) {
	mitz := register(t, func(w http.ResponseWriter, _ *http.Request, _ int32) { accepted(w) }, func(c *Config) { c.Subscriptions.PlainHTTP = true })
	s := subscriptionOf(t)
	s.NotifyURL = "http://127.0.0.1:8080/mitz/notify/x"
	_, err := mitz.Subscribe(t.Context(), s)
	require.NoError(t, err)
}

// TestAPauseIsOfThePartyAndTheOperation: a 429 stops neither consults nor another data holder.
func TestAPauseIsOfThePartyAndTheOperation(t *testing.T) {
	mitz := register(t, func(w http.ResponseWriter, r *http.Request, _ int32) {
		if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), "providerid=00000042") {
			withStatus(429, "Retry-After", "60")(w)
			return
		}
		accepted(w)
	})
	_, err := mitz.Subscribe(t.Context(), subscriptionOf(t))
	requireRefused(t, Error{Code: HTTPStatus, Detail: "throttled", Status: 429, Attempts: 1, RetryAfter: time.Minute}, err)
	_, err = mitz.Subscribe(t.Context(), subscriptionOf(t))
	failure, _ := errors.AsType[*Error](err)
	requireCode(t, RateLimited, failure)
	require.Greater(t, failure.RetryAfter, 30*time.Second)
	require.EqualValues(t, 1, mitz.messages.Load())
	require.Equal(t, StateOpen, mitz.SubscriptionCircuit())

	other := subscriptionOf(t)
	other.DataHolder.URA = "00000043"
	_, err = mitz.Subscribe(t.Context(), other)
	require.NoError(t, err)
	_, err = mitz.Consult(t.Context(), question(t, "GGC002"))
	require.NoError(t, err)
	require.Equal(t, StateClosed, mitz.Circuit())
}

// TestStuckSubscriptionsHoldUpNoConsult has more of them than they have turns.
func TestStuckSubscriptionsHoldUpNoConsult(t *testing.T) {
	const atOnce = 2
	mitz := register(t, func(_ http.ResponseWriter, r *http.Request, _ int32) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}, func(c *Config) { c.Subscriptions.AtOnce, c.MaxConnections = atOnce, atOnce })
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for i := range 4 * atOnce {
		running.Go(func() {
			s := subscriptionOf(t)
			s.DataHolder.URA = consent.URA(fmt.Sprintf("%08d", i))
			_, err := mitz.Subscribe(ctx, s)
			failure, _ := errors.AsType[*Error](err)
			requireCode(t, Canceled, failure)
		})
	}
	require.Eventually(t, func() bool { return mitz.messages.Load() == atOnce }, patience, time.Millisecond)
	for range 5 {
		_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
		require.NoError(t, err)
	}
	require.Zero(t, mitz.Load())
	require.EqualValues(t, atOnce, mitz.messages.Load())
	stop()
	running.Wait()
}

func TestASubscriptionEndsInTime(t *testing.T) {
	inBubble(t, "when nobody answers", func(t *testing.T, network *memorynet.Listener) {
		server := start(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, on(network))
		files := server.authority.files(t)
		link, err := NewLink(Config{Endpoint: server.URL, Files: &files}, Hooks{})
		require.NoError(t, err)
		defer link.Close()
		link.subscriptions.line.Connections().DialContext = network.Dial
		began := time.Now()
		_, err = link.Subscribe(t.Context(), subscriptionOf(t))
		requireRefused(t, Error{Code: Timeout, Attempts: 1}, err)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, DefaultSubscriptionTimeout, time.Since(began))
	})
}
