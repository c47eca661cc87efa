// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strings"
)

// uuidShape is the text form of RFC 9562, section 4.
var uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// deviation says where a request differs from the documented form. Its text must
// not repeat what was received.
func deviation(format string, args ...any) error { return fmt.Errorf(format, args...) }

// checkHTTP checks what goes around a SOAP message, and returns the X-Request-Id.
func checkHTTP(r *http.Request, action string) (requestID string, err error) {
	if r.Method != http.MethodPost {
		return "", deviation("method: must be POST")
	}
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		return "", deviation("path: must have no query part")
	}
	if len(r.Header.Values("Content-Encoding")) > 0 {
		return "", deviation("Content-Encoding: must be absent")
	}
	if err := checkContentType(r.Header.Values("Content-Type"), action); err != nil {
		return "", err
	}
	ids := r.Header.Values("X-Request-Id")
	if len(ids) != 1 || !uuidShape.MatchString(ids[0]) {
		return "", deviation("X-Request-Id: must be there once, a uuid")
	}
	return ids[0], nil
}

// checkContentType checks the media type of RFC 3902, with both its parameters.
func checkContentType(headers []string, action string) error {
	if len(headers) != 1 {
		return deviation("Content-Type: must be there once")
	}
	mediaType, parameters, err := mime.ParseMediaType(headers[0])
	switch {
	case err != nil || mediaType != "application/soap+xml":
		return deviation("Content-Type: must be application/soap+xml")
	case !strings.EqualFold(parameters["charset"], "UTF-8"):
		return deviation("Content-Type: parameter charset must be UTF-8")
	case parameters["action"] != action:
		return deviation("Content-Type: parameter action must be %s", action)
	case len(parameters) != 2:
		return deviation("Content-Type: must have no parameters but charset and action")
	}
	return nil
}
