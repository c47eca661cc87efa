// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// The size of the film, in pixels.
const (
	filmWidth  = 1280
	filmHeight = 800
)

// film is what was filmed: pictures, and what was said, each with its time since the beginning.
type film struct {
	dir    string
	frames []frame
	said   []said
	began  time.Time
}

type frame struct {
	name string
	at   time.Duration
}

type said struct {
	from, to time.Duration
	text     string
}

func newFilm(dir string) (*film, error) {
	frames := filepath.Join(dir, "frames")
	if err := os.RemoveAll(frames); err != nil {
		return nil, err
	}
	return &film{dir: dir, began: time.Now()}, os.MkdirAll(frames, 0o700)
}

// pause is how long to wait between two pictures.
const pause = 150 * time.Millisecond

// during films for so long, or until the condition, JavaScript, holds; at most for a minute. It
// says the caption meanwhile.
func (f *film) during(ctx context.Context, caption string, atLeast time.Duration, until string) error {
	started := time.Since(f.began)
	for {
		if err := f.take(ctx, caption); err != nil {
			return err
		}
		now, holds := time.Since(f.began), true
		if until != "" {
			var err error
			if holds, err = chromedp.Run(ctx, chromedp.Evaluate[bool](until)); err != nil {
				return err
			}
		}
		if now-started >= atLeast && holds {
			f.said = append(f.said, said{started, now, caption})
			return nil
		}
		if now-started > time.Minute {
			return fmt.Errorf("it did not happen: %s", until)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// bar puts the caption into the page, below everything.
const bar = `(text => {
	let bar = document.getElementById("film-caption");
	if (!bar) {
		bar = document.createElement("div");
		bar.id = "film-caption";
		Object.assign(bar.style, {position: "fixed", left: 0, right: 0, bottom: 0, zIndex: 10, padding: "18px 40px", background: "rgba(13, 35, 41, .94)",
			color: "#fff", fontSize: "25px", lineHeight: "1.35"});
		document.body.append(bar);
	}
	bar.textContent = text;
	bar.hidden = text === "";
	bar.style.display = text === "" ? "none" : "block";
	return 0;
})(%q)`

// take takes a picture of what is in sight.
func (f *film) take(ctx context.Context, caption string) error {
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](fmt.Sprintf(bar, caption))); err != nil {
		return err
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%05d.png", len(f.frames))
	f.frames = append(f.frames, frame{name, time.Since(f.began)})
	return os.WriteFile(filepath.Join(f.dir, "frames", name), picture, 0o600)
}

// list is the frames with how long each is in sight, as ffmpeg's concat demuxer reads it.
func (f *film) list() string {
	var text strings.Builder
	text.WriteString("ffconcat version 1.0\n")
	for i, each := range f.frames {
		next := each.at + time.Second
		if i+1 < len(f.frames) {
			next = f.frames[i+1].at
		}
		_, _ = fmt.Fprintf(&text, "file frames/%s\nduration %.3f\n", each.name, (next - each.at).Seconds())
	}
	return text.String()
}

// captions is what is said, as WebVTT.
func (f *film) captions() string {
	var text strings.Builder
	text.WriteString("WEBVTT\n")
	for _, each := range f.said {
		_, _ = fmt.Fprintf(&text, "\n%s --> %s\n%s\n", stamp(each.from), stamp(each.to), each.text)
	}
	return text.String()
}

func stamp(at time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", int(at.Hours()), int(at.Minutes())%60, int(at.Seconds())%60, at.Milliseconds()%1000)
}

// finish makes the film of the pictures, and returns its path.
func (f *film) finish(ctx context.Context) (string, error) {
	for name, content := range map[string]string{"frames.txt": f.list(), "demo.vtt": f.captions()} {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	command := exec.CommandContext(ctx, "ffmpeg", "-loglevel", "error", "-y", "-f", "concat", "-i", "frames.txt",
		"-vf", "fps=10,format=yuv420p", "-c:v", "libx264", "-crf", "26", "-movflags", "+faststart", "demo.mp4")
	command.Dir, command.Stdout, command.Stderr = f.dir, os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("ffmpeg: %w", err)
	}
	return filepath.Join(f.dir, "demo.mp4"), os.RemoveAll(filepath.Join(f.dir, "frames"))
}
