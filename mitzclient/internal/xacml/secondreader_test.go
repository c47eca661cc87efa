// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
)

// reading is what an answer says. Everything is a list: what stands there twice, in
// another reader's eyes, must show.
type reading struct {
	Actions, RelatesTo []string
	Results            []resultReading
	Faults             []string
}

type resultReading struct {
	Decisions []string
	Statuses  []string // the codes; "none" for a Status without
	Values    map[string][][2]string
}

// secondReader reads an answer once more, to compare. It shares nothing with the
// decoder but the names of the Mitz guide: it is made of encoding/xml, knows elements
// by their path alone, and is as lenient as readers commonly are: it joins what
// comments cut up, reads CDATA and references, and passes over what it does not know.
type secondReader struct {
	reading
	path []visited
}

type visited struct {
	name  string // with the namespace's usual prefix
	local string
	space map[string]string
	id    string // AttributeId
	text  string
}

// paths, with prefixes as in the guide.
const (
	pathHeader = "s:Envelope/s:Header/"
	pathResult = "s:Envelope/s:Body/x:Response/x:Result"
	pathValue  = pathResult + "/x:Attributes/x:Attribute/x:AttributeValue/"
	pathFault  = "s:Envelope/s:Body/s:Fault/s:Code/s:Value"
)

var usualPrefixes = map[string]string{soap.Namespace: "s:", soap.NamespaceAddressing: "a:", NamespaceXACML: "x:", NamespaceHL7: "h:"}

// valueIDs are the attributes of the question.
var valueIDs = []string{
	AttributePatient, AttributeDataHolderType, AttributeDataHolder, AttributeDataCategory, AttributeRole,
	AttributeProvider, AttributeMandated, AttributeRequester, AttributeRequesterType, AttributePurposeOfUse,
}

// readAgain returns what an answer says, or an error if encoding/xml finds it malformed.
func readAgain(message []byte) (reading, error) {
	r := &secondReader{}
	decoder := xml.NewDecoder(bytes.NewReader(message))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return r.reading, nil
		}
		if err != nil {
			return reading{}, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			r.start(token)
		case xml.EndElement:
			r.end()
		case xml.CharData:
			if len(r.path) > 0 {
				r.path[len(r.path)-1].text += string(token)
			}
		}
	}
}

func (r *secondReader) start(element xml.StartElement) {
	at := visited{name: usualPrefixes[element.Name.Space] + element.Name.Local, local: element.Name.Local, space: map[string]string{}}
	if len(r.path) > 0 {
		parent := r.path[len(r.path)-1]
		at.space, at.id = maps.Clone(parent.space), parent.id
	}
	plain := map[string]string{}
	for _, a := range element.Attr {
		switch a.Name.Space {
		case "xmlns":
			at.space[a.Name.Local] = a.Value
		case "":
			plain[a.Name.Local] = a.Value
		}
	}
	if namespace, ok := plain["xmlns"]; ok {
		at.space[""] = namespace
	}
	if id, ok := plain["AttributeId"]; ok {
		at.id = id
	}
	r.path = append(r.path, at)
	r.enter(r.where(), plain)
}

func (r *secondReader) where() string {
	names := make([]string, len(r.path))
	for i := range r.path {
		names[i] = r.path[i].name
	}
	return strings.Join(names, "/")
}

func (r *secondReader) enter(path string, attributes map[string]string) {
	if path == pathResult {
		r.Results = append(r.Results, resultReading{Values: map[string][][2]string{}})
	}
	if len(r.Results) == 0 {
		return
	}
	last := &r.Results[len(r.Results)-1]
	switch {
	case path == pathResult+"/x:Status":
		last.Statuses = append(last.Statuses, "none")
	case strings.TrimSuffix(path, "/x:StatusCode") != path && !strings.Contains(path, "x:StatusDetail"):
		last.Statuses = append(slices.DeleteFunc(last.Statuses, func(code string) bool { return code == "none" }), attributes["Value"])
	case strings.HasPrefix(path, pathValue):
		id := slices.IndexFunc(valueIDs, func(id string) bool { return strings.EqualFold(id, strings.TrimSpace(r.path[len(r.path)-1].id)) })
		if id >= 0 {
			last.Values[valueIDs[id]] = append(last.Values[valueIDs[id]],
				[2]string{attributes["root"] + attributes["codeSystem"], attributes["extension"] + attributes["code"]})
		}
	}
}

func (r *secondReader) end() {
	path, at := r.where(), r.path[len(r.path)-1]
	r.path = r.path[:len(r.path)-1]
	trimmed := strings.Trim(at.text, " \t\r\n") // as the types anyURI and QName have it
	switch {
	case path == pathHeader+"a:Action":
		r.Actions = append(r.Actions, trimmed)
	case path == pathHeader+"a:RelatesTo":
		r.RelatesTo = append(r.RelatesTo, trimmed)
	case path == pathFault:
		r.Faults = append(r.Faults, faultIn(trimmed, at.space))
	case at.local == "Decision": // wherever it stands, and in any namespace
		if len(r.Results) == 0 {
			r.Results = append(r.Results, resultReading{})
		}
		last := &r.Results[len(r.Results)-1]
		last.Decisions = append(last.Decisions, at.text)
	}
}

// faultIn reads a qualified name.
func faultIn(name string, space map[string]string) string {
	prefix, local, found := strings.Cut(name, ":")
	if !found {
		prefix, local = "", name
	}
	if space[prefix] == soap.Namespace && (local == "Sender" || local == "Receiver") {
		return local
	}
	return "Other"
}
