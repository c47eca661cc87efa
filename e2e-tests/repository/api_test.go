// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite docs/api.txt")

const apiHeading = `# What others can rely on: the exported names of the packages that can be imported from
# outside. "make testdata" rewrites this list; a line that changes here belongs in CHANGELOG.md.
`

// TestExportedNames: what others can rely on changes when somebody means it, and is seen to.
func TestExportedNames(t *testing.T) {
	var lines []string
	for name, files := range packagesOfThisModule(t) {
		if name == "." || slices.Contains(strings.Split(name, "/"), "internal") {
			continue
		}
		for _, file := range files {
			if file.Name.Name != "main" && !strings.HasSuffix(file.path, "_test.go") {
				lines = append(lines, exportedNames(name, file.File)...)
			}
		}
	}
	slices.Sort(lines)
	exported := apiHeading + strings.Join(lines, "\n") + "\n"
	file := filepath.Join(root, "docs", "api.txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(exported), 0o644))
	}
	listed, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(listed), exported, "when this is meant: make testdata, and tell it in CHANGELOG.md")
}

// exportedNames returns a line for each exported name, with the name's package before it.
func exportedNames(name string, file *ast.File) []string {
	var lines []string
	add := func(format string, arguments ...any) {
		lines = append(lines, name+": "+fmt.Sprintf(format, arguments...))
	}
	for _, declaration := range file.Decls {
		switch declaration := declaration.(type) {
		case *ast.FuncDecl:
			receiver := ""
			if declaration.Recv != nil {
				receiver = text(declaration.Recv.List[0].Type)
				if !ast.IsExported(strings.TrimLeft(receiver, "*")) {
					continue
				}
				receiver = "(" + receiver + ") "
			}
			if declaration.Name.IsExported() {
				add("func %s%s%s", receiver, declaration.Name.Name, strings.TrimPrefix(text(declaration.Type), "func"))
			}
		case *ast.GenDecl:
			for _, spec := range declaration.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for _, each := range spec.Names {
						if each.IsExported() {
							add("%s %s", declaration.Tok, strings.TrimSpace(each.Name+" "+text(spec.Type)))
						}
					}
				case *ast.TypeSpec:
					if spec.Name.IsExported() {
						addType(add, spec)
					}
				}
			}
		}
	}
	return lines
}

// addType tells a type and, of a struct or an interface, what is exported in it.
func addType(add func(string, ...any), spec *ast.TypeSpec) {
	parts, kind := (*ast.FieldList)(nil), text(spec.Type)
	switch written := spec.Type.(type) {
	case *ast.StructType:
		parts, kind = written.Fields, "struct"
	case *ast.InterfaceType:
		parts, kind = written.Methods, "interface"
	}
	if spec.Assign != token.NoPos {
		kind = "= " + kind
	}
	add("type %s %s", spec.Name.Name, kind)
	if parts == nil {
		return
	}
	for _, part := range parts.List {
		if len(part.Names) == 0 {
			add("type %s %s, %s", spec.Name.Name, kind, text(part.Type)) // embedded
		}
		for _, each := range part.Names {
			if each.IsExported() {
				add("type %s %s, %s %s", spec.Name.Name, kind, each.Name, text(part.Type))
			}
		}
	}
}

var blanks = regexp.MustCompile(`\s+`)

// text returns code in one line, without comments.
func text(node ast.Node) string {
	if node == nil {
		return ""
	}
	var printed bytes.Buffer
	if err := printer.Fprint(&printed, token.NewFileSet(), node); err != nil {
		panic(err)
	}
	return strings.TrimSpace(blanks.ReplaceAllString(printed.String(), " "))
}
