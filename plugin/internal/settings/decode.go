// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package settings

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxDepth is how deep maps and lists may be nested: an alias may hold itself.
const maxDepth = 16

// The types that YAML gives to what is written without quotes (YAML 1.2.2, section 10.3,
// and 1.1 for dates and merge keys).
const (
	tagText  = "!!str"
	tagInt   = "!!int"
	tagFloat = "!!float"
	tagBool  = "!!bool"
	tagNull  = "!!null"
	tagDate  = "!!timestamp"
	tagMerge = "!!merge"
)

// decoder reads nodes into values, whose types say what belongs where.
type decoder struct {
	section  string
	unknown  func(key string) string
	lines    bool // tell them
	problems []error
	shapes   map[reflect.Type]shape
}

// shape is what a struct takes: looked up once, for lists that are long.
type shape struct {
	keys map[string][]int // the index of the field
	line []int            // of the field that takes the line; nil: there is none
}

func (d *decoder) shapeOf(t reflect.Type) shape {
	if known, ok := d.shapes[t]; ok {
		return known
	}
	made := shape{keys: map[string][]int{}}
	for _, field := range fields(t) {
		made.keys[field.Tag.Get("koanf")] = field.Index
	}
	for _, field := range reflect.VisibleFields(t) {
		if field.Tag.Get("settings") == "line" {
			made.line = field.Index
		}
	}
	if d.shapes == nil {
		d.shapes = map[reflect.Type]shape{}
	}
	d.shapes[t] = made
	return made
}

func (d *decoder) problem(at *yaml.Node, key, format string, args ...any) {
	problem := &Problem{Key: key, Text: fmt.Sprintf(format, args...)}
	if d.lines && at != nil {
		problem.Line = at.Line
	}
	d.problems = append(d.problems, problem)
}

// decode reads a node into a value; what is wrong leaves the value as it is.
func (d *decoder) decode(into reflect.Value, node *yaml.Node, key string, depth int) {
	node = resolve(node)
	switch {
	case depth > maxDepth:
		d.problem(node, key, "is nested too deep")
	case isNull(node):
		d.problem(node, key, "is empty: give it a value, or leave the key out")
	case into.Kind() == reflect.Struct:
		d.structure(into, node, key, depth)
	case into.Kind() == reflect.Slice:
		d.list(into, node, key, depth)
	case into.Kind() == reflect.Map:
		d.table(into, node, key, depth)
	case node.Kind == yaml.SequenceNode:
		d.problem(node, key, "one value belongs here, not a list: write it without the dash or the brackets")
	case node.Kind != yaml.ScalarNode:
		d.problem(node, key, "one value belongs here, not a map")
	default:
		d.scalar(into, node, key)
	}
}

func (d *decoder) structure(into reflect.Value, node *yaml.Node, key string, depth int) {
	switch node.Kind {
	case yaml.SequenceNode:
		d.problem(node, key, "is a list: write its keys without a dash")
		return
	case yaml.ScalarNode:
		d.problem(node, key, "is no section: write its keys below it, indented with spaces: %s", strings.Join(keysOf(into.Type()), ", "))
		return
	}
	shape := d.shapeOf(into.Type())
	if shape.line != nil {
		into.FieldByIndex(shape.line).SetInt(int64(node.Line))
	}
	for _, each := range d.entries(node, key) {
		path := join(key, each.key.Value)
		if index, ok := shape.keys[each.key.Value]; ok {
			d.decode(into.FieldByIndex(index), each.value, path, depth+1)
		} else {
			d.unknownKey(each.key, path, nearest(each.key.Value, keysOf(into.Type())), "")
		}
	}
}

func (d *decoder) list(into reflect.Value, node *yaml.Node, key string, depth int) {
	element := into.Type().Elem()
	switch {
	case node.Kind == yaml.MappingNode:
		d.problem(node, key, "a list belongs here: begin each entry with a dash")
		if element.Kind() == reflect.Struct { // to tell all that is wrong with it at once
			d.structure(reflect.New(element).Elem(), node, key+"[0]", depth+1)
		}
	case node.Kind == yaml.SequenceNode:
		list := reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content))
		for i, each := range node.Content {
			d.decode(list.Index(i), each, fmt.Sprintf("%s[%d]", key, i), depth+1)
		}
		into.Set(list)
	case element.Kind() == reflect.String && strings.Contains(node.Value, ","):
		d.problem(node, key, "a list belongs here: write it as in [one, other]")
	case element.Kind() == reflect.String:
		one := reflect.New(element).Elem()
		d.scalar(one, node, key)
		into.Set(reflect.Append(reflect.MakeSlice(into.Type(), 0, 1), one))
	default:
		d.problem(node, key, "a list belongs here: begin each entry with a dash")
	}
}

