// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
)

// validatePath is where record servers have the node validate DPoP proofs.
const validatePath = "/internal/auth/v2/dpop/validate"

// maxValidation is how large such a request may be, in bytes: a proof, a token and a URL.
const maxValidation = 64 << 10

// onlyCompact hands on to the node what it is to validate, where the proof is a compact JWS (RFC
// 9449 section 4.2). Another form is no proof.
func onlyCompact(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		request := c.Request()
		content, err := io.ReadAll(http.MaxBytesReader(c.Response(), request.Body, maxValidation))
		switch {
		case errors.As(err, new(*http.MaxBytesError)):
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "the body is too large")
		case err != nil:
			return echo.NewHTTPError(http.StatusBadRequest, "the body could not be read")
		}
		var asked iam.ValidateDPoPProofJSONRequestBody // as the node reads it
		if json.NewDecoder(bytes.NewReader(content)).Decode(&asked) == nil && !compactJWS.MatchString(asked.DpopProof) {
			reason := "the proof is no compact JWS"
			return c.JSON(http.StatusOK, iam.ValidateDPoPProof200JSONResponse{Reason: &reason})
		}
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
		return next(c)
	}
}
