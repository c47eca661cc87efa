// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing that is wrong, and its cure.
type Problem struct {
	// Key is the whole path of the key, such as mitz.profiles[0].scope; empty for a problem
	// of a whole file.
	Key string
	// Line is where it stands in a file that is not the configuration file; 0: it is not told.
	Line int
	Text string
}

func (p *Problem) Error() string {
	text := p.Text
	if p.Key != "" {
		text = p.Key + ": " + text
	}
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}
	return text
}

// Sources are where a section can be given, each overruling the one before it.
type Sources struct {
	Name string // the section's key in the file
	// File is the content of the node's configuration file; nil: there is none.
	File        []byte
	Environment []string          // as os.Environ gives it
	Flags       map[string]string // those that were given, by the key below the section, dotted
	// Distinctive are keys of the section that no other section has: by them a section is
	// known that has another name.
	Distinctive []string
	// Unknown explains a key that does not exist, by its path below the section and without
	// indices; empty: there is nothing special about it.
	Unknown func(key string) string
}

// Read reads the section into a struct, whose fields have the tag koanf and the values of
// a section that says nothing. It reports whether there is a section at all; in the end
// nothing may be in the struct that the error tells of. The error joins every [Problem].
func (s Sources) Read(target any) (present bool, err error) {
	into := reflect.ValueOf(target).Elem()
	d := &decoder{unknown: s.Unknown, section: s.Name}
	root := d.document(s.File)
	present = s.fromFile(d, root, into)
	present = s.fromEnvironment(d, into) || present
	for _, key := range sortedKeys(s.Flags) {
		present = true
		path := strings.Split(key, ".")
		if field, ok := fieldAt(into, path); ok {
			d.decode(field, textNode(s.Flags[key]), s.Name+"."+key, 0)
		} else {
			d.problem(nil, s.Name+"."+key, "no such key")
		}
	}
	return present, errors.Join(d.problems...)
}

// fromFile finds the section in the file, and whatever was meant to be it.
func (s Sources) fromFile(d *decoder, root *yaml.Node, into reflect.Value) (present bool) {
	if root == nil || root.Kind != yaml.MappingNode {
		return false
	}
	for _, each := range d.entries(root, "") {
		name := each.key.Value
		switch {
		case name == s.Name:
			present = true
			s.section(d, each.value, into)
		case looksLike(name, s.Name):
			d.problem(nil, name, "no such section: did you mean %s?", s.Name)
		case slices.Contains(s.Distinctive, name):
			d.problem(nil, name, "belongs below %s: indent it", s.Name)
		case s.isDistinctive(each.value):
			d.problem(nil, name, "has keys of the section %s: did you mean that?", s.Name)
		default:
			s.findNested(d, each.value, name, 0)
		}
	}
	return present
}

func (s Sources) section(d *decoder, node *yaml.Node, into reflect.Value) {
	node = resolve(node)
	cure := "write its keys below it, indented with spaces; to guard nothing on purpose write enabled: false below it"
	switch {
	case isNull(node), node.Kind == yaml.MappingNode && len(node.Content) == 0:
		d.problem(nil, s.Name, "is empty: %s", cure)
	case node.Kind == yaml.SequenceNode:
		d.problem(nil, s.Name, "is a list: write its keys without a dash")
	case node.Kind != yaml.MappingNode:
		d.problem(nil, s.Name, "is no section: %s", cure)
	default:
		d.decode(into, node, s.Name, 0)
	}
}

// isDistinctive reports whether a node has a key that only our section has.
func (s Sources) isDistinctive(node *yaml.Node) bool {
	node = resolve(node)
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if slices.Contains(s.Distinctive, node.Content[i].Value) {
			return true
		}
	}
	return false
}

// findNested finds a section that stands below another key, where nobody reads it.
func (s Sources) findNested(d *decoder, node *yaml.Node, path string, depth int) {
	node = resolve(node)
	if node.Kind != yaml.MappingNode || depth > maxDepth {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := path + "." + node.Content[i].Value
		if strings.EqualFold(node.Content[i].Value, s.Name) {
			d.problem(nil, key, "nothing reads it there: the section %s begins at the left margin, below no other key", s.Name)
			continue
		}
		s.findNested(d, node.Content[i+1], key, depth+1)
	}
}

// ReadList reads a file that holds one list or map, in YAML or JSON, into what target
// points to. A field with the tag settings:"line" gets the line at which its entry begins.
// The error joins every [Problem], with lines.
func ReadList(content []byte, target any) error {
	d := &decoder{lines: true}
	root := d.document(content)
	if root == nil && len(d.problems) == 0 {
		d.problem(nil, "", "is empty: write [] or {} if nothing is in it on purpose")
	}
	if root != nil {
		d.decode(reflect.ValueOf(target).Elem(), root, "", 0)
	}
	return errors.Join(d.problems...)
}

// document parses a file. It returns nil when nothing is in it, or nothing that can be read.
func (d *decoder) document(content []byte) *yaml.Node {
	if content == nil {
		return nil
	}
	var document, second yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(content))
	if err := documents.Decode(&document); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		d.problems = append(d.problems, syntaxProblem(content, err))
		return nil
	}
	if err := documents.Decode(&second); err == nil && (len(second.Content) == 0 || !isNull(second.Content[0])) {
		d.problem(nil, "", "what follows the line --- at line %d is not read: remove that line", second.Line)
	} else if err != nil && !errors.Is(err, io.EOF) {
		d.problems = append(d.problems, syntaxProblem(content, err))
	}
	if len(document.Content) == 0 || isNull(document.Content[0]) {
		return nil
	}
	return resolve(document.Content[0])
}

// CheckSyntax says what is wrong with a file that is no YAML, as the node would refuse it,
// and the cure.
func CheckSyntax(content []byte) error {
	var parsed map[string]any
	if err := yaml.Unmarshal(content, &parsed); err != nil {
		return syntaxProblem(content, err)
	}
	return nil
}

var (
	yamlPrefix    = regexp.MustCompile(`^yaml: (unmarshal errors:\s*)?`)
	doubledKey    = regexp.MustCompile(`line (\d+): mapping key .* already defined at line (\d+)`)
	yamlLine      = regexp.MustCompile(`line (\d+): (.*)`)
	unquotedValue = regexp.MustCompile("`[^`]*`")
)

// syntaxProblem words an error of the YAML parser. What it repeats of the file is left out.
func syntaxProblem(content []byte, err error) *Problem {
	for number, line := range bytes.Split(content, []byte("\n")) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if bytes.ContainsRune(indent, '\t') && len(bytes.TrimSpace(line)) > 0 {
			return &Problem{Text: fmt.Sprintf("line %d is indented with a tab: use spaces, not a tab", number+1)}
		}
	}
	text := yamlPrefix.ReplaceAllString(err.Error(), "")
	if match := doubledKey.FindStringSubmatch(text); match != nil {
		return &Problem{Text: fmt.Sprintf("the key at line %s is given already at line %s: remove one of them", match[1], match[2])}
	}
	if match := yamlLine.FindStringSubmatch(text); match != nil {
		return &Problem{Text: fmt.Sprintf("line %s or one beside it cannot be read: %s", match[1], unquotedValue.ReplaceAllString(match[2], "a value"))}
	}
	return &Problem{Text: "is no YAML: " + unquotedValue.ReplaceAllString(text, "a value")}
}

// HasKey reports whether a configuration file has a key at its left margin.
func HasKey(content []byte, key string) bool {
	root := (&decoder{}).document(content)
	for i := 0; root != nil && root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == key {
			return true
		}
	}
	return false
}
