// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// namedTest is a test in a document: `TestName`, or `TestName/name of a subtest`.
var namedTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]*)(?:/([^`]+))?`")

// TestTestsNamedInDocumentationExist keeps the tables of attacks true.
func TestTestsNamedInDocumentationExist(t *testing.T) {
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	tests := testsIn(t, root)
	for _, document := range []string{"trust.md", "architecture.md", "recordserver.md", "upgrading.md"} {
		content, err := os.ReadFile(filepath.Join(root, "docs", document))
		require.NoError(t, err)
		matches := namedTest.FindAllStringSubmatch(string(content), -1)
		assert.NotEmpty(t, matches, document)
		for _, match := range matches {
			texts, exists := tests[match[1]]
			assert.True(t, exists, "%s names %s, which does not exist", document, match[1])
			if exists && match[2] != "" {
				assert.Contains(t, texts, match[2], "%s names a subtest of %s", document, match[1])
			}
		}
	}
}

// testsIn returns the tests in all test files, each with the texts in its function: the
// names of its subtests are among them.
func testsIn(t *testing.T, root string) map[string][]string {
	t.Helper()
	tests := map[string][]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "bin") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil {
				tests[function.Name.Name] = append(tests[function.Name.Name], textsIn(function)...)
			}
		}
		return nil
	}))
	return tests
}

func textsIn(function *ast.FuncDecl) []string {
	var texts []string
	ast.Inspect(function, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				texts = append(texts, text)
			}
		}
		return true
	})
	return texts
}

// TestDrawingOfTheRooms keeps the drawing of the rooms in docs/architecture.md whole: every
// internal package is in it.
func TestDrawingOfTheRooms(t *testing.T) {
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	require.NoError(t, err)
	_, drawing, _ := strings.Cut(string(content), "```\n")
	drawing, _, _ = strings.Cut(drawing, "\n```")
	require.NotEmpty(t, drawing)
	for _, rooms := range []string{"internal", "plugin/internal"} {
		entries, err := os.ReadDir(filepath.Join(root, rooms))
		require.NoError(t, err)
		for _, entry := range entries {
			assert.Regexp(t, "(?m)^"+rooms+"/"+entry.Name()+"/? ", drawing, "is not in the drawing")
		}
	}
}
