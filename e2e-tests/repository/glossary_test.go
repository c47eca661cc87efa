// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGlossaryNamesWhatExists: the glossary says what a word of the field is in the code.
func TestGlossaryNamesWhatExists(t *testing.T) {
	declared := map[string]bool{}
	for _, files := range packagesOfThisModule(t) {
		for _, file := range files {
			for _, declaration := range file.Decls {
				for _, name := range namesOf(declaration) {
					declared[file.Name.Name+"."+name] = true
				}
			}
		}
	}
	content, err := os.ReadFile(filepath.Join(root, "docs", "glossary.md"))
	require.NoError(t, err)
	named := regexp.MustCompile("`([a-z0-9]+\\.[A-Z][A-Za-z]*)`").FindAllStringSubmatch(string(content), -1)
	require.NotEmpty(t, named)
	for _, match := range named {
		assert.True(t, declared[match[1]], "docs/glossary.md names %s, which does not exist", match[1])
	}
}

// namesOf returns what a declaration declares, methods left out.
func namesOf(declaration ast.Decl) []string {
	var names []string
	switch declaration := declaration.(type) {
	case *ast.FuncDecl:
		if declaration.Recv == nil {
			names = append(names, declaration.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range declaration.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, each := range spec.Names {
					names = append(names, each.Name)
				}
			}
		}
	}
	return names
}
