// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
)

const (
	// maxRequestObject is the largest request object (RFC 9101), in bytes, whether it was
	// sent or is got. The node keeps some of what is in it.
	maxRequestObject = 16 << 10
	// maxDefinition is the largest presentation definition that a verifier may ask this
	// node's wallet to answer, in bytes.
	maxDefinition = 64 << 10
	// maxSearches is how many steps of a path in one may search.
	maxSearches = 2
	// maxPattern is the longest pattern in one. The node's engine for them goes back and
	// forth in a text, and takes time without end for some.
	maxPattern = 256
)

var errDefinition = errors.New("mitz: a presentation definition that this node's wallet does not answer")

// CheckRequestObject refuses a request object that the node would be busy with. What is
// none is left to the node to refuse.
func CheckRequestObject(object string) *Refusal {
	var shape shape
	if len(object) > maxRequestObject || !shape.add(object) {
		return refuse(ReasonPresentation, "the request object is too large")
	}
	_, payload, _ := splitJWT(object)
	var claims struct {
		Definition json.RawMessage `json:"presentation_definition"`
	}
	if json.Unmarshal([]byte(payload), &claims) != nil || claims.Definition == nil {
		return nil //nolint:nilerr // the node's to refuse
	}
	content := []byte(claims.Definition)
	var text string
	if json.Unmarshal(content, &text) == nil {
		content = []byte(text)
	}
	if CheckDefinition(content) != nil {
		return refuse(ReasonPresentation, "the request object has a presentation definition that is not answered")
	}
	return nil
}

// CheckDefinition refuses a presentation definition of others that would keep the node
// busy: the node looks for each path and pattern in the credentials of its wallet.
func CheckDefinition(content []byte) error {
	var shape shape
	if len(content) > maxDefinition || !shape.addJSON(string(content), 0) {
		return errDefinition
	}
	var definition struct {
		Descriptors []struct {
			Constraints struct {
				Fields []struct {
					Path   []string `json:"path"`
					Filter struct {
						Pattern string `json:"pattern"`
					} `json:"filter"`
				} `json:"fields"`
			} `json:"constraints"`
		} `json:"input_descriptors"`
	}
	if json.Unmarshal(content, &definition) != nil {
		return nil //nolint:nilerr // the node's to refuse
	}
	for _, descriptor := range definition.Descriptors {
		for _, field := range descriptor.Constraints.Fields {
			if !isBoundedPattern(field.Filter.Pattern) {
				return errDefinition
			}
			for _, path := range field.Path {
				if !isBoundedPath(path) {
					return errDefinition
				}
			}
		}
	}
	return nil
}

// isBoundedPath reports whether a JSONPath searches in few steps.
func isBoundedPath(path string) bool {
	searches := strings.Count(path, "..") + strings.Count(path, "*") + strings.Count(path, "?")
	return len(path) <= maxPath && searches <= maxSearches && !strings.ContainsAny(path, "(")
}

// What takes an engine that goes back and forth long: a repetition of what repeats, and one
// directly after another.
var (
	repeatedGroup = regexp.MustCompile(`[)][*+{]`)
	adjacent      = regexp.MustCompile(`[*+}][?]?(?:\[[^\]]*\]|\\.|[^()|\\])[*+{]`)
	anything      = regexp.MustCompile(`[.\]][*+{]`)
)

// maxAnything is how many parts of a pattern may stand for any text.
const maxAnything = 4

// isBoundedPattern reports whether there are few ways to divide a text over a pattern.
func isBoundedPattern(pattern string) bool {
	return len(pattern) <= maxPattern && !repeatedGroup.MatchString(pattern) && !adjacent.MatchString(pattern) &&
		len(anything.FindAllString(pattern, -1)) <= maxAnything
}
