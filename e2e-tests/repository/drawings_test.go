// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/internal/chromium"
)

// drawing finds the drawings in a document.
var drawing = regexp.MustCompile("(?ms)^```mermaid\n(.*?)^```$")

// drawTime bounds all that the test does in the browser.
const drawTime = 2 * time.Minute

// TestDrawingsOfDocuments: Mermaid draws every drawing.
func TestDrawingsOfDocuments(t *testing.T) {
	draw := newPencil(t)
	assert.NotEmpty(t, draw("sequenceDiagram\n  A->>B hello"), "what is none is refused")
	drawn := 0
	for _, document := range documents(t) {
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
func newPencil(t *testing.T) func(text string) string {
	t.Helper()
	mermaid, err := os.ReadFile(filepath.Join(root, "bin", "fhir", "node_modules", "@mermaid-js", "tiny", "dist", "mermaid.tiny.js"))
	require.NoError(t, err, "Mermaid is not installed: make bin/fhir")
	browser, stop, err := chromium.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stop()) })
	ctx, cancel := context.WithTimeout(browser, drawTime)
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
