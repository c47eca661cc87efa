// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// document has everything that a reader must understand.
const document = `<?xml version="1.0" encoding="UTF-8"?>
<list xmlns="urn:a" xmlns:b="urn:b">
<!-- two entries -->
<entry b:kind="x" code="V6"><b:text>Permit</b:text><void/></entry>
<entry xml:lang='nl'><name xmlns:c="urn:d" xmlns:b="urn:c">b:Sender</name></entry>
<skipped>any &amp; all &#33;<![CDATA[ <b> ]]><!-- and more --><b:em/></skipped>
</list>
`

// outline walks over a document as a caller does, and returns a line for each element. By
// their local names, elements are read as text, as a qualified name, as empty or not at all;
// all others hold elements.
func outline(r *Reader, document string) (lines []string, refusal Code) {
	var walk func()
	walk = func() {
		line := "{" + r.Space() + "}" + r.Local()
		for _, a := range r.el.attributes { // in the order written
			line += fmt.Sprintf(" {%s}%s=%s", a.space, a.local, a.value)
		}
		at := len(lines)
		lines = append(lines, line)
		switch r.Local() {
		case "text":
			lines[at] += " " + r.Text()
		case "name":
			space, local := r.QName()
			lines[at] += " {" + space + "}" + local
		case "void":
			r.Empty()
		case "skipped":
			r.Skip(func(_, local string) Code {
				if local == "text" {
					return "hidden"
				}
				return ""
			})
		default:
			for r.Child() {
				walk()
			}
		}
	}
	if r.Open([]byte(document)) {
		walk()
		r.Finish()
	}
	return lines, r.Refusal()
}

// outlineAgain does the same with encoding/xml, which is as lenient as readers commonly are.
func outlineAgain(document string) (lines []string, err error) {
	decoder := xml.NewDecoder(bytes.NewReader([]byte(document)))
	type visited struct {
		local, text string
		line        int
		spaces      map[string]string
	}
	path := []visited{{spaces: map[string]string{}}}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			at := visited{local: token.Name.Local, line: len(lines), spaces: map[string]string{}}
			for prefix, space := range path[len(path)-1].spaces {
				at.spaces[prefix] = space
			}
			line := "{" + token.Name.Space + "}" + token.Name.Local
			for _, a := range token.Attr {
				switch {
				case a.Name.Space == "xmlns":
					at.spaces[a.Name.Local] = a.Value
				case a.Name.Space == "" && a.Name.Local == "xmlns":
					at.spaces[""] = a.Value
				default:
					line += fmt.Sprintf(" {%s}%s=%s", a.Name.Space, a.Name.Local, a.Value)
				}
			}
			if !slices.ContainsFunc(path, func(v visited) bool { return v.local == "skipped" }) {
				lines = append(lines, line)
			}
			path = append(path, at)
		case xml.CharData:
			path[len(path)-1].text += string(token)
		case xml.EndElement:
			at := path[len(path)-1]
			path = path[:len(path)-1]
			if slices.ContainsFunc(path, func(v visited) bool { return v.local == "skipped" }) {
				continue
			}
			switch at.local {
			case "text":
				lines[at.line] += " " + at.text
			case "name":
				prefix, local, found := strings.Cut(Trim(at.text), ":")
				if !found {
					prefix, local = "", prefix
				}
				lines[at.line] += " {" + at.spaces[prefix] + "}" + local
			}
		}
	}
}
