// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
)

// maxAnswer bounds what the node may answer.
const maxAnswer = 64 << 10

// node asks a Nuts node's internal interface.
type node struct {
	base   string
	client *http.Client
}

// introspect asks what a token is for. Not introspect_extended: that answer also has the
// presentations, which are no concern of a record server.
func (n node) introspect(ctx context.Context, token string) (Claims, error) {
	form := strings.NewReader(url.Values{"token": {token}}.Encode())
	answer, err := n.post(ctx, "/internal/auth/v2/accesstoken/introspect", "application/x-www-form-urlencoded", form)
	if err != nil {
		return Claims{}, NodeUnavailable
	}
	return ReadClaims(answer)
}

// validate asks whether a proof is for a request with a token, by the holder of the key, and was
// not used before.
func (n node) validate(ctx context.Context, shown presented, thumbprint, method, address string) error {
	question, err := json.Marshal(map[string]string{
		"dpop_proof": shown.proof, "method": method, "url": address, "token": shown.token, "thumbprint": thumbprint,
	})
	if err != nil {
		return NodeUnavailable
	}
	answer, err := n.post(ctx, "/internal/auth/v2/dpop/validate", "application/json", bytes.NewReader(question))
	if err != nil {
		return NodeUnavailable
	}
	var result struct {
		Valid *bool `json:"valid"`
	}
	object := strictjson.Object{Members: map[string]*strictjson.Object{"valid": nil}}
	switch {
	case strictjson.Check(answer, &object) != nil || json.Unmarshal(answer, &result) != nil || result.Valid == nil:
		return NodeUnavailable
	case !*result.Valid:
		return ProofInvalid
	default:
		return nil
	}
}

// post returns the body of an answer with 200, and an error for any other.
func (n node) post(ctx context.Context, path, contentType string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, n.base+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/json")
	response, err := n.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode != http.StatusOK || len(answer) > maxAnswer:
		return nil, errors.New("no answer")
	default:
		return answer, nil
	}
}
