// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const testBSN = "999911120"

// testDoor is a door before a handler that tells that it was reached.
type testDoor struct {
	server  *echo.Echo
	reached int
	form    url.Values // what the handler sees
	refused []Reason
	err     error
}

func newTestDoor() *testDoor {
	d := &testDoor{server: echo.New()}
	rules := Rules{
		Scope: func(scope string) error {
			if strings.TrimSpace(scope) == "" {
				return oauth.OAuth2Error{Code: oauth.InvalidScope, Description: "blank"}
			}
			return nil
		},
		HoldsNumber: func(text string) bool { return strings.Contains(text, testBSN) },
	}
	before := New(rules, func(reason Reason) { d.refused = append(d.refused, reason) }).Before(func(c echo.Context, _ *Visit) (err error) {
		d.reached++
		d.form, err = c.FormParams()
		return err
	})
	d.server.HTTPErrorHandler = func(err error, c echo.Context) { d.err = err; _ = c.NoContent(http.StatusBadRequest) }
	d.server.GET("/oauth2/:subjectID/authorize", before)
	d.server.POST("/oauth2/:subjectID/token", before)
	return d
}

func form(body io.Reader) *http.Request {
	request := httptest.NewRequest(http.MethodPost, "/oauth2/hospital-east/token", body)
	request.Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
	return request
}

func formOf(values url.Values) *http.Request { return form(strings.NewReader(values.Encode())) }

func withHeader(request *http.Request, name, value string) *http.Request {
	request.Header.Set(name, value)
	return request
}

func submissionOf(entries ...string) string {
	return `{"id":"1","definition_id":"2","descriptor_map":[` + strings.Join(entries, ",") + `]}`
}

func entryOf(id, path string) string {
	return `{"id":"` + id + `","format":"jwt_vc","path":"` + path + `"}`
}

func nested(id, path string, deeper string) string {
	return `{"id":"` + id + `","format":"jwt_vp","path":"` + path + `","path_nested":` + deeper + `}`
}

func numbered(n int, entry func(i int) string) string {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = entry(i)
	}
	return strings.Join(entries, ",")
}

// jwtOf is a JWT whose signature nobody looks at here.
func jwtOf(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + "." + encode([]byte("signature"))
}

func presentationOf(credentials ...string) string {
	return jwtOf(`{"alg":"ES256"}`, `{"nonce":"n","vp":{"type":"VerifiablePresentation","verifiableCredential":[`+strings.Join(credentials, ",")+`]}}`)
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text) // of a text it does not fail
	return string(encoded)
}

func credentialOf(subject string) string {
	return quoted(jwtOf(`{"alg":"ES256"}`, `{"vc":{"type":"VerifiableCredential","credentialSubject":`+subject+`}}`))
}

