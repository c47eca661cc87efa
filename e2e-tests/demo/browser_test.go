// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/internal/chromium"
)

// The widths of a screen and of a phone, in pixels.
const (
	screenWidth = 1280
	phoneWidth  = 360
)

// browser is a Chromium, with the accessibility checker that is put into each page.
type browser struct {
	t       *testing.T
	ctx     context.Context
	url     string
	checker string // axe-core, the source
}

// browseTime bounds all that a test does in the browser.
const browseTime = 8 * time.Minute

func newBrowser(t *testing.T, url string, flags ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	checker, err := os.ReadFile(filepath.Join("..", "..", "bin", "fhir", "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err, "the accessibility checker is not installed: make bin/fhir")
	running, stop, err := chromium.Start(t.Context(), append(flags, chromedp.Flag("force-prefers-reduced-motion", true))...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stop()) })
	ctx, cancel := context.WithTimeout(running, browseTime)
	t.Cleanup(cancel)
	return &browser{t: t, ctx: ctx, url: url, checker: string(checker)}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

// ask has JavaScript evaluated in the page, and waits for a promise.
func ask[T any](b *browser, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err)
	return value
}

// open opens a page, and looks at it: see [browser.look].
func (b *browser) open(path, name string, width int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, 900), chromedp.Navigate(b.url+path), chromedp.WaitVisible("h1"))
	b.look(name, width)
}

// artifacts is where pictures of the pages are kept.
var artifacts = filepath.Join("..", "artifacts")

