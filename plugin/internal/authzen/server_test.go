// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package authzen

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
)

// pointOf has a function decide, and counts.
type pointOf struct {
	decide func(ctx context.Context, asked Evaluation) Decision
	begun  []string // places
	asked  []Evaluation
}

func (p *pointOf) Begin(place string) Evaluator {
	p.begun = append(p.begun, place)
	return p
}

func (p *pointOf) Evaluate(ctx context.Context, asked Evaluation) Decision {
	p.asked = append(p.asked, asked)
	return p.decide(ctx, asked)
}

// send has a handler of a server answer.
func send(handle func(http.ResponseWriter, *http.Request, string), body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	handle(recorder, request, "hospital-east")
	return recorder
}

const (
	question  = `{"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "1"}}`
	questions = `{"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"}, "evaluations": [
		{"resource": {"type": "record", "id": "1"}}, {"resource": {"type": "record", "id": "2"}}, {"resource": {"type": "record", "id": "3"}}]`
)

// denying permits everything but what is about one record.
func denying(id string) *pointOf {
	return &pointOf{decide: func(_ context.Context, asked Evaluation) Decision {
		if asked.Resource.ID == id {
			return Decision{Reason: "consent_denied"}
		}
		return Decision{Permit: true, Reason: "not told"}
	}}
}

func TestAnAnswerSaysWhyNot(t *testing.T) {
	answered := send(NewServer(denying("1"), nil).Evaluation, question)
	assert.Equal(t, http.StatusOK, answered.Code)
	assert.Equal(t, `{"decision":false,"context":{"reason":"consent_denied"}}`, answered.Body.String())
	assert.Equal(t, "no-store", answered.Header().Get("Cache-Control"))

	assert.Equal(t, `{"decision":true}`, send(NewServer(denying("2"), nil).Evaluation, question).Body.String())

	silent := &pointOf{decide: func(context.Context, Evaluation) Decision { return Decision{} }}
	assert.Equal(t, `{"decision":false}`, send(NewServer(silent, nil).Evaluation, question).Body.String())
}

// TestATurnIsHeldToDecideAlone looks at who has a turn while a request comes in, is decided and is
// answered.
func TestATurnIsHeldToDecideAlone(t *testing.T) {
	held, taken := 0, 0
	turn := func() (func(), bool) {
		held++
		taken++
		return func() { held-- }, true
	}
	point := &pointOf{decide: func(context.Context, Evaluation) Decision {
		assert.Equal(t, 1, held)
		return Decision{Permit: true}
	}}
	server := NewServer(point, turn)
	for _, tc := range []struct {
		handle func(http.ResponseWriter, *http.Request, string)
		body   string
		turns  int
	}{
		{server.Evaluation, question, 1}, {server.Evaluations, question, 1}, {server.Evaluations, questions + "}", 1},
		{server.Evaluation, "{", 0}, {server.Evaluations, "{", 0},
	} {
		taken = 0
		request := httptest.NewRequest(http.MethodPost, "/", reading{strings.NewReader(tc.body), func() { assert.Zero(t, held, "it sends") }})
		request.Header.Set("Content-Type", "application/json")
		recorder := &writing{httptest.NewRecorder(), func() { assert.Zero(t, held, "it reads") }}
		tc.handle(recorder, request, "hospital-east")
		assert.Equal(t, tc.turns, taken, tc.body)
	}
}

// reading and writing tell that somebody reads or writes.
type reading struct {
	io.Reader
	told func()
}

func (r reading) Read(into []byte) (int, error) {
	r.told()
	return r.Reader.Read(into)
}

type writing struct {
	*httptest.ResponseRecorder
	told func()
}

func (w *writing) Write(content []byte) (int, error) {
	w.told()
	return w.ResponseRecorder.Write(content)
}

func TestWithoutATurnNothingIsDecided(t *testing.T) {
	point := denying("2")
	answered := send(NewServer(point, func() (func(), bool) { return nil, false }).Evaluation, question, "X-Request-ID", "7")
	assert.Equal(t, http.StatusServiceUnavailable, answered.Code)
	assert.Equal(t, "1", answered.Header().Get("Retry-After"))
	assert.Equal(t, "7", answered.Header().Get("X-Request-ID"))
	assert.Empty(t, point.begun)
}

