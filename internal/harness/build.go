// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	modulePath   = "github.com/nuts-mitz/nuts-mitz"
	stockPackage = "github.com/nuts-foundation/nuts-node"
)

// Binaries are the two nodes that the tests run.
type Binaries struct {
	Mitz  string // our node: the stock node with the plugin
	Stock string // the stock node, from the very same version of the module
}

// trial is where they are. What make build made in bin, somebody may be about to install: it is built
// for that, and this is not.
const trial = "bin/trial"

// Build builds both nodes into a directory of the repository's bin directory and tells progress
// what it does. A first build takes minutes, a repeated one about a second. Runs
// side by side do not disturb each other, nor nodes that are running.
func Build(ctx context.Context, progress io.Writer) (Binaries, error) {
	mitz, err := BuildMitz(ctx, progress)
	if err != nil {
		return Binaries{}, err
	}
	stock, err := BuildStock(ctx, progress)
	return Binaries{Mitz: mitz, Stock: stock}, err
}

// BuildMitz builds our node and returns its path.
func BuildMitz(ctx context.Context, progress io.Writer) (string, error) {
	return build(ctx, progress, "nuts-mitz", ".")
}

// BuildStock builds the stock node and returns its path.
func BuildStock(ctx context.Context, progress io.Writer) (string, error) {
	return build(ctx, progress, "nuts-stock", stockPackage)
}

// BuildSimulator builds the simulator of Mitz, without cgo as make build does, and returns its path.
func BuildSimulator(ctx context.Context, progress io.Writer) (string, error) {
	return build(ctx, progress, "mitz-simulator", "./mitzclient/mitztest/cmd/mitz-simulator", "CGO_ENABLED=0")
}

func build(ctx context.Context, progress io.Writer, name, pkg string, env ...string) (string, error) {
	if progress == nil {
		progress = io.Discard
	}
	root, err := RepositoryRoot()
	if err != nil {
		return "", err
	}
	shown := filepath.Join(trial, name)
	target := filepath.Join(root, shown)
	_, _ = fmt.Fprintf(progress, "Building %s (a first build takes minutes) ...\n", shown)
	started := time.Now()
	if err := buildAndRename(ctx, root, pkg, target, env); err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	_, _ = fmt.Fprintf(progress, "Built %s in %s.\n", shown, time.Since(started).Round(100*time.Millisecond))
	return target, nil
}

// buildAndRename builds beside the target and renames, so that nobody ever runs half
// a binary. It starts from a copy of the target: go build leaves that alone when
// it is up to date, which saves the linking.
func buildAndRename(ctx context.Context, root, pkg, target string, env []string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(target), ".build-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	temporary := filepath.Join(dir, filepath.Base(target))
	if err := copyExecutable(target, temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	command := exec.CommandContext(ctx, "go", "build", "-o", temporary, pkg)
	command.Dir = root
	command.Env = append(os.Environ(), env...)
	command.WaitDelay = 10 * time.Second
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return os.Rename(temporary, target)
}

func copyExecutable(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	destination, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, destination.Close()) }()
	_, err = io.Copy(destination, source)
	return err
}

// RepositoryRoot is the directory of this repository's go.mod, looked for from the
// working directory upwards.
func RepositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.Contains(string(content), "module "+modulePath+"\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not inside the repository of " + modulePath)
		}
		dir = parent
	}
}
