// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the directory of go.mod.
var root = filepath.Join("..", "..")

// source is a file of Go code.
type source struct {
	*ast.File
	path string // in the repository
}

// packagesOfThisModule returns the files of each package by its path in this module, "."
// for the main one. It reads the files, and asks no go command, so that the go command sees
// that a test's result depends on them and does not take an earlier one from its cache.
func packagesOfThisModule(t *testing.T) map[string][]source {
	t.Helper()
	packages := map[string][]source{}
	require.NoError(t, filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != root && isNoPackage(name, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		packages[path.Dir(relative)] = append(packages[path.Dir(relative)], source{file, relative})
		return nil
	}))
	require.NotEmpty(t, packages)
	return packages
}

// isNoPackage reports whether the go command passes over a directory, or takes it for
// another module.
func isNoPackage(directory, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || slices.Contains([]string{"testdata", "bin"}, name) {
		return true
	}
	_, err := os.Stat(filepath.Join(directory, "go.mod"))
	return err == nil
}
