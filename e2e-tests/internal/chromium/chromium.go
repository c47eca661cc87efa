// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package chromium starts Debian's Chromium, for tests that look at pages and for the film of the
// demo.
package chromium

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"
)

// Start starts a browser, with further flags, and returns the context in which chromedp uses it.
// Whoever called ends it with stop, which returns when Chromium has gone, with its files.
func Start(ctx context.Context, flags ...chromedp.ExecAllocatorOption) (browser context.Context, stop func() error, err error) {
	// Chromium has a socket in its temporary directory, whose path may have some hundred letters.
	temporary, err := os.MkdirTemp("/tmp", "chromium-")
	if err != nil {
		return nil, nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox,
		chromedp.Env("TMPDIR="+temporary), chromedp.UserDataDir(filepath.Join(temporary, "profile")), chromedp.WSURLReadTimeout(time.Minute))
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, append(options, flags...)...)
	running := chromedp.FromContext(allocator).Allocator
	browser, cancel := chromedp.NewContext(allocator)
	return browser, func() error {
		cancel()
		cancelAllocator()
		running.Wait() // for what it still writes
		return os.RemoveAll(temporary)
	}, nil
}
