// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// What the JSON of the presentations in one request may hold, all together, with what is
// inside their JWTs. Ten credentials with certificates hold some 700 values and 20 KB of text.
const (
	maxElements = 3000     // objects, lists, and what they hold
	maxDepth    = 32       // of objects and lists in each other
	maxText     = 64 << 10 // bytes of strings, but for JWTs and their headers
	maxString   = 16 << 10 // bytes of one string
	maxHeader   = 24 << 10 // bytes of a JWT's header: certificates are there
	maxJWTs     = 24       // presentations, credentials, and attestations in them
	maxListed   = 64       // objects in lists: JSON-LD credentials, and identifiers in them
)

// nesting is how deep texts that are JSON or a JWT are in each other at the most: a list
// holds a presentation, which holds a credential, which holds an attestation of Dezi.
const nesting = 4

// shape counts what JSON texts hold, without decoding them: what the node makes of a text
// takes it a hundred times as long as reading it.
type shape struct{ values, text, jwts, listed int }

func (s *shape) isBounded() bool {
	return s.values <= maxElements && s.text <= maxText && s.jwts <= maxJWTs && s.listed <= maxListed
}

// IsBounded reports whether a JSON text holds no more than the presentations of a request may.
func IsBounded(json string) bool {
	var shape shape
	return shape.addJSON(json, 0)
}

// add adds what was sent for presentations: JSON, or a JWT. It reports false when all that
// was added is too much.
func (s *shape) add(sent string) bool { return s.addString(sent, nesting) && s.isBounded() }

// addString adds a string. It may be a JWT, or JSON itself: the node tries both, and takes
// away what Unicode has for blanks before it looks.
func (s *shape) addString(text string, nesting int) bool {
	trimmed := strings.TrimSpace(text)
	switch {
	case nesting == 0 || trimmed == "":
	case strings.IndexByte(`{["`, trimmed[0]) >= 0:
		return s.addJSON(trimmed, nesting-1)
	default:
		if header, payload, isJWT := splitJWT(trimmed); isJWT {
			return s.addJWT(header, payload, nesting-1)
		}
	}
	s.text += len(text)
	return len(text) <= maxString
}

// addJWT adds a JWT.
func (s *shape) addJWT(header, payload string, nesting int) bool {
	if s.jwts++; s.jwts > maxJWTs || len(header) > maxHeader {
		return false
	}
	// Nothing in a header is JSON or a JWT, and its length is bounded as a whole.
	return s.scan(header, func(string) bool { return true }) && s.addJSON(payload, nesting)
}

// addJSON adds a JSON text.
func (s *shape) addJSON(content string, nesting int) bool {
	return s.scan(content, func(quoted string) bool {
		if len(quoted) < leastNested {
			s.text += len(quoted)
			return true
		}
		value := strings.Trim(quoted, `"`)
		if strings.IndexByte(quoted, '\\') >= 0 && json.Unmarshal([]byte(quoted), &value) != nil {
			return false
		}
		return s.addString(value, nesting)
	})
}

// leastNested is the length of the shortest JSON string that is looked into.
const leastNested = 16

// scan counts the values of a JSON text, and hands on its strings as they are written. It
// sees no more than brackets, commas and strings: what is no JSON is the node's to refuse,
// and takes the node no longer.
func (s *shape) scan(content string, onString func(quoted string) bool) bool {
	depth, lists := 0, uint64(0) // a bit for each depth: it is a list
	s.values++
	for i := 0; i < len(content); i++ {
		switch content[i] {
		case '{', '[':
			s.values++
			if lists&1 != 0 && content[i] == '{' {
				s.listed++
			}
			if depth++; depth > maxDepth {
				return false
			}
			if lists <<= 1; content[i] == '[' {
				lists |= 1
			}
		case '}', ']':
			depth--
			lists >>= 1
		case ',':
			s.values++
		case '"':
			end := endOfString(content, i)
			if !onString(content[i:end]) {
				return false
			}
			i = end - 1
		}
		if !s.isBounded() {
			return false
		}
	}
	return true
}

// endOfString returns where the JSON string that begins at start ends.
func endOfString(content string, start int) int {
	for i := start + 1; i < len(content); i++ {
		switch content[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(content)
}

// splitJWT returns what is in a JWT in the compact form (RFC 7515 section 7.1). It reports
// false for what is none.
func splitJWT(text string) (header, payload string, isJWT bool) {
	first, rest, found := strings.Cut(text, ".")
	second, _, complete := strings.Cut(rest, ".")
	if !found || !complete {
		return "", "", false
	}
	header = decoded(first)
	if !strings.HasPrefix(strings.TrimLeft(header, " \t\r\n"), "{") {
		return "", "", false
	}
	return header, decoded(second), true
}

// decoded decodes a part of a JWT in either base64 alphabet, as the node does. It returns
// nothing of what cannot be decoded: the node refuses that.
func decoded(part string) string {
	part = strings.TrimRight(part, "=")
	if strings.ContainsAny(part, "+/") {
		part = strings.NewReplacer("+", "-", "/", "_").Replace(part)
	}
	content, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return ""
	}
	return string(content)
}
