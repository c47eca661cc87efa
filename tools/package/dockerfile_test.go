// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package packaging

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// root is the directory of the repository.
var root = filepath.Join("..", "..")

// TestTheImageReplacesThatOfTheStockNode compares what each image says to whoever runs it,
// with the Dockerfile of the very node that is linked.
func TestTheImageReplacesThatOfTheStockNode(t *testing.T) {
	command := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/nuts-foundation/nuts-node")
	command.Dir = root
	stock, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := stagesOf(t, filepath.Join(strings.TrimSpace(string(stock)), "Dockerfile"), false)
	ours := stagesOf(t, filepath.Join(root, "Dockerfile"), true)
	wanted, got := told(theirs[len(theirs)-1]), told(ours[len(ours)-1])
	for _, each := range []string{"user", "workdir", "expose", "entrypoint", "cmd", "healthcheck"} {
		if wanted[each] == "" || got[each] != wanted[each] {
			t.Errorf("%s: is %q, the stock node's is %q", each, got[each], wanted[each])
		}
	}
}

func TestNoImageRunsAsRoot(t *testing.T) {
	stages := stagesOf(t, filepath.Join(root, "Dockerfile"), true)
	for _, name := range []string{"simulator", "node"} {
		at := slices.IndexFunc(stages, func(stage instructions.Stage) bool { return stage.Name == name })
		if at < 0 {
			t.Fatalf("there is no stage %s", name)
		}
		if user := told(stages[at])["user"]; user != "18081:18081" {
			t.Errorf("%s runs as %q", name, user)
		}
	}
}

// TestImagesAreBuiltWithTheGoOfTheModule: another builds a node that refuses to be built, or
// misses corrections.
func TestImagesAreBuiltWithTheGoOfTheModule(t *testing.T) {
	goMod := read(t, filepath.Join(root, "go.mod"))
	_, after, found := strings.Cut(goMod, "\ntoolchain go")
	version, _, _ := strings.Cut(after, "\n")
	from := stagesOf(t, filepath.Join(root, "Dockerfile"), true)[0].BaseName
	if !found || from != "golang:"+version+"-alpine" {
		t.Errorf("it is built from %s, and go.mod names Go %s", from, version)
	}
}

// TestTheVersionIsReadFromGit: what git tracks, and its directory, go along to the build.
func TestTheVersionIsReadFromGit(t *testing.T) {
	for line := range strings.Lines(read(t, filepath.Join(root, ".dockerignore"))) {
		pattern := strings.TrimSpace(line)
		if pattern == "" || strings.HasPrefix(pattern, "#") {
			continue
		}
		command := exec.Command("git", "ls-files", "--", pattern)
		command.Dir = root
		if tracked, err := command.Output(); err != nil || len(tracked) > 0 || strings.HasPrefix(pattern, ".git") {
			t.Errorf("%s keeps %q from the build (%v)", pattern, tracked, err)
		}
	}
}

// stagesOf parses a Dockerfile as BuildKit does, and fails on what BuildKit warns of.
func stagesOf(t *testing.T, path string, strictly bool) []instructions.Stage {
	t.Helper()
	result, err := parser.Parse(strings.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range result.Warnings {
		t.Errorf("%s: %s", path, warning.Short)
	}
	stages, _, err := instructions.Parse(result.AST, linter.New(&linter.Config{
		Warn: func(rule, _, _, message string, _ []parser.Range) {
			if strictly {
				t.Errorf("%s: %s: %s", path, rule, message)
			}
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

// told is what a stage says about running its image, by instruction.
func told(stage instructions.Stage) map[string]string {
	found := map[string]string{}
	text := func(value any) string {
		content, err := json.Marshal(value)
		if err != nil {
			return err.Error()
		}
		return string(content)
	}
	for _, command := range stage.Commands {
		switch each := command.(type) {
		case *instructions.UserCommand:
			found["user"] = each.User
		case *instructions.WorkdirCommand:
			found["workdir"] = each.Path
		case *instructions.ExposeCommand:
			found["expose"] = text(each.Ports)
		case *instructions.EntrypointCommand:
			found["entrypoint"] = text(each.CmdLine)
		case *instructions.CmdCommand:
			found["cmd"] = text(each.CmdLine)
		case *instructions.HealthCheckCommand:
			found["healthcheck"] = text(each.Health)
		}
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