func list(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

// TestHostileRequests sends what would keep the node busy, or would be kept by it. None of
// it reaches the node; what an honest requester sends does.
func TestHostileRequests(t *testing.T) {
	assertion := func(values ...string) *http.Request {
		return formOf(url.Values{"assertion": {strings.Join(values, "")}})
	}
	submitted := func(submission string) *http.Request {
		return formOf(url.Values{"presentation_submission": {submission}})
	}
	with := func(name, value string) *http.Request { return formOf(url.Values{name: {value}}) }
	long := func(n int) string { return strings.Repeat("x", n) }
	get := func(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }
	for _, tc := range []struct {
		name    string
		request func() *http.Request
		refused Reason // empty: the node is reached
	}{
		{"an honest request", func() *http.Request {
			return formOf(url.Values{
				"grant_type": {"vp_token-bearer"}, "scope": {"birth-care"}, "client_id": {"https://node.example/oauth2/a"},
				"assertion":               {presentationOf(credentialOf(`{"id":"did:web:a"}`), credentialOf(`{"id":"did:web:a"}`))},
				"presentation_submission": {submissionOf(entryOf("a", "$.verifiableCredential[0]"), entryOf("b", "$.verifiableCredential[1]"))},
			})
		}, ""},
		{"a request without parameters", func() *http.Request { return form(nil) }, ""},
		{"an authorization request", func() *http.Request { return get("/oauth2/a/authorize?client_id=b&request=c") }, ""},

		{"a request as large as is allowed", func() *http.Request { return form(strings.NewReader(long(maxIdentifier) + "=" + long(2<<10))) }, ""},
		{"a larger request", func() *http.Request { return form(strings.NewReader("assertion=" + long(maxBody))) }, ReasonSize},
		{"a larger request of which the length is not told", func() *http.Request {
			return form(io.MultiReader(strings.NewReader("assertion="), strings.NewReader(long(maxBody))))
		}, ReasonSize},
		{"a request that ends too early", func() *http.Request { return form(io.MultiReader(strings.NewReader("a=b"), failing{})) }, ReasonSize},
		{"a long address", func() *http.Request { return get("/oauth2/a/authorize?request=" + long(maxAddress)) }, ReasonSize},
		{"a long subject", func() *http.Request { return get("/oauth2/" + long(maxSegment+1) + "/authorize") }, ReasonSize},
		{"a heap of headers", func() *http.Request { return withHeader(get("/oauth2/a/authorize"), "Cookie", long(maxHeaders)) }, ReasonSize},
		{"a large DPoP proof", func() *http.Request { return withHeader(form(nil), "DPoP", long(maxDPoP+1)) }, ReasonSize},
		{"a long name of a parameter", func() *http.Request { return with(long(maxIdentifier+1), "a") }, ReasonSize},
		{"a long client id", func() *http.Request { return with("client_id", long(2<<10+1)) }, ReasonSize},
		{"a long state", func() *http.Request { return get("/oauth2/a/authorize?state=" + long(257)) }, ReasonSize},
		{"a long code", func() *http.Request { return with("code", long(4<<10+1)) }, ReasonSize},
		{"a long parameter that nobody knows", func() *http.Request { return with("x", long(2<<10+1)) }, ReasonSize},
		{"a large request object", func() *http.Request { return get("/oauth2/a/authorize?request=" + long(maxRequestObject+1)) }, ReasonSize},

		{"many parameters", func() *http.Request { return form(strings.NewReader(strings.Repeat("&", maxParameters))) }, ReasonForm},
		{"many parameters in address and body", func() *http.Request {
			request := form(strings.NewReader(strings.Repeat("&", maxParameters/2)))
			request.URL.RawQuery = strings.Repeat("&", maxParameters/2)
			return request
		}, ReasonForm},
		{"a parameter twice", func() *http.Request { return form(strings.NewReader("assertion=a&assertion=b")) }, ReasonForm},
		{"a parameter in address and body", func() *http.Request {
			request := form(strings.NewReader("assertion=a"))
			request.URL.RawQuery = "assertion=b"
			return request
		}, ReasonForm},
		{"a malformed escape", func() *http.Request { return form(strings.NewReader("a=%x")) }, ReasonForm},
		{"a form in parts", func() *http.Request {
			return withHeader(form(strings.NewReader("--a\r\n\r\n--a--")), echo.HeaderContentType, "multipart/form-data; boundary=a")
		}, ReasonForm},
		{"JSON for a form", func() *http.Request {
			return withHeader(form(strings.NewReader("{}")), echo.HeaderContentType, echo.MIMEApplicationJSON)
		}, ReasonForm},
		{"a compressed form is not decompressed", func() *http.Request {
			var body bytes.Buffer
			writer := gzip.NewWriter(&body)
			_, _ = io.WriteString(writer, long(10*maxBody)) // a buffer takes it all
			_ = writer.Close()
			return withHeader(form(&body), echo.HeaderContentEncoding, "gzip")
		}, ReasonSize},

		{"a blank scope", func() *http.Request { return formOf(url.Values{"grant_type": {"vp_token-bearer"}, "scope": {" "}}) }, ReasonScope},
		{"a blank scope, where a code stands for it", func() *http.Request {
			return formOf(url.Values{"grant_type": {"authorization_code"}, "scope": {""}})
		}, ""},
		{"a scope without end", func() *http.Request { return with("scope", strings.Repeat("a ", 500)) }, ReasonScope},
		{"a patient's number as scope", func() *http.Request { return with("scope", testBSN) }, ReasonNumber},
		{"a patient's number as client id", func() *http.Request { return with("client_id", "https://x.example/"+testBSN) }, ReasonNumber},
		{"a patient's number as response type", func() *http.Request { return get("/oauth2/a/authorize?response_type=" + testBSN) }, ReasonNumber},
		{"a patient's number in an error's description", func() *http.Request { return with("error_description", "patient "+testBSN) }, ReasonNumber},

		{"paths of a presentation in a list", func() *http.Request {
			return submitted(submissionOf(nested("a", "$[1]", entryOf("a", "$.verifiableCredential[0]"))))
		}, ""},
		{"a path nested in a nested path", func() *http.Request {
			return submitted(submissionOf(nested("a", "$", nested("a", "$", entryOf("a", "$")))))
		}, ReasonSubmission},
		{"paths nested without end", func() *http.Request {
			return submitted(submissionOf(strings.Repeat(`{"path":"$","path_nested":`, 700) + entryOf("a", "$") + strings.Repeat("}", 700)))
		}, ReasonSubmission},
		{"a large submission", func() *http.Request {
			return submitted(submissionOf(entryOf("a", "$")) + strings.Repeat(" ", maxSubmission))
		}, ReasonSize},
		{"as many descriptors as are allowed", func() *http.Request {
			return submitted(submissionOf(numbered(maxDescriptors, func(i int) string { return entryOf(fmt.Sprint(i), fmt.Sprintf("$.v[%d]", i)) })))
		}, ""},
		{"many descriptors", func() *http.Request {
			return submitted(submissionOf(numbered(maxDescriptors+1, func(i int) string { return entryOf(fmt.Sprint(i), fmt.Sprintf("$.v[%d]", i)) })))
		}, ReasonSubmission},
		{"a heap of empty descriptors", func() *http.Request { return submitted(submissionOf(numbered(8000, func(int) string { return "{}" }))) }, ReasonSubmission},
		{"descriptors with the same id", func() *http.Request { return submitted(submissionOf(entryOf("a", "$.v[0]"), entryOf("a", "$.v[1]"))) }, ReasonSubmission},
		{"descriptors of the same place", func() *http.Request {
			return submitted(submissionOf(numbered(maxSamePath+1, func(i int) string { return entryOf(fmt.Sprint(i), "$.v[0]") })))
		}, ReasonSubmission},
		{"nested descriptors of a large presentation", func() *http.Request {
			return formOf(url.Values{"assertion": {long(maxString)}, "presentation_submission": {submissionOf(numbered(20, func(i int) string {
				return nested(fmt.Sprint(i), "$", entryOf("a", fmt.Sprintf("$.v[%d]", i)))
			}))}})
		}, ""},
		{"a path that searches", func() *http.Request { return submitted(submissionOf(entryOf("a", "$..*..*..*"))) }, ReasonSubmission},
		{"a path with a filter", func() *http.Request { return submitted(submissionOf(entryOf("a", "$[?(@.a)]"))) }, ReasonSubmission},
		{"the same place with another number", func() *http.Request { return submitted(submissionOf(entryOf("a", "$.v[01]"))) }, ReasonSubmission},
		{"a long path", func() *http.Request { return submitted(submissionOf(entryOf("a", "$"+strings.Repeat(".a", maxPath)))) }, ReasonSubmission},
		{"a long id of a descriptor", func() *http.Request { return submitted(submissionOf(entryOf(long(maxIdentifier+1), "$"))) }, ReasonSubmission},
		{"a long id of a definition", func() *http.Request { return submitted(`{"definition_id":"` + long(maxIdentifier+1) + `"}`) }, ReasonSubmission},
		{"what is no submission is the node's to refuse", func() *http.Request { return submitted("{") }, ""},

		{"what is no presentation is the node's to refuse", func() *http.Request { return assertion("a.b.c") }, ""},
		{"as many presentations as are allowed", func() *http.Request { return assertion(list(maxPresentations, quoted(presentationOf()))) }, ""},
		{"a heap of presentations", func() *http.Request { return assertion(list(maxPresentations+1, quoted(presentationOf()))) }, ReasonPresentation},
		{"as many credentials as are allowed", func() *http.Request {
			return assertion(presentationOf(numbered(maxJWTs-1, func(int) string { return credentialOf("{}") })))
		}, ""},
		{"many credentials", func() *http.Request {
			return assertion(presentationOf(numbered(maxJWTs, func(int) string { return credentialOf("{}") })))
		}, ReasonPresentation},
		{"many credentials in two presentations", func() *http.Request {
			return assertion(list(2, quoted(presentationOf(numbered(maxJWTs/2, func(int) string { return credentialOf("{}") })))))
		}, ReasonPresentation},
		{"as many credentials in JSON", func() *http.Request {
			return assertion(presentationOf(numbered(maxListed, func(int) string { return "{}" })))
		}, ""},
		{"many credentials in JSON", func() *http.Request {
			return assertion(presentationOf(numbered(maxListed+1, func(int) string { return "{}" })))
		}, ReasonPresentation},
		{"a large presentation", func() *http.Request { return with("vp_token", long(maxPresentation+1)) }, ReasonSize},
		{"a large header", func() *http.Request { return assertion(jwtOf(`{"x":"`+long(maxHeader)+`"}`, `{}`)) }, ReasonPresentation},
		{"a deep presentation", func() *http.Request {
			return assertion(`{"a":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + "}")
		}, ReasonPresentation},
		{"a deep credential", func() *http.Request {
			return assertion(presentationOf(credentialOf(strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth))))
		}, ReasonPresentation},
		{"a presentation of many values", func() *http.Request { return assertion(presentationOf(credentialOf(list(maxElements, "1")))) }, ReasonPresentation},
		{"the same with blanks before the presentation", func() *http.Request { return assertion(" \n", presentationOf(credentialOf(list(maxElements, "1")))) }, ReasonPresentation},
		{"the same with the other alphabet", func() *http.Request {
			return assertion(base64.StdEncoding.EncodeToString([]byte(`{"alg":"ES256"}`)), ".", base64.StdEncoding.EncodeToString([]byte(`{"a":`+list(maxElements, "1")+`}`)), ".a")
		}, ReasonPresentation},
		{"the same with escapes in the credential", func() *http.Request {
			return assertion(presentationOf(strings.Replace(credentialOf(list(maxElements, "1")), "e", `\u0065`, 1)))
		}, ReasonPresentation},
		{"the same as JSON in a string", func() *http.Request { return assertion(presentationOf(quoted(`{"a":` + list(maxElements, "1") + `}`))) }, ReasonPresentation},
		{"the same behind a blank that is none in JSON", func() *http.Request {
			return assertion(presentationOf(quoted("\u2003" + `{"a":` + list(maxElements, "1") + `}`)))
		}, ReasonPresentation},
		{"many values in a header", func() *http.Request { return assertion(jwtOf(`{"x5c":`+list(maxElements, `""`)+`}`, `{}`)) }, ReasonPresentation},
		{"a long text", func() *http.Request { return assertion(presentationOf(credentialOf(quoted(long(maxString + 1))))) }, ReasonPresentation},
		{"many texts", func() *http.Request {
			return assertion(presentationOf(credentialOf(list(maxText/1000+1, quoted(long(1000))))))
		}, ReasonPresentation},
		{"many JWTs", func() *http.Request {
			return assertion(presentationOf(credentialOf(list(maxJWTs, quoted(jwtOf("{}", "{}"))))))
		}, ReasonPresentation},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newTestDoor()
			d.server.ServeHTTP(httptest.NewRecorder(), tc.request())
			if tc.refused == "" {
				require.NoError(t, d.err)
				assert.Equal(t, 1, d.reached)
				assert.Empty(t, d.refused)
				return
			}
			assert.Zero(t, d.reached, "the node works on it")
			assert.Equal(t, []Reason{tc.refused}, d.refused)
			var answer oauth.OAuth2Error
			require.ErrorAs(t, d.err, &answer)
			assert.Contains(t, []oauth.ErrorCode{oauth.InvalidRequest, oauth.InvalidScope}, answer.Code)
			assert.NotContains(t, answer.Error(), testBSN)
			assert.Less(t, len(answer.Error()), 200)
		})
	}
}

// failing is a body that is not sent completely.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestTheNodeReadsTheFormOnce(t *testing.T) {
	d := newTestDoor()
	request := form(strings.NewReader("grant_type=a&scope=b%20c"))
	request.URL.RawQuery = "state=d"
	d.server.ServeHTTP(httptest.NewRecorder(), request)
	require.NoError(t, d.err)
	assert.Equal(t, url.Values{"grant_type": {"a"}, "scope": {"b c"}, "state": {"d"}}, d.form)
}

func TestALongAddressIsCutBeforeItIsLogged(t *testing.T) {
	d := newTestDoor()
	request := httptest.NewRequest(http.MethodGet, "/oauth2/a/authorize?request="+strings.Repeat("x", maxAddress), nil)
	d.server.ServeHTTP(httptest.NewRecorder(), request)
	assert.Len(t, request.RequestURI, maxSegment)
}

func TestPlainPaths(t *testing.T) {
	for path, plain := range map[string]bool{
		"$": true, "$[0]": true, "$.a": true, "$.a[12].b_c": true, "$[0].a": true,
		"": false, "a": false, "$a": false, "$.": false, "$..a": false, "$.a[": false, "$.a[]": false, "$.a[0": false,
		"$.a[00]": false, "$.a[12345]": false, "$.a[0]b": false, "$.*": false, "$[*]": false, "$['a']": false, "$.a-b": false, "$[-1]": false,
	} {
		assert.Equal(t, plain, isPlainPath(path), path)
	}
}

// FuzzShape looks that counting what there is never fails, and that what the decoder finds
// was counted.
func FuzzShape(f *testing.F) {
	for _, seed := range []string{"", "{", "\f{}", `{"a":[1,2,{"b":"c"}]}`, `"\"`, presentationOf(credentialOf("{}")), list(5, `"{}"`)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var counted shape
		bounded := counted.add(text)
		var value any
		if trimmed := strings.TrimSpace(text); json.Unmarshal([]byte(trimmed), &value) != nil || strings.IndexByte(`{[`, (trimmed + " ")[0]) < 0 {
			return
		}
		if bounded {
			assert.LessOrEqual(t, valuesIn(value), counted.values)
		}
	})
}

func valuesIn(value any) int {
	total := 1
	switch value := value.(type) {
	case map[string]any:
		for _, member := range value {
			total += valuesIn(member)
		}
	case []any:
		for _, element := range value {
			total += valuesIn(element)
		}
	}
	return total
}
