// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package authzen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
)

// maxEvaluations is how many questions one request may ask.
const maxEvaluations = 100

// members are the keys of an evaluation, each with its value as it was sent; nil: it was not.
type members struct {
	Subject  json.RawMessage `json:"subject"`
	Action   json.RawMessage `json:"action"`
	Resource json.RawMessage `json:"resource"`
	Context  json.RawMessage `json:"context"`
}

// message is the body of a request: an evaluation, or several with what they have in common.
type message struct {
	members
	Evaluations []json.RawMessage `json:"evaluations"`
	Options     struct {
		Semantic *Semantic `json:"evaluations_semantic"`
	} `json:"options"`
}

// known is what a message is read for. That a text stands where an object belongs is told
// later, of the one evaluation that it is in.
func known() *strictjson.Object {
	entity := &strictjson.Object{OrText: true, Members: map[string]*strictjson.Object{"type": nil, "id": nil, "properties": nil}}
	action := &strictjson.Object{OrText: true, Members: map[string]*strictjson.Object{"name": nil, "properties": nil}}
	evaluation := &strictjson.Object{OrText: true, Members: map[string]*strictjson.Object{
		"subject": entity, "action": action, "resource": entity, "context": nil,
	}}
	message := &strictjson.Object{Members: map[string]*strictjson.Object{
		"subject": entity, "action": action, "resource": entity, "context": nil, "evaluations": evaluation,
		"options": {Members: map[string]*strictjson.Object{"evaluations_semantic": nil}},
	}}
	return message
}

// malformed says what is wrong with a request, or with one evaluation in it. It repeats
// nothing of it.
type malformed string

func (m malformed) Error() string { return string(m) }

const malformedBody malformed = "the body is not a JSON object that can be read in one way"

// readMessage reads a body that has one reading. Members that are not known are passed over.
func readMessage(body []byte) (message, error) {
	var read message
	if strictjson.Check(body, known()) != nil {
		return message{}, malformedBody
	}
	if err := json.Unmarshal(body, &read); errors.As(err, new(*json.SyntaxError)) {
		return message{}, malformedBody
	} else if err != nil {
		return message{}, malformed("evaluations must be a list, and options an object")
	}
	if len(read.Evaluations) > maxEvaluations {
		return message{}, malformed(fmt.Sprintf("evaluations are more than %d", maxEvaluations))
	}
	return read, nil
}

// values read the members of an evaluation, each once: what several evaluations have in common may
// be nearly as large as the whole request.
type values struct {
	subject, resource func() (Entity, error)
	action            func() (Action, error)
	context           func() (map[string]any, error)
}

func (m members) values() values {
	return values{
		subject:  sync.OnceValues(func() (Entity, error) { return readEntity("subject", m.Subject) }),
		resource: sync.OnceValues(func() (Entity, error) { return readEntity("resource", m.Resource) }),
		action:   sync.OnceValues(func() (Action, error) { return readAction(m.Action) }),
		context:  sync.OnceValues(func() (map[string]any, error) { return readContext(m.Context) }),
	}
}

// over returns the values of one evaluation of several, each in the place of what they have in
// common: the whole of it (AuthZEN 1.0, section 7.1.1).
func (v values) over(raw json.RawMessage) (values, error) {
	var own members // read apart: what is read into a message that is there overwrites its bytes
	if !isObject(raw) || json.Unmarshal(raw, &own) != nil {
		return values{}, malformed("an evaluation must be an object")
	}
	given := own.values()
	if own.Subject == nil {
		given.subject = v.subject
	}
	if own.Resource == nil {
		given.resource = v.resource
	}
	if own.Action == nil {
		given.action = v.action
	}
	if own.Context == nil {
		given.context = v.context
	}
	return given, nil
}

// evaluation reads the values.
func (v values) evaluation() (read Evaluation, err error) {
	if read.Subject, err = v.subject(); err != nil {
		return Evaluation{}, err
	}
	if read.Action, err = v.action(); err != nil {
		return Evaluation{}, err
	}
	if read.Resource, err = v.resource(); err != nil {
		return Evaluation{}, err
	}
	if read.Context, err = v.context(); err != nil {
		return Evaluation{}, err
	}
	return read, nil
}

func readContext(raw json.RawMessage) (read map[string]any, err error) {
	if raw != nil && !isObject(raw) || decode(raw, &read) != nil {
		return nil, malformed("context must be an object")
	}
	return read, nil
}

func readEntity(name string, raw json.RawMessage) (Entity, error) {
	var read struct {
		Type       *string         `json:"type"`
		ID         *string         `json:"id"`
		Properties json.RawMessage `json:"properties"`
	}
	if !isObject(raw) || json.Unmarshal(raw, &read) != nil || read.Type == nil || read.ID == nil {
		return Entity{}, malformed(name + " must be an object with the texts type and id")
	}
	properties, err := readProperties(name, read.Properties)
	return Entity{Type: *read.Type, ID: *read.ID, Properties: properties}, err
}

func readAction(raw json.RawMessage) (Action, error) {
	var read struct {
		Name       *string         `json:"name"`
		Properties json.RawMessage `json:"properties"`
	}
	if !isObject(raw) || json.Unmarshal(raw, &read) != nil || read.Name == nil {
		return Action{}, malformed("action must be an object with the text name")
	}
	properties, err := readProperties("action", read.Properties)
	return Action{Name: *read.Name, Properties: properties}, err
}

func readProperties(of string, raw json.RawMessage) (read map[string]any, err error) {
	if raw != nil && !isObject(raw) || decode(raw, &read) != nil {
		return nil, malformed(of + ".properties must be an object")
	}
	return read, nil
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

// decode reads a value that is there, with numbers as they are written.
func decode(raw json.RawMessage, into any) error {
	if raw == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil && err != io.EOF {
		return err
	}
	return nil
}
