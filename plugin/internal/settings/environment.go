// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package settings

import (
	"reflect"
	"regexp"
	"strings"
)

// nodePrefix is what the names of the node's variables begin with.
const nodePrefix = "NUTS_"

// A cluster's variables for a service that is called nuts-mitz, or nuts-mitz-something:
// Kubernetes gives them to every pod (documentation, "Environment variables" of services).
const anyPort = `_PORT_[0-9]+_(TCP|UDP|SCTP)`

var serviceLinks = []struct{ name, value *regexp.Regexp }{
	{regexp.MustCompile(`_SERVICE_HOST$`), address},
	{regexp.MustCompile(`_SERVICE_PORT(_[A-Z0-9_]+)?$`), port},
	{regexp.MustCompile(`_PORT$|` + anyPort + `$`), regexp.MustCompile(`^(tcp|udp|sctp)://`)},
	{regexp.MustCompile(anyPort + `_PROTO$`), regexp.MustCompile(`^(tcp|udp|sctp)$`)},
	{regexp.MustCompile(anyPort + `_PORT$`), port},
	{regexp.MustCompile(anyPort + `_ADDR$`), address},
}

var (
	address = regexp.MustCompile(`^[0-9a-fA-F.:]+$`)
	port    = regexp.MustCompile(`^[0-9]{1,5}$`)
)

// isServiceLink reports whether a variable is one that a cluster sets for a service. Both
// its name and its value must be of that form.
func isServiceLink(name, value string) bool {
	for _, link := range serviceLinks {
		if link.name.MatchString(name) && link.value.MatchString(value) {
			return true
		}
	}
	return false
}

// fromEnvironment reads the variables NUTS_<SECTION>_..., whose names are keys as the node
// reads them: in lower case, with dots for underscores.
func (s Sources) fromEnvironment(d *decoder, into reflect.Value) (present bool) {
	given := map[string]string{}
	for _, variable := range s.Environment {
		name, value, _ := strings.Cut(variable, "=")
		if isServiceLink(name, value) {
			continue
		}
		if len(name) < len(nodePrefix) || !strings.EqualFold(name[:len(nodePrefix)], nodePrefix) {
			continue
		}
		key := strings.Split(strings.ToLower(name[len(nodePrefix):]), "_")
		_, isKey := fieldAt(into, key[1:])
		switch {
		case !strings.HasPrefix(name, nodePrefix):
			if key[0] == s.Name && len(key) > 1 && isKey {
				d.problem(nil, name, "is not read: write %s", strings.ToUpper(name))
			}
		case key[0] == s.Name:
			present = true
			path := strings.Join(key, ".")
			if other, doubled := given[path]; doubled {
				d.problem(nil, path, "is given twice, as %s and as %s: remove one of them", other, name)
				continue
			}
			given[path] = name
			s.variable(d, into, name, value, key)
		case looksLike(key[0], s.Name) || key[0] == "" && len(key) > 1 && key[1] == s.Name:
			d.problem(nil, name, "is no variable of the node: did you mean %s%s_...?", nodePrefix, strings.ToUpper(s.Name))
		}
	}
	return present
}

// variable reads one variable, whose key begins with the section's name.
func (s Sources) variable(d *decoder, into reflect.Value, name, value string, key []string) {
	at, path := into, key[0]
	for _, each := range key[1:] {
		if at.Kind() != reflect.Struct {
			break
		}
		path += "." + each
		field, ok := fieldOf(at, each)
		if !ok {
			d.unknownKey(nil, strings.Join(key, "."), nearest(each, keysOf(at.Type())), " (variable "+name+")")
			return
		}
		at = field
	}
	switch at.Kind() {
	case reflect.Slice, reflect.Map:
		d.problem(nil, path, "lists can be given in the file only: remove the variable %s", name)
		return
	case reflect.Struct:
		d.problem(nil, path, "is a section: give its keys each in a variable of its own, and not %s", name)
		return
	}
	if path != strings.Join(key, ".") {
		d.problem(nil, strings.Join(key, "."), "no such key (variable %s)", name)
		return
	}
	// As the node reads it: a comma separates values, unless there is a backslash before it.
	const escaped = "\x00"
	value = strings.ReplaceAll(value, `\,`, escaped)
	if strings.Contains(value, ",") {
		d.problem(nil, path, `the node reads a list, for there is a comma in the variable %s: write \, for it`, name)
		return
	}
	value = strings.TrimSpace(strings.ReplaceAll(value, escaped, ","))
	if value == "" { // what a template made of something that was not set, perhaps
		d.problem(nil, path, "the variable %s is empty, and would take away what the file says: give it a value, or remove it", name)
		return
	}
	d.decode(at, textNode(value), path, 0)
}
