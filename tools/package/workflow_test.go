// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package packaging

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

func TestWorkflows(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there is no workflow (%v)", err)
	}
	for _, path := range paths {
		// Shell in a workflow is looked at by nothing here, so there is one command in a step at the most.
		lint, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		content := read(t, path)
		found, err := lint.Lint(path, []byte(content), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range found {
			t.Error(each)
		}
		workflow, problems := actionlint.Parse([]byte(content))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if workflow.Permissions == nil || workflow.Permissions.All != nil {
			t.Errorf("%s: permissions are not said one by one", path)
		}
	}
	if ci := read(t, filepath.Join(root, ".github", "workflows", "ci.yml")); !strings.Contains(ci, "run: .ci/run\n") {
		t.Error("CI does not run .ci/run")
	}
}
