// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictxml

import "strings"

// The part of the reader that knows Namespaces in XML 1.0 (third edition).

// Namespaces whose prefixes are bound by the standard (section 3).
const (
	namespaceXML   = "http://www.w3.org/XML/1998/namespace"
	namespaceXMLNS = "http://www.w3.org/2000/xmlns/"
)

// bind adds a namespace declaration of the element opened last. Declaring what
// the standard reserves is refused, and so is undeclaring a prefix (section 5).
func (r *Reader) bind(prefix, space string) bool {
	scope := r.open[len(r.open)-1].bindings
	for _, b := range r.bindings[scope:] {
		if b.prefix == prefix {
			return r.Fail(DuplicateAttribute)
		}
	}
	switch {
	case prefix == "xml", prefix == "xmlns", space == namespaceXML, space == namespaceXMLNS,
		space == "" && prefix != "", strings.Contains(space, "&"), len(r.bindings) == maxAttributes:
		return r.Fail(Malformed)
	}
	r.bindings = append(r.bindings, binding{prefix, space})
	return true
}

// namespace looks a prefix up. The empty prefix is the default namespace, which
// is none unless declared.
func (r *Reader) namespace(prefix string) (space string, declared bool) {
	return namespaceIn(r.bindings, prefix)
}

func namespaceIn(bindings []binding, prefix string) (space string, declared bool) {
	for i := len(bindings) - 1; i >= 0; i-- {
		if bindings[i].prefix == prefix {
			return bindings[i].space, true
		}
	}
	if prefix == "xml" {
		return namespaceXML, true
	}
	return "", prefix == ""
}

// resolve gives the element opened last and its attributes their namespaces,
// after all declarations of the tag are known, and refuses equal attributes
// (section 6.3). The default namespace is not for attributes (section 6.2).
func (r *Reader) resolve(prefix string) bool {
	var declared bool
	if r.el.space, declared = r.namespace(prefix); !declared {
		return r.Fail(UndeclaredPrefix)
	}
	for i := range r.el.attributes {
		a := &r.el.attributes[i]
		if a.prefix != "" {
			if a.space, declared = r.namespace(a.prefix); !declared {
				return r.Fail(UndeclaredPrefix)
			}
		}
		for j := range i {
			if b := &r.el.attributes[j]; b.local == a.local && b.space == a.space {
				return r.Fail(DuplicateAttribute)
			}
		}
	}
	return true
}