// table reads a map, whose keys are the operator's own.
func (d *decoder) table(into reflect.Value, node *yaml.Node, key string, depth int) {
	switch node.Kind {
	case yaml.SequenceNode:
		d.problem(node, key, "a map belongs here: write its keys without a dash")
		return
	case yaml.ScalarNode:
		d.problem(node, key, "a map belongs here: write its keys below it, indented with spaces")
		return
	}
	entries := d.entries(node, key)
	table := reflect.MakeMapWithSize(into.Type(), len(entries))
	for _, each := range entries {
		path := join(key, each.key.Value)
		name := reflect.New(into.Type().Key()).Elem()
		d.scalar(name, each.key, path)
		value := reflect.New(into.Type().Elem()).Elem()
		d.decode(value, each.value, path, depth+1)
		table.SetMapIndex(name, value)
	}
	into.Set(table)
}

type entry struct{ key, value *yaml.Node }

// entries are what a map holds, with what it takes over from others (merge keys). A key
// that is there twice is told: which one counts would be a guess.
func (d *decoder) entries(node *yaml.Node, path string) []entry {
	var own []entry
	var merged []*yaml.Node
	lines := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := resolve(node.Content[i]), node.Content[i+1]
		switch first, doubled := lines[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			d.problem(key, path, "a key must be a text (line %d)", key.Line)
		case key.ShortTag() == tagMerge:
			merged = append(merged, resolve(value))
		case doubled:
			d.problem(key, join(path, key.Value), "is given twice, at lines %d and %d: remove one of them", first, key.Line)
		default:
			lines[key.Value] = key.Line
			own = append(own, entry{key, value})
		}
	}
	for len(merged) > 0 {
		from := merged[0]
		merged = merged[1:]
		if from.Kind == yaml.SequenceNode && len(merged) < maxDepth {
			for _, each := range from.Content {
				merged = append(merged, resolve(each))
			}
			continue
		}
		for i := 0; from.Kind == yaml.MappingNode && i+1 < len(from.Content); i += 2 {
			key := resolve(from.Content[i])
			if _, doubled := lines[key.Value]; !doubled && key.ShortTag() != tagMerge {
				lines[key.Value] = key.Line
				own = append(own, entry{key, from.Content[i+1]})
			}
		}
	}
	return own
}

// unknownKey tells a key that does not exist; near is the one that was probably meant, and
// where says more about where it was given.
func (d *decoder) unknownKey(at *yaml.Node, path, near, where string) {
	if d.unknown != nil {
		if text := d.unknown(withoutIndices(strings.TrimPrefix(path, d.section+"."))); text != "" {
			d.problem(at, path, "%s%s", text, where)
			return
		}
	}
	text := "no such key"
	if near != "" {
		text += "; did you mean " + near + "?"
	}
	d.problem(at, path, "%s%s", text, where)
}

// withoutIndices makes profiles.scope of profiles[0].scope.
func withoutIndices(path string) string {
	var plain strings.Builder
	for part := range strings.SplitSeq(path, "[") {
		if _, after, found := strings.Cut(part, "]"); found {
			part = after
		}
		plain.WriteString(part)
	}
	return plain.String()
}

// resolve returns the node that an alias stands for.
func resolve(node *yaml.Node) *yaml.Node {
	for range maxDepth {
		if node.Kind != yaml.AliasNode {
			return node
		}
		node = node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool {
	node = resolve(node)
	return node.Kind == yaml.ScalarNode && node.ShortTag() == tagNull
}

// textNode stands for a text that does not come from a file.
func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tagText, Value: text}
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

// fields are the fields of a struct that have a key, in the order of the struct.
func fields(t reflect.Type) []reflect.StructField {
	var all []reflect.StructField
	for _, field := range reflect.VisibleFields(t) {
		if tag := field.Tag.Get("koanf"); tag != "-" && tag != "" && !field.Anonymous {
			all = append(all, field)
		}
	}
	return all
}

func fieldOf(structure reflect.Value, key string) (reflect.Value, bool) {
	for _, field := range fields(structure.Type()) {
		if field.Tag.Get("koanf") == key {
			return structure.FieldByIndex(field.Index), true
		}
	}
	return reflect.Value{}, false
}

// fieldAt finds the field of a path through structs alone.
func fieldAt(structure reflect.Value, path []string) (reflect.Value, bool) {
	for _, key := range path {
		if structure.Kind() != reflect.Struct {
			return reflect.Value{}, false
		}
		var ok bool
		if structure, ok = fieldOf(structure, key); !ok {
			return reflect.Value{}, false
		}
	}
	return structure, true
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for _, field := range fields(t) {
		keys = append(keys, field.Tag.Get("koanf"))
	}
	return keys
}

var durationType = reflect.TypeFor[time.Duration]()

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