func TestSeveralAreDecidedByOneEvaluator(t *testing.T) {
	point := denying("2")
	answered := send(NewServer(point, nil).Evaluations, questions+"}")
	assert.Equal(t, `{"evaluations":[{"decision":true},{"decision":false,"context":{"reason":"consent_denied"}},{"decision":true}]}`, answered.Body.String())
	assert.Equal(t, []string{"hospital-east"}, point.begun)
	assert.Len(t, point.asked, 3)
}

func TestNothingIsDecidedThatIsNotAnswered(t *testing.T) {
	for _, tc := range []struct {
		semantic, denied string
		decided          int
	}{
		{"execute_all", "1", 3},
		{"deny_on_first_deny", "1", 1},
		{"deny_on_first_deny", "2", 2},
		{"permit_on_first_permit", "2", 1},
		{"permit_on_first_permit", "1", 2},
	} {
		point := denying(tc.denied)
		answered := send(NewServer(point, nil).Evaluations, questions+`, "options": {"evaluations_semantic": "`+tc.semantic+`"}}`)
		var told answers
		require.NoError(t, json.Unmarshal(answered.Body.Bytes(), &told))
		assert.Len(t, told.Evaluations, tc.decided, "%s, %s", tc.semantic, tc.denied)
		assert.Len(t, point.asked, tc.decided, "%s, %s", tc.semantic, tc.denied)
	}
}

func TestWhatIsMalformedIsNotDecided(t *testing.T) {
	const secret = "900186021"
	for name, body := range map[string]string{
		"not JSON":        secret,
		"no subject":      `{"` + secret + `": "` + secret + `"}`,
		"no resource":     `{"subject": {"type": "user", "id": "` + secret + `"}, "action": {"name": "read"}}`,
		"doubled":         `{"subject": {"id": "` + secret + `", "id": "` + secret + `"}}`,
		"too large":       `{"more": "` + strings.Repeat(secret, maxBody/len(secret)) + `"}`,
		"nested too deep": strings.Repeat(`{"a":`, 1000) + secret + strings.Repeat("}", 1000),
	} {
		point := denying("1")
		for _, handle := range []func(http.ResponseWriter, *http.Request, string){NewServer(point, nil).Evaluation, NewServer(point, nil).Evaluations} {
			answered := send(handle, body)
			assert.Equal(t, http.StatusBadRequest, answered.Code, name)
			assert.NotEmpty(t, answered.Body.String(), name)
			assert.NotContains(t, answered.Body.String(), secret, name)
		}
		assert.Empty(t, point.asked, name)
	}
}

func TestALargeBodyIsNotReadToItsEnd(t *testing.T) {
	endless := &counting{}
	request := httptest.NewRequest(http.MethodPost, "/", endless)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	NewServer(denying("1"), nil).Evaluation(recorder, request, "")
	assert.Equal(t, http.StatusBadRequest, recorder.Code)
	assert.Less(t, endless.read, 2*maxBody)
}

// counting never ends.
type counting struct{ read int }

func (c *counting) Read(into []byte) (int, error) {
	c.read += len(into)
	for i := range into {
		into[i] = ' '
	}
	if c.read > 100*maxBody {
		return len(into), io.EOF
	}
	return len(into), nil
}

func TestTheTraceThatTheContextNames(t *testing.T) {
	const id, other = "0af7651916cd43dd8448eb211c80319c", "1af7651916cd43dd8448eb211c80319c"
	var seen []string
	point := &pointOf{decide: func(ctx context.Context, _ Evaluation) Decision {
		seen = append(seen, trace.SpanContextFromContext(ctx).TraceID().String())
		return Decision{Permit: true}
	}}
	parent := func(id string) string { return `{"traceparent": "00-` + id + `-b7ad6b7169203331-01"}` }
	send(NewServer(point, nil).Evaluation, strings.TrimSuffix(question, "}")+`, "context": `+parent(id)+`}`)
	send(NewServer(point, nil).Evaluations, strings.Replace(questions, `"id": "2"}`, `"id": "2"}, "context": `+parent(other), 1)+`, "context": `+parent(id)+"}")
	send(NewServer(point, nil).Evaluation, strings.TrimSuffix(question, "}")+`, "context": {"traceparent": 12}}`)
	send(NewServer(point, nil).Evaluation, question)
	none := trace.TraceID{}.String()
	assert.Equal(t, []string{id, id, other, id, none, none}, seen)
}

