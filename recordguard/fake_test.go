// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// fakeNode is the internal interface of a node, with tokens and proofs that are plain JSON: it
// looks at the same of a proof as a node does, but for the signature.
type fakeNode struct {
	URL string

	mu       sync.Mutex
	tokens   map[string]map[string]any // token to what is said of it
	used     map[string]bool           // proofs, by jti
	failing  string                    // the path at which it fails
	answer   string                    // what it then says, with 200; "": status 500
	requests []string                  // paths
}

func startNode(t *testing.T) *fakeNode {
	t.Helper()
	node := &fakeNode{tokens: map[string]map[string]any{}, used: map[string]bool{}}
	server := httptest.NewServer(node)
	t.Cleanup(server.Close)
	node.URL = server.URL
	return node
}

// proof are the claims of a proof, and which key signed it.
type proof struct {
	ID       string `json:"jti"`
	Method   string `json:"htm"`
	Address  string `json:"htu"`
	IssuedAt int64  `json:"iat"`
	Token    string `json:"ath"` // here the token itself
	Key      string `json:"key"` // here its thumbprint
}

func (p proof) encode() string {
	payload, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".c2lnbmF0dXJl"
}

func (n *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.requests = append(n.requests, r.URL.Path)
	if r.URL.Path == n.failing {
		if n.answer == "" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = io.WriteString(w, n.answer)
		return
	}
	var answer any
	switch r.Method + " " + r.URL.Path {
	case "POST /internal/auth/v2/accesstoken/introspect":
		answer = map[string]any{"active": false}
		if claims, ok := n.tokens[r.PostFormValue("token")]; ok {
			answer = claims
		}
	case "POST /internal/auth/v2/dpop/validate":
		answer = map[string]any{"valid": n.valid(r)}
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// valid looks at a proof as a node does: of the address only at host and path.
func (n *fakeNode) valid(r *http.Request) bool {
	var question struct {
		Proof      string `json:"dpop_proof"`
		Method     string `json:"method"`
		URL        string `json:"url"`
		Token      string `json:"token"`
		Thumbprint string `json:"thumbprint"`
	}
	if json.NewDecoder(r.Body).Decode(&question) != nil {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(question.Proof, ".")[1])
	var claims proof
	if err != nil || json.Unmarshal(payload, &claims) != nil || n.used[claims.ID] {
		return false
	}
	asked, errAsked := url.Parse(question.URL)
	proven, errProven := url.Parse(claims.Address)
	if errAsked != nil || errProven != nil || asked.Hostname() != proven.Hostname() || asked.Path != proven.Path ||
		claims.Method != question.Method || claims.Token != question.Token || claims.Key != question.Thumbprint {
		return false
	}
	n.used[claims.ID] = true
	return true
}

func (n *fakeNode) issue(token string, claims map[string]any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tokens[token] = claims
}

func (n *fakeNode) revoke(token string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.tokens, token)
}

// fail has the node fail at a path, or give this answer there.
func (n *fakeNode) fail(path, answer string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failing, n.answer = path, answer
}

// askedFor returns the paths of the questions since the last time.
func (n *fakeNode) askedFor() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := n.requests
	n.requests = nil
	return asked
}

// careless is a record server without any rule: it shows everybody who is named anywhere in a
// request, and everybody there is when nobody is.
func careless(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Len(t, body, int(r.ContentLength))
		text, err := url.QueryUnescape(r.URL.RequestURI() + string(body))
		assert.NoError(t, err)
		of, other := strings.Contains(text, patient) || strings.Contains(text, "first"), strings.Contains(text, otherPatient) || strings.Contains(text, "second")
		if of || !other {
			_, _ = io.WriteString(w, "first pregnancy")
		}
		if other || !of {
			_, _ = io.WriteString(w, "knee operation")
		}
	})
}
