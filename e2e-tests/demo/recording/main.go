// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command recording plays the demo in a browser, and makes a captioned film of it and the pictures
// that the documentation shows. It starts the demo that it is given, and ends it.
//
// It films what really happens: nothing is drawn but the captions.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/internal/chromium"
)

func main() {
	demo := flag.String("demo", "bin/demo", "the demo's program")
	language := flag.String("language", "en", "en or nl")
	film := flag.String("film", filepath.Join("e2e-tests", "artifacts", "film"), "the directory for the films, each of its language")
	pictures := flag.String("pictures", "", "the directory for the pictures; empty: none are made")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := record(ctx, *demo, *language, *film, *pictures)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// whole bounds everything but building the nodes.
const whole = 8 * time.Minute

func record(ctx context.Context, demo, language, film, pictures string) error {
	if captions[language] == nil {
		return errors.New("the language must be en or nl")
	}
	url, end, err := start(ctx, demo)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, whole)
	defer cancel()
	browser, stop, err := chromium.Start(ctx)
	if err != nil {
		return errors.Join(err, end())
	}
	return errors.Join(shoot(browser, url, language, filepath.Join(film, language), pictures), stop(), end())
}

// address is what the demo prints when it is ready.
var address = regexp.MustCompile(`http://localhost:[0-9]+/`)

// start starts the demo, and returns its address and how to end it.
func start(ctx context.Context, demo string) (url string, end func() error, err error) {
	command := exec.CommandContext(ctx, demo)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	end = func() error {
		_ = command.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, output)
		return command.Wait()
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		_, _ = fmt.Println(lines.Text())
		if url = address.FindString(lines.Text()); url != "" {
			return url, end, nil
		}
	}
	return "", nil, errors.Join(errors.New("the demo did not start"), end())
}