func TestTheRequestID(t *testing.T) {
	for _, body := range []string{question, "nonsense"} {
		assert.Equal(t, "a/B 1", send(NewServer(denying("1"), nil).Evaluation, body, "X-Request-ID", "a/B 1").Header().Get("X-Request-ID"))
		assert.Empty(t, send(NewServer(denying("1"), nil).Evaluation, body).Header().Values("X-Request-ID"))
	}
}

func TestWhatAnEvaluationHolds(t *testing.T) {
	point := denying("")
	send(NewServer(point, nil).Evaluation, `{"subject": {"type": "a", "id": "b", "properties": {"c": 1.0}}, "action": {"name": "d", "properties": {"e": [true]}},
		"resource": {"type": "f", "id": "", "properties": null}, "context": {"g": null}}`)
	require.Empty(t, point.asked, "properties that are null are no object")
	send(NewServer(point, nil).Evaluation, `{"subject": {"type": "a", "id": "b", "properties": {"c": 1.0}}, "action": {"name": "d", "properties": {"e": [true]}},
		"resource": {"type": "f", "id": ""}, "context": {"g": null}}`)
	require.Len(t, point.asked, 1)
	assert.Equal(t, Evaluation{
		Subject:  Entity{Type: "a", ID: "b", Properties: map[string]any{"c": json.Number("1.0")}},
		Action:   Action{Name: "d", Properties: map[string]any{"e": []any{true}}},
		Resource: Entity{Type: "f"},
		Context:  map[string]any{"g": nil},
	}, point.asked[0])
}

// TestHowLargeARequestMayBe: what docs/authzen.md says, to the byte.
func TestHowLargeARequestMayBe(t *testing.T) {
	const most = 128 << 10
	for size, status := range map[int]int{most: http.StatusOK, most + 1: http.StatusBadRequest} {
		body := `{"subject": {"type": "a", "id": "b"}, "action": {"name": "c"}, "resource": {"type": "d", "id": "e"}`
		body += strings.Repeat(" ", size-len(body)-1) + "}"
		assert.Equal(t, status, send(NewServer(denying(""), nil).Evaluation, body).Code, size)
	}
}

// TestWhatIsSaidForAllIsReadOnce: reading it again for each evaluation took seconds.
func TestWhatIsSaidForAllIsReadOnce(t *testing.T) {
	point := denying("")
	answered := send(NewServer(point, nil).Evaluations, `{"subject": {"type": "a", "id": "b", "properties": {"c": "d"}}, "action": {"name": "e", "properties": {"f": "g"}},
		"resource": {"type": "h", "id": "", "properties": {"i": "j"}}, "context": {"k": "l"}, "evaluations": [{}, {"context": {"m": "n"}}, {}]}`)
	require.Equal(t, http.StatusOK, answered.Code)
	require.Len(t, point.asked, 3)
	one, other, last := point.asked[0], point.asked[1], point.asked[2]
	same := func(one, other map[string]any) {
		t.Helper()
		assert.Equal(t, reflect.ValueOf(one).UnsafePointer(), reflect.ValueOf(other).UnsafePointer())
	}
	for _, each := range []Evaluation{other, last} {
		same(one.Subject.Properties, each.Subject.Properties)
		same(one.Action.Properties, each.Action.Properties)
		same(one.Resource.Properties, each.Resource.Properties)
	}
	same(one.Context, last.Context)
	assert.Equal(t, map[string]any{"m": "n"}, other.Context)
}

func TestMetadata(t *testing.T) {
	text, err := json.Marshal(MetadataOf("https://node.example/pdp"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"policy_decision_point": "https://node.example/pdp", "access_evaluation_endpoint": "https://node.example/pdp/access/v1/evaluation",
		"access_evaluations_endpoint": "https://node.example/pdp/access/v1/evaluations"}`, string(text))
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(question))
	f.Add([]byte(questions + "}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		point := denying("1")
		answered := send(NewServer(point, nil).Evaluations, string(body))
		if answered.Code == http.StatusBadRequest {
			assert.Empty(t, point.asked)
			return
		}
		require.Equal(t, http.StatusOK, answered.Code)
		require.LessOrEqual(t, len(point.asked), maxEvaluations)
	})
}
