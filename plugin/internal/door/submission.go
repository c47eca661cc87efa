// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"encoding/json"
	"errors"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/plainjson"
)

// What a presentation submission may hold. The node decodes the whole presentation anew
// for each descriptor, and once more for each nested path.
const (
	maxSubmission  = 32 << 10 // bytes
	maxDescriptors = 24       // the built-in definition asks for eight
	maxIdentifier  = 256      // bytes of an id or a format
	maxPath        = 128      // bytes
	// maxSamePath is how many descriptors one credential may fulfil.
	maxSamePath = 4
	// maxNested bounds the presentations that the node decodes for nested paths, in bytes:
	// eight descriptors of a presentation of 64 KB.
	maxNested = 512 << 10
)

// descriptor is an entry of a descriptor map (Presentation Exchange 2.0 section 6).
type descriptor struct {
	ID         string      `json:"id"`
	Format     string      `json:"format"`
	Path       string      `json:"path"`
	PathNested *descriptor `json:"path_nested"`
}

// checkSubmission refuses a presentation submission that the node would be busy with, for
// presentations of so many bytes. What is no submission is left to the node to refuse.
func checkSubmission(submission string, presented int) *Refusal {
	var shape shape
	if !shape.addJSON(submission, 0) {
		return refuse(ReasonSubmission, "presentation_submission holds too much")
	}
	if err := plainjson.Submission(submission); err != nil && json.Valid([]byte(submission)) {
		return refuse(ReasonSubmission, "presentation_submission can be read in two ways")
	}
	var parsed struct {
		ID            string       `json:"id"`
		DefinitionID  string       `json:"definition_id"`
		DescriptorMap []descriptor `json:"descriptor_map"`
	}
	var typeError *json.UnmarshalTypeError
	if err := json.Unmarshal([]byte(submission), &parsed); err != nil && !errors.As(err, &typeError) {
		return nil
	}
	if len(parsed.ID) > maxIdentifier || len(parsed.DefinitionID) > maxIdentifier {
		return refuse(ReasonSubmission, "presentation_submission has an id that is too long")
	}
	if len(parsed.DescriptorMap) > maxDescriptors {
		return refuse(ReasonSubmission, "presentation_submission has too many descriptors")
	}
	seen, paths := map[string]bool{}, map[string]int{}
	nested := 0
	for i := range parsed.DescriptorMap {
		entry := &parsed.DescriptorMap[i]
		if refusal := entry.check(); refusal != nil {
			return refusal
		}
		if seen[entry.ID] {
			return refuse(ReasonSubmission, "presentation_submission has two descriptors with the same id")
		}
		seen[entry.ID] = true
		path := entry.Path
		if entry.PathNested != nil {
			path += " " + entry.PathNested.Path
			nested += presented
		}
		if paths[path]++; paths[path] > maxSamePath || nested > maxNested {
			return refuse(ReasonSubmission, "presentation_submission has too many descriptors of one place")
		}
	}
	return nil
}

// check refuses a descriptor that is more than two steps to one place.
func (d *descriptor) check() *Refusal {
	if d.PathNested != nil && d.PathNested.PathNested != nil {
		return refuse(ReasonSubmission, "presentation_submission has a path nested in a nested path")
	}
	for entry := d; entry != nil; entry = entry.PathNested {
		if len(entry.ID) > maxIdentifier || len(entry.Format) > maxIdentifier {
			return refuse(ReasonSubmission, "presentation_submission has an id that is too long")
		}
		if !isPlainPath(entry.Path) {
			return refuse(ReasonSubmission, "presentation_submission has a path that searches")
		}
	}
	return nil
}

// isPlainPath reports whether a JSONPath (RFC 9535) names one place, as wallets write it:
// $.verifiableCredential[0], $[1], $.vp.verifiableCredential[0].
func isPlainPath(path string) bool {
	if len(path) > maxPath || len(path) == 0 || path[0] != '$' {
		return false
	}
	for i := 1; i < len(path); i++ {
		c := path[i]
		switch {
		case c == '.':
			if i+1 == len(path) || !isLetter(path[i+1]) {
				return false
			}
		case c == '[':
			digits := i + 1
			i++
			for i < len(path) && path[i] >= '0' && path[i] <= '9' {
				i++
			}
			if i == digits || i-digits > 4 || path[digits] == '0' && i-digits > 1 || i == len(path) || path[i] != ']' {
				return false
			}
		case !isLetter(c) || path[i-1] == '$' || path[i-1] == ']':
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
