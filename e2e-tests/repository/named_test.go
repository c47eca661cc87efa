// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	namedTest  = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9_]*)`")
	testsStart = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9_]*)\(`)
)

// TestTestsThatDocumentsName: a document that says which test shows something names one that is
// there.
func TestTestsThatDocumentsName(t *testing.T) {
	there := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, match := range testsStart.FindAllStringSubmatch(string(content), -1) {
			there[match[1]] = true
		}
		return err
	}))
	named := 0
	for _, document := range documents(t) {
		for _, match := range namedTest.FindAllStringSubmatch(contentOf(t, document), -1) {
			named++
			assert.True(t, there[match[1]], "%s names %s", document, match[1])
		}
	}
	assert.Greater(t, named, 50)
}
