// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading      = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	codeBlock    = regexp.MustCompile("(?s)\n```.*?\n```")
)

// TestLinksOfDocuments: what a document refers to in this repository is there, the heading
// too.
func TestLinksOfDocuments(t *testing.T) {
	looked := 0
	for _, document := range documents(t) {
		for _, match := range markdownLink.FindAllStringSubmatch(contentOf(t, document), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			looked++
			target, anchor, _ := strings.Cut(match[1], "#")
			path := document
			if target != "" {
				path = filepath.Join(filepath.Dir(document), target)
			}
			if _, err := os.Stat(path); !assert.NoError(t, err, "%s refers to %s", document, match[1]) || anchor == "" {
				continue
			}
			assert.Contains(t, anchorsOf(contentOf(t, path)), anchor, "%s refers to %s", document, match[1])
		}
	}
	assert.NotZero(t, looked)
}

// documents returns the paths of the repository's Markdown files.
func documents(t *testing.T) []string {
	t.Helper()
	var paths []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || slices.Contains([]string{"bin", "testdata"}, entry.Name())):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			paths = append(paths, path)
		}
		return nil
	}))
	return paths
}

// contentOf returns a document without its blocks of code.
func contentOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return codeBlock.ReplaceAllString(string(content), "")
}

// anchorsOf returns the anchors of a document's headings, as GitHub makes them.
func anchorsOf(content string) []string {
	var anchors []string
	for _, match := range heading.FindAllStringSubmatch(content, -1) {
		anchors = append(anchors, strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-"))
	}
	return anchors
}
