// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
)

// maxBody is how large a body about one patient or token may be, in bytes.
const maxBody = 16 << 10

// object is what a body is looked at for: these members, which may be anything.
func object(members ...string) *strictjson.Object {
	object := &strictjson.Object{Members: map[string]*strictjson.Object{}}
	for _, member := range members {
		object.Members[member] = nil
	}
	return object
}

// readBody reads a JSON object of so many bytes at most, which has one reading and no members
// but those that are known. What is wrong with it is told without repeating any of it.
func readBody(c echo.Context, into any, most int64, known *strictjson.Object) error {
	request := c.Request()
	if mediaType, _, err := mime.ParseMediaType(request.Header.Get(echo.HeaderContentType)); err != nil || mediaType != echo.MIMEApplicationJSON {
		return problem(http.StatusUnsupportedMediaType, "the body must be application/json")
	}
	content, err := io.ReadAll(http.MaxBytesReader(c.Response(), request.Body, most))
	if errors.As(err, new(*http.MaxBytesError)) {
		return problem(http.StatusRequestEntityTooLarge, "the body is too large")
	}
	if err != nil {
		return problem(http.StatusBadRequest, "the body could not be read")
	}
	if !json.Valid(content) || strictjson.Check(content, known) != nil {
		return problem(http.StatusBadRequest, "the body is not JSON that can be read in one way")
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if decoder.Decode(into) != nil {
		return problem(http.StatusBadRequest, "the body has a member that is not known, or of another type")
	}
	return nil
}
