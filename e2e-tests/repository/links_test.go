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
	// link is one in the text, one that is defined apart, or one in HTML.
	link         = regexp.MustCompile(`\]\(([^)\s]+)(?: +"[^"]*")?\)|(?m:^ {0,3}\[[^\]]+\]: +(\S+))|<[^>]+ (?:href|src)="([^"]+)"`)
	heading      = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	codeBlock    = regexp.MustCompile("(?s)\n```.*?\n```")
)

// TestLinksOfDocuments: what a document refers to in this repository is there, the heading
// too.
func TestLinksOfDocuments(t *testing.T) {
	looked := 0
	for _, document := range documents(t) {
		for _, to := range linksOf(t, document) {
			looked++
			target, anchor, _ := strings.Cut(to, "#")
			path := document
			if target != "" {
				path = filepath.Join(filepath.Dir(document), target)
			}
			inside, err := filepath.Rel(root, path)
			require.NoError(t, err)
			assert.True(t, filepath.IsLocal(inside), "%s refers to %s, outside the repository", document, to)
			if _, err := os.Stat(path); !assert.NoError(t, err, "%s refers to %s", document, to) || anchor == "" {
				continue
			}
			assert.Contains(t, anchorsOf(contentOf(t, path)), anchor, "%s refers to %s", document, to)
		}
	}
	assert.NotZero(t, looked)
}

// TestEveryDocumentIsOnTheMap: docs/index.md leads to each document below docs, or to the README
// of its directory, which leads to it.
func TestEveryDocumentIsOnTheMap(t *testing.T) {
	onMap := map[string]bool{filepath.Join(root, "docs", "index.md"): true}
	var follow func(document string)
	follow = func(document string) {
		for _, to := range linksOf(t, document) {
			target, _, _ := strings.Cut(to, "#")
			path := filepath.Join(filepath.Dir(document), target)
			if target == "" || onMap[path] {
				continue
			}
			onMap[path] = true
			if filepath.Base(path) == "README.md" && filepath.Dir(path) != root {
				follow(path)
			}
		}
	}
	follow(filepath.Join(root, "docs", "index.md"))
	for _, document := range documents(t) {
		if strings.HasPrefix(document, filepath.Join(root, "docs")+string(filepath.Separator)) {
			assert.True(t, onMap[document], "%s is not in docs/index.md: say there who reads it, and what for", document)
		}
	}
}

// linksOf returns what a document links to in this repository.
func linksOf(t *testing.T, document string) []string {
	t.Helper()
	var links []string
	for _, match := range link.FindAllStringSubmatch(contentOf(t, document), -1) {
		to := match[1] + match[2] + match[3] // one of them is there
		if !strings.Contains(to, "://") && !strings.HasPrefix(to, "mailto:") {
			links = append(links, to)
		}
	}
	return links
}

// TestLinksInEveryForm shows which forms of links are looked at.
func TestLinksInEveryForm(t *testing.T) {
	document := filepath.Join(t.TempDir(), "document.md")
	text := "[a](a.md) ![b](b.png \"title\") <img alt=\"\" src=\"c.png\"> [d][d] https://e.example [f](https://f.example)\n\n[d]: d.md#d\n\n" +
		"```\n[g](g.md)\n```\n"
	require.NoError(t, os.WriteFile(document, []byte(text), 0o600))
	assert.Equal(t, []string{"a.md", "b.png", "c.png", "d.md#d"}, linksOf(t, document))
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
