// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProofsAreCompact: a proof in another form than RFC 9449 section 4.2 has is refused, though its
// signature is right.
func TestProofsAreCompact(t *testing.T) {
	holder, proofs := newProver(t), newProofs(t)
	parts := strings.Split(holder.prove(nil), ".")
	inJSON, err := json.Marshal(map[string]string{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
	require.NoError(t, err)
	server := echo.New()
	public := &publicEndpoints{}
	(&interceptor{EchoRouter: server, public: public}).POST(validatePath, func(c echo.Context) error {
		var body iam.ValidateDPoPProofJSONRequestBody
		if err := c.Bind(&body); err != nil {
			return err
		}
		answer, err := proofs.node.ValidateDPoPProof(c.Request().Context(), iam.ValidateDPoPProofRequestObject{Body: &body})
		require.NoError(t, err)
		return answer.VisitValidateDPoPProofResponse(c.Response())
	})
	validate := func(body string) *httptest.ResponseRecorder {
		request := httptest.NewRequest(http.MethodPost, validatePath, strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, request)
		return answer
	}
	question := func(proof string) string {
		content, err := json.Marshal(map[string]string{
			"dpop_proof": proof, "method": "POST", "url": provenURL, "token": "the-token", "thumbprint": holder.thumbprint,
		})
		require.NoError(t, err)
		return string(content)
	}
	const refused = `"reason":"the proof is no compact JWS","valid":false`
	assert.Contains(t, validate(question(string(inJSON))).Body.String(), refused)
	assert.Contains(t, validate(question(holder.prove(nil))).Body.String(), `"valid":true`)
	assert.Contains(t, validate(strings.Replace(question(string(inJSON)), "dpop_proof", "DPOP_proof", 1)).Body.String(), refused)
	assert.Equal(t, http.StatusRequestEntityTooLarge, validate(question(strings.Repeat("a", maxValidation))).Code)
	assert.Equal(t, http.StatusBadRequest, validate("{").Code)
}
