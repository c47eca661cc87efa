// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package drawings

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// drawing finds the drawings in a document.
var drawing = regexp.MustCompile("(?ms)^```mermaid\n(.*?)^```$")

// drawTime bounds all that the test does in the browser.
const drawTime = 2 * time.Minute

// TestDrawingsOfDocuments: Mermaid draws every drawing.
func TestDrawingsOfDocuments(t *testing.T) {
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	draw := newPencil(t, root)
	assert.NotEmpty(t, draw("sequenceDiagram\n  A->>B hello"), "what is none is refused")
	drawn := 0
	for _, document := range documents(t, root) {
		content, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, match := range drawing.FindAllStringSubmatch(string(content), -1) {
			drawn++
			assert.Empty(t, draw(match[1]), "%s: %s", document, match[1])
		}
	}
	assert.GreaterOrEqual(t, drawn, 8)
}

// newPencil starts a Chromium with Mermaid. What it returns draws a text, and tells what is wrong.
func newPencil(t *testing.T, root string) func(text string) string {
	t.Helper()
	mermaid, err := os.ReadFile(filepath.Join(root, "bin", "fhir", "node_modules", "@mermaid-js", "tiny", "dist", "mermaid.tiny.js"))
	require.NoError(t, err, "Mermaid is not installed: make bin/fhir")
	// Chromium has a socket in its temporary directory, whose path may have some hundred letters.
	temporary, err := os.MkdirTemp("/tmp", "chromium-") //nolint:usetesting // a short path
	require.NoError(t, err)
	var running chromedp.Allocator
	t.Cleanup(func() {
		running.Wait() // for what it still writes
		assert.NoError(t, os.RemoveAll(temporary))
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox,
		chromedp.Env("TMPDIR="+temporary), chromedp.UserDataDir(filepath.Join(temporary, "profile")), chromedp.WSURLReadTimeout(time.Minute))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	running = chromedp.FromContext(allocator).Allocator
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, drawTime)
	t.Cleanup(cancel)
	evaluate := func(expression string) string {
		told, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
		require.NoError(t, err)
		return told
	}
	require.Equal(t, "ready", evaluate(string(mermaid)+"\n;mermaid.initialize({startOnLoad: false}); 'ready'"))
	drawn := 0
	return func(text string) string {
		drawn++
		return evaluate("mermaid.render('drawing" + strconv.Itoa(drawn) + "', " + strconv.Quote(text) +
			").then(made => made.svg.includes('<svg') ? '' : 'nothing was drawn', wrong => String(wrong))")
	}
}

// documents are the repository's Markdown files.
func documents(t *testing.T, root string) (paths []string) {
	t.Helper()
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