// look keeps a picture of the whole page, and checks that it is accessible and fits the width.
func (b *browser) look(name string, width int64) {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	wide := ask[int64](b, `document.documentElement.scrollWidth`)
	ask[int](b, b.checker+"; 0")
	wrong := ask[[]string](b, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}).then(found =>
		found.violations.map(each => each.id + ": " + each.nodes.slice(0, 3).map(node => node.target.join(" ") + " " + (node.any[0]?.message || "")).join(", ")))`)
	require.NoError(b.t, os.MkdirAll(artifacts, 0o700))
	require.NoError(b.t, os.WriteFile(filepath.Join(artifacts, fmt.Sprintf("%s-%d.png", name, width)), picture, 0o600))
	assert.Empty(b.t, wrong, "%s: what axe-core objects to", name)
	assert.LessOrEqual(b.t, wide, width, "%s is wider than the screen", name)
}

// TestPagesInABrowser looks at every page in both languages, on a screen and on a phone, after a
// story has put something on them.
func TestPagesInABrowser(t *testing.T) {
	v, _ := newVisitor(t)
	v.play("withdrawal")
	v.play("consent")
	b := newBrowser(t, v.url)
	for _, language := range []string{"nl", "en"} {
		for _, name := range []string{"home", "stories", "stories/consent", "stories/stolen", "requester", "wallet", "wallet/login", "patient", "dataholder", "behind", "honest"} {
			for _, width := range []int64{screenWidth, phoneWidth} {
				path := "/" + language + "/" + strings.TrimPrefix(name, "home")
				b.open(path, language+"-"+strings.ReplaceAll(name, "/", "-"), width)
				assert.True(t, ask[bool](b, `["header nav", ".follow.ended", ".stacked"].every(each => { const it = document.querySelector(each);
					return !it || it.scrollWidth <= it.clientWidth && it.scrollHeight <= it.clientHeight })`), "%s: something is hidden", path)
				if name == "stories/consent" {
					assert.True(t, ask[bool](b, `document.querySelector(".follow.ended") !== null`), "a story that ended is shown from its beginning")
				}
			}
		}
	}
}

// TestAStoryUnfoldsByKeyboard plays a story with the keyboard alone, and sees its steps and
// messages come without loading the page again.
func TestAStoryUnfoldsByKeyboard(t *testing.T) {
	v, _ := newVisitor(t)
	b := newBrowser(t, v.url)
	b.do(chromedp.EmulateViewport(screenWidth, 900), chromedp.Navigate(b.url+"/nl/"), chromedp.WaitVisible("h1"))
	b.do(chromedp.KeyEvent(kb.Tab))
	assert.Equal(t, "skip", ask[string](b, `document.activeElement.className`), "the first thing leads to the content")
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "consent", ask[string](b, `document.activeElement.value`), "the next is the button of the first story")
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(".outcome.good"))
	assert.Greater(t, ask[int](b, `document.querySelectorAll(".message").length`), 10)
	ask[int](b, `document.querySelector(".message summary").focus(), 0`)
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(".message details[open] dl"))
	b.look("nl-keyboard", screenWidth)
}

// TestEveryStoryInABrowser plays each story by its button.
func TestEveryStoryInABrowser(t *testing.T) {
	v, _ := newVisitor(t)
	b := newBrowser(t, v.url)
	for i, story := range stories.All() {
		language := []string{"nl", "en"}[i%2]
		b.do(chromedp.EmulateViewport(screenWidth, 900), chromedp.Navigate(b.url+"/"+language+"/stories"),
			chromedp.Click(`button[value="`+story.Key+`"]`), chromedp.WaitVisible(".outcome.good"))
		b.look(language+"-played-"+story.Key, screenWidth)
	}
}

// TestTheWalletByKeyboard removes a proof, sees a request fail, logs in and gets the proof back, with
// the keyboard alone.
func TestTheWalletByKeyboard(t *testing.T) {
	v, _ := newVisitor(t)
	b := newBrowser(t, v.url)
	press := func(button, then string) {
		t.Helper()
		b.do(chromedp.WaitVisible(button))
		ask[int](b, fmt.Sprintf("document.querySelector(%q).focus(), 0", button))
		b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(then))
	}
	b.do(chromedp.EmulateViewport(phoneWidth, 900), chromedp.Navigate(b.url+"/en/wallet"), chromedp.WaitVisible("h1"))
	press(`.proofs li:nth-child(2) button[value="remove"]`, ".proofs li:nth-child(2) .badge:not(.good)")
	b.look("en-wallet-without", phoneWidth)
	b.do(chromedp.Navigate(b.url + "/en/requester"))
	press(`button.main`, "article.refused")
	assert.Contains(t, ask[string](b, `document.querySelector("article.refused").textContent`), "You lack proofs")
	b.look("en-requester-without", phoneWidth)
	b.do(chromedp.Navigate(b.url + "/en/wallet/login"))
	press(`button[value="login"]`, ".signed")
	press(`button[value="obtain"]`, ".proofs li:nth-child(2) .badge.good")
	b.look("en-wallet-signed", phoneWidth)
}

// TestAWithdrawalShowsElsewhere withdraws in another window, and watches the data holder's page.
func TestAWithdrawalShowsElsewhere(t *testing.T) {
	v, stage := newVisitor(t)
	choose := func(decision string) {
		v.send("/en/do", url.Values{
			"do": {"choose"}, "patient": {stories.Client}, "holder": {"hospital"}, "category": {category}, "kind": {practiceType}, "decision": {decision},
		})
	}
	choose("permit")
	b := newBrowser(t, v.url)
	b.do(chromedp.Navigate(b.url+"/en/dataholder"), chromedp.WaitVisible("h1"))
	v.send("/en/do", url.Values{"do": {"ask"}, "patient": {stories.Client}})
	b.do(chromedp.WaitVisible(".token.lives"))
	require.NoError(t, stage.Mitz.WaitForSubscriptions(t.Context(), 1))
	choose("none")
	b.do(chromedp.WaitVisible(".token.ended"))
}

// TestPagesInTheDark looks at pages as who prefers dark colours sees them.
func TestPagesInTheDark(t *testing.T) {
	v, _ := newVisitor(t)
	v.play("withdrawal")
	b := newBrowser(t, v.url, chromedp.Flag("blink-settings", "preferredColorScheme=0"))
	require.True(t, ask[bool](b, `matchMedia("(prefers-color-scheme: dark)").matches`))
	for _, name := range []string{"", "stories/withdrawal", "requester", "wallet", "patient", "dataholder", "behind", "honest"} {
		b.open("/nl/"+name, "nl-dark-"+strings.ReplaceAll(name, "/", "-"), screenWidth)
	}
}
