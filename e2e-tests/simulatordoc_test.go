// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// docBlock finds the marked blocks of docs/simulator.md.
var docBlock = regexp.MustCompile("(?s)<!-- (file|start|run|shows)(?:: ([^>]+))? -->\n```[a-z]+\n(.*?)```")

// simulatorWalk is a reader who does what docs/simulator.md says, from top to bottom, in
// an empty directory.
type simulatorWalk struct {
	dir, path string
	ports     *strings.Replacer
	last      string // what the last block that was run showed
}

// TestTheSimulatorsPageIsTrue follows docs/simulator.md to the letter, but for the ports.
func TestTheSimulatorsPageIsTrue(t *testing.T) {
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "docs", "simulator.md"))
	require.NoError(t, err)
	simulator, err := harness.BuildSimulator(t.Context(), os.Stderr)
	require.NoError(t, err)
	require.Equal(t, filepath.Dir(binaries.Mitz), filepath.Dir(simulator), "where the page's commands find both")
	require.NotEqual(t, filepath.Join(root, "bin"), filepath.Dir(simulator), "what make build made there stays as it is")
	walk := &simulatorWalk{dir: t.TempDir(), ports: otherPorts(t, 8443, 8444, 8445, 8446, 8080, 8081, 4222)}
	require.NoError(t, os.Symlink(filepath.Dir(binaries.Mitz), filepath.Join(walk.dir, "bin")))
	walk.path = os.Getenv("PATH") + string(os.PathListSeparator) + standInForCurl(t, root)

	blocks := docBlock.FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, strings.Count(string(page), "\n```")/2, "every block is marked")
	for _, block := range blocks {
		content := walk.ports.Replace(block[3])
		switch block[1] {
		case "file":
			writeFile(t, filepath.Join(walk.dir, block[2]), content)
		case "start":
			walk.start(t, content, block[2])
		case "run":
			walk.run(t, content)
		case "shows":
			assertShows(t, content, walk.last)
		}
	}
}

// otherPorts replaces the ports of the page, which may be in use, by free ones.
func otherPorts(t *testing.T, pages ...int) *strings.Replacer {
	t.Helper()
	var oldnew []string
	for _, port := range pages {
		block, err := harness.ReservePorts()
		require.NoError(t, err)
		t.Cleanup(block.Release)
		for _, form := range []string{":%d", ": %d"} {
			oldnew = append(oldnew, fmt.Sprintf(form, port), fmt.Sprintf(form, block.Port(1)))
		}
	}
	return strings.NewReplacer(oldnew...)
}

// standInForCurl builds what is as much of curl as is needed, for machines without.
func standInForCurl(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "curl"), "./e2e-tests/demo/testdata/curl")
	build.Dir = root
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return dir
}

func (w *simulatorWalk) shell(ctx context.Context, script string) *exec.Cmd {
	command := exec.CommandContext(ctx, "sh", "-c", "set -e\n"+script)
	command.Dir = w.dir
	command.Env = append(os.Environ(), "PATH="+w.path)
	return command
}

func (w *simulatorWalk) run(t *testing.T, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	output, err := w.shell(ctx, script).CombinedOutput()
	require.NoError(t, err, "%s", output)
	w.last = string(output)
}

// start runs a block until the test ends, and goes on when it says that it is up.
func (w *simulatorWalk) start(t *testing.T, script, words string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	command := w.shell(ctx, "exec "+script)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	up := &watchedOutput{text: words, found: make(chan struct{})}
	command.Stdout, command.Stderr = up, up
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		cancel()
		_ = command.Wait() // interrupted, as it was told
	})
	select {
	case <-up.found:
	case <-time.After(time.Minute):
		t.Fatalf("it does not come up: %s", up.String())
	}
}

// watchedOutput tells once that a text was written.
type watchedOutput struct {
	mu    sync.Mutex
	all   strings.Builder
	text  string
	found chan struct{}
}

func (o *watchedOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.Write(p)
	if o.text != "" && strings.Contains(o.all.String(), o.text) {
		o.text = ""
		close(o.found)
	}
	return len(p), nil
}

func (o *watchedOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// assertShows wants each line of the page in what was shown, in their order; three dots
// stand for any text.
func assertShows(t *testing.T, page, shown string) {
	t.Helper()
	rest := shown
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		pattern := "(?m)^" + strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, ".*") + "[,]?$"
		place := regexp.MustCompile(pattern).FindStringIndex(rest)
		if !assert.NotNil(t, place, "the page shows a line that does not come: %s\nin\n%s", line, shown) {
			return
		}
		rest = rest[place[1]:]
	}
}
