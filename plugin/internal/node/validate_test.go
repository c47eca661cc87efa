// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOneProofMakesNoOthers has somebody who saw a proof put it into JSON, with claims of their
// own beside it that nobody signed.
func TestOneProofMakesNoOthers(t *testing.T) {
	holder, proofs := newProver(t), newProofs(t)
	seen := holder.prove(map[string]any{"iat": time.Now().Add(-10 * time.Minute).Unix()})
	parts, hash := strings.Split(seen, "."), sha256.Sum256([]byte("the-token"))
	written := map[string]any{
		"protected": parts[0], "payload": parts[1], "signature": parts[2],
		"jti": "another", "iat": time.Now().Unix(), "htm": "POST", "htu": provenURL, "ath": base64.RawURLEncoding.EncodeToString(hash[:]),
	}
	forged, err := json.Marshal(written)
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
	assert.Contains(t, validate(question(string(forged))).Body.String(), `"valid":false`)
	assert.Contains(t, validate(question(holder.prove(nil))).Body.String(), `"valid":true`)
	assert.Contains(t, validate(strings.Replace(question(string(forged)), "dpop_proof", "DPOP_proof", 1)).Body.String(), `"valid":false`)
	assert.Equal(t, http.StatusRequestEntityTooLarge, validate(question(strings.Repeat("a", maxValidation))).Code)
	assert.Equal(t, http.StatusBadRequest, validate("{").Code)
}
