// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

const (
	maxDepth     = 64
	namespaceXML = "http://www.w3.org/XML/1998/namespace"
)

// byteOrderMark may stand before a document in UTF-8 (XML 1.0, section 4.3.3); .NET
// sends one.
const byteOrderMark = "\ufeff"

// parse reads a whole XML document. Beyond what encoding/xml checks it refuses
// what SOAP 1.2 part 1 section 5 forbids (a DOCTYPE, processing instructions),
// comments, undeclared prefixes, doubled attributes, deep nesting, and anything
// around the root (Namespaces in XML 1.0, sections 3, 5 and 6).
func parse(document []byte) (*element, error) {
	document = bytes.TrimPrefix(document, []byte(byteOrderMark))
	p := &parser{decoder: xml.NewDecoder(bytes.NewReader(document))}
	for first := true; ; first = false {
		token, err := p.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.take(token, first)
		} else {
			err = notWellFormed(err)
		}
		if err != nil {
			return nil, err
		}
	}
	if p.root == nil || len(p.open) > 0 {
		return nil, deviation("XML: ends before the message does")
	}
	return p.root, nil
}

// notWellFormed leaves out what the decoder quotes.
func notWellFormed(err error) error {
	if syntax := (*xml.SyntaxError)(nil); errors.As(err, &syntax) {
		return deviation("XML: not well-formed at line %d", syntax.Line)
	}
	return deviation("XML: not well-formed")
}

type parser struct {
	decoder  *xml.Decoder
	root     *element
	open     []frame
	bindings []binding // of the open elements, innermost last
}

// frame is an open element, with the name as written and the bindings outside it.
type frame struct {
	*element
	written  xml.Name
	bindings int
}

type binding struct{ prefix, namespace string }

func (p *parser) take(token xml.Token, first bool) error {
	switch token := token.(type) {
	case xml.StartElement:
		return p.start(token)
	case xml.EndElement:
		return p.end(token)
	case xml.CharData:
		return p.chars(string(token))
	case xml.Comment:
		return deviation("XML: a comment is not part of the message")
	case xml.ProcInst:
		if first && token.Target == "xml" {
			return nil
		}
		return deviation("XML: processing instructions are forbidden")
	default:
		return deviation("XML: a DOCTYPE is forbidden")
	}
}

func (p *parser) start(token xml.StartElement) error {
	if len(p.open) == 0 && p.root != nil {
		return deviation("XML: a second root element")
	}
	if len(p.open) == maxDepth {
		return deviation("XML: nested deeper than %d", maxDepth)
	}
	outside := len(p.bindings)
	if err := p.bind(token.Attr); err != nil {
		return err
	}
	name, err := p.resolve(token.Name, true)
	if err != nil {
		return err
	}
	e := &element{name: name, attributes: map[xml.Name]string{}}
	for _, attribute := range token.Attr {
		if _, declaration := declares(attribute); declaration {
			continue
		}
		name, err := p.resolve(attribute.Name, false)
		if err != nil {
			return err
		}
		if _, doubled := e.attributes[name]; doubled {
			return deviation("XML: an attribute is there twice")
		}
		e.attributes[name] = attribute.Value
	}
	p.attach(e)
	p.open = append(p.open, frame{element: e, written: token.Name, bindings: outside})
	return nil
}

func (p *parser) attach(e *element) {
	if len(p.open) == 0 {
		p.root = e
		return
	}
	parent := p.open[len(p.open)-1]
	parent.children = append(parent.children, e)
}

func (p *parser) end(token xml.EndElement) error {
	if len(p.open) == 0 || p.open[len(p.open)-1].written != token.Name {
		return deviation("XML: an end tag does not match")
	}
	p.bindings = p.bindings[:p.open[len(p.open)-1].bindings]
	p.open = p.open[:len(p.open)-1]
	return nil
}

func (p *parser) chars(text string) error {
	if len(p.open) > 0 {
		p.open[len(p.open)-1].text.WriteString(text)
		return nil
	}
	if strings.Trim(text, " \t\r\n") != "" {
		return deviation("XML: text outside the message")
	}
	return nil
}

// declares returns the prefix that an attribute declares; empty for the default namespace.
func declares(attribute xml.Attr) (prefix string, declaration bool) {
	if attribute.Name.Space == "xmlns" {
		return attribute.Name.Local, true
	}
	return "", attribute.Name == xml.Name{Local: "xmlns"}
}

func (p *parser) bind(attributes []xml.Attr) error {
	outside := len(p.bindings)
	for _, attribute := range attributes {
		prefix, declaration := declares(attribute)
		if !declaration {
			continue
		}
		if prefix == "xml" || prefix == "xmlns" || attribute.Name.Space != "" && attribute.Value == "" {
			return deviation("XML: a forbidden namespace declaration")
		}
		for _, b := range p.bindings[outside:] {
			if b.prefix == prefix {
				return deviation("XML: an attribute is there twice")
			}
		}
		p.bindings = append(p.bindings, binding{prefix: prefix, namespace: attribute.Value})
	}
	return nil
}

// resolve replaces a prefix by its namespace. The default namespace does not
// apply to attributes.
func (p *parser) resolve(name xml.Name, isElement bool) (xml.Name, error) {
	if strings.Contains(name.Local, ":") {
		return xml.Name{}, deviation("XML: a malformed name")
	}
	if name.Space == "xml" {
		return xml.Name{Space: namespaceXML, Local: name.Local}, nil
	}
	if name.Space == "" && !isElement {
		return name, nil
	}
	for i := len(p.bindings) - 1; i >= 0; i-- {
		if p.bindings[i].prefix == name.Space {
			return xml.Name{Space: p.bindings[i].namespace, Local: name.Local}, nil
		}
	}
	if name.Space == "" {
		return name, nil
	}
	return xml.Name{}, deviation("XML: an undeclared prefix")
}
