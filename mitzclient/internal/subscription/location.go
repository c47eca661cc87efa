// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscription

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// errLocation does not repeat the header: the other side wrote it.
var errLocation = errors.New("the header Location does not name a subscription")

const (
	resource    = "Subscription"
	maxLocation = 2048
)

var (
	// idShape is that of FHIR (FHIR R4 section 2.24.0.1), but an id that begins with a dot:
	// in a path that is another place.
	idShape       = regexp.MustCompile(`^[A-Za-z0-9-][A-Za-z0-9.-]{0,63}$`)
	locationShape = regexp.MustCompile(`^[A-Za-z0-9._~:/-]+$`)
)

// IsID reports whether s can be the id of a subscription.
func IsID(s string) bool { return idShape.MatchString(s) }

// ID returns the id of the subscription that was made, from the header Location: relative as
// Mitz writes it (Subscription/id), or absolute, with or without a version (FHIR R4 section
// 3.1.0.8). The id is all that is taken from it: the other side does not choose where it is
// ended. It may not hold the patient's number, since ids stand in logs and paths.
func (r Request) ID(locations []string) (string, error) {
	if len(locations) != 1 || len(locations[0]) > maxLocation || !locationShape.MatchString(locations[0]) {
		return "", errLocation
	}
	parsed, err := url.Parse(locations[0])
	if err != nil {
		return "", errLocation
	}
	absolute := parsed.Host != "" && (parsed.Scheme == "https" || parsed.Scheme == "http")
	if !absolute && (parsed.Host != "" || parsed.Scheme != "") {
		return "", errLocation
	}
	segments := strings.Split(parsed.Path, "/")
	if n := len(segments); n >= 4 && segments[n-2] == "_history" && IsID(segments[n-1]) {
		segments = segments[:n-2]
	}
	n := len(segments)
	if n < 2 || segments[n-2] != resource || !IsID(segments[n-1]) || r.names(segments[n-1]) {
		return "", errLocation
	}
	// Relative is a whole path, or the two segments alone; the rest may go to nowhere else.
	if relative := n == 2; !relative && segments[0] != "" || hasEmptyOrDots(segments[1:]) {
		return "", errLocation
	}
	return segments[n-1], nil
}

func hasEmptyOrDots(segments []string) bool {
	for _, each := range segments {
		if each == "" || each == "." || each == ".." {
			return true
		}
	}
	return false
}
