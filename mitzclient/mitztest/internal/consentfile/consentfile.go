// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package consentfile reads patients' consents as people write them, in YAML or JSON:
//
//	consents:
//	  - patient: "900186021"      # BSN
//	    dataHolder: "00000659"    # URA of who holds the record
//	    category: GGC002          # data category
//	    requesterType: G3         # type of the organisations that may see it
//	    decision: Permit          # or Deny
//
// It is strict: a misspelt key must not become a consent that is not there. Errors tell
// every problem with its line and its cure. They must never repeat a value, which may be
// a patient's number.
package consentfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// MaxSize is how many bytes are read.
const MaxSize = 1 << 20

// listKey holds the consents in a file.
const listKey = "consents"

// Parse reads a file: a mapping with the one key consents, a list.
func Parse(content []byte) ([]mitztest.Consent, error) {
	root, err := mapping(content)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	fields := r.fields(root, "the file", []string{listKey})
	list := fields[listKey]
	if list == nil {
		if len(r.problems) == 0 {
			r.problem(root, "the key consents is missing: write consents: and the list below it, or consents: [] for none")
		}
		return nil, r.err()
	}
	if list.Kind != yaml.SequenceNode {
		r.problem(list, "consents must be a list: write a dash before each consent")
		return nil, r.err()
	}
	consents := make([]mitztest.Consent, 0, len(list.Content))
	for i, node := range list.Content {
		consents = append(consents, r.consent(node, fmt.Sprintf("consent %d", i+1)))
	}
	return consents, r.err()
}

// ParseOne reads one consent: a mapping with the keys of one.
func ParseOne(content []byte) (mitztest.Consent, error) { return parse(content, keys) }

// ParseScope is [ParseOne] without the decision: which consent is meant.
func ParseScope(content []byte) (mitztest.Consent, error) { return parse(content, keys[:len(keys)-1]) }

// ParsePatient reads the key patient alone.
func ParsePatient(content []byte) (string, error) {
	result, err := parse(content, keys[:1])
	return result.Patient, err
}

func parse(content []byte, wanted []string) (mitztest.Consent, error) {
	root, err := mapping(content)
	if err != nil {
		return mitztest.Consent{}, err
	}
	r := &reader{}
	result := r.read(root, "the consent", wanted)
	return result, r.err()
}

// mapping reads the one document, which must be a mapping.
func mapping(content []byte) (*yaml.Node, error) {
	if len(content) > MaxSize {
		return nil, errors.New("more than 1 MiB")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}
		return nil, notReadable(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one document: leave out what follows the line ---")
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("it must hold keys and their values, such as patient and decision")
	}
	return root, nil
}

var lineOf = regexp.MustCompile(`line ([0-9]{1,6})`)

// notReadable leaves out what the YAML reader quotes.
func notReadable(err error) error {
	where := ""
	if found := lineOf.FindString(err.Error()); found != "" {
		where = " at " + found
	}
	if strings.Contains(err.Error(), "tab") || strings.Contains(err.Error(), "cannot start any token") {
		return fmt.Errorf("neither YAML nor JSON%s: use spaces to indent, not a tab", where)
	}
	return fmt.Errorf("neither YAML nor JSON%s", where)
}

// reader collects the problems of one file.
type reader struct{ problems []error }

func (r *reader) err() error { return errors.Join(r.problems...) }

func (r *reader) problem(at *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("line %d: %s", at.Line, fmt.Sprintf(format, args...)))
}

// keys of a consent; the decision is the last.
var keys = []string{"patient", "dataHolder", "category", "requesterType", "decision"}

func (r *reader) consent(node *yaml.Node, name string) mitztest.Consent {
	if node.Kind != yaml.MappingNode {
		r.problem(node, "%s: must hold the keys %s", name, strings.Join(keys, ", "))
		return mitztest.Consent{}
	}
	return r.read(node, name, keys)
}

func (r *reader) read(node *yaml.Node, name string, wanted []string) mitztest.Consent {
	fields := r.fields(node, name, wanted)
	var result mitztest.Consent
	for _, key := range wanted {
		value, found := fields[key]
		switch {
		case !found:
			r.problem(node, "%s: the key %s is missing", name, key)
		case value.Kind != yaml.ScalarNode || value.Tag == "!!null" || value.Value == "":
			r.problem(value, "%s: %s must have one value", name, key)
		default:
			if err := take(&result, key, value.Value); err != nil {
				r.problem(value, "%s: %s: %s", name, key, err)
			}
		}
	}
	return result
}

// take puts one value in its place.
func take(result *mitztest.Consent, key, value string) (err error) {
	switch key {
	case "patient":
		_, err = consent.ParseBSN(value)
		result.Patient = value
	case "dataHolder":
		result.DataHolder, err = consent.ParseURA(value)
	case "category":
		result.Category, err = consent.ParseCategory(value)
	case "requesterType":
		result.RequesterType, err = consent.ParseFacilityType(value)
	case "decision":
		for _, decision := range []consent.Decision{consent.Permit, consent.Deny} {
			if strings.EqualFold(value, decision.String()) {
				result.Decision = decision
				return nil
			}
		}
		err = errors.New("write Permit or Deny")
	}
	return err
}

// fields returns the values by key. A key that is not allowed, or there twice, is a problem.
func (r *reader) fields(node *yaml.Node, name string, allowed []string) map[string]*yaml.Node {
	fields := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case !slices.Contains(allowed, key.Value):
			r.problem(key, "%s: %s", name, unknown(key.Value, allowed))
		case fields[key.Value] != nil:
			r.problem(key, "%s: the key %s is there twice: leave one out", name, key.Value)
		default:
			fields[key.Value] = value
		}
	}
	return fields
}

// unknown names the key that was probably meant. What was written is not repeated: keys
// and values may have been exchanged.
func unknown(key string, allowed []string) string {
	plain := func(s string) string {
		return strings.TrimSuffix(strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s)), "s")
	}
	for _, meant := range allowed {
		if plain(key) == plain(meant) {
			return fmt.Sprintf("a key that is not known: write %s", meant)
		}
	}
	return "a key that is not known: the keys are " + strings.Join(allowed, ", ")
}
