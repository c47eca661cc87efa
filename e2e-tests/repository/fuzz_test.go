// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFuzzingFailsOfFindingsAlone: Go at times calls the end of the time a failure, which is tried
// again; whatever else a run says fails, and so does one that never ends well.
func TestFuzzingFailsOfFindingsAlone(t *testing.T) {
	const (
		elapsed  = "fuzz: elapsed: 10s, execs: 788862 (82729/sec), new interesting: 13 (total: 115)\n"
		ended    = elapsed + "--- FAIL: FuzzIt (10.11s)\n    context deadline exceeded\nFAIL\n"
		finding  = elapsed + "--- FAIL: FuzzIt (0.02s)\n    --- FAIL: FuzzIt (0.00s)\n        it_test.go:9: no\n\n    Failing input written to testdata/fuzz/FuzzIt/0\nFAIL\n"
		panicked = elapsed + "--- FAIL: FuzzIt (10.11s)\n    context deadline exceeded\npanic: oh\nFAIL\n"
		mentions = elapsed + "--- FAIL: FuzzIt (0.02s)\n    it_test.go:9: context deadline exceeded\nFAIL\n"
	)
	for name, test := range map[string]struct {
		runs  []string // what each failing run says; the one after them is well
		fails bool
	}{
		"no run fails":                          {},
		"the end of the time":                   {runs: []string{ended}},
		"the end of the time, each time":        {runs: []string{ended, ended, ended}, fails: true},
		"a finding":                             {runs: []string{finding}, fails: true},
		"the end of the time, then a finding":   {runs: []string{ended, finding}, fails: true},
		"a panic at the end of the time":        {runs: []string{panicked}, fails: true},
		"a test that says so of its own accord": {runs: []string{mentions}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := fuzzed(t, test.runs)
			if test.fails {
				assert.Error(t, err, output)
				assert.Contains(t, output, "Fuzzing failed: FuzzIt")
			} else {
				assert.NoError(t, err, output)
			}
		})
	}
}

// fuzzed runs the script in a module with one target, which Go does not compile: its runs say and
// fail as given, one after the other, and then succeed.
func fuzzed(t *testing.T, runs []string) (output string, err error) {
	t.Helper()
	module := filepath.Join(t.TempDir(), "the module's place")
	said := t.TempDir()
	for _, each := range []string{".ci", "it/testdata/fuzz/FuzzIt"} {
		require.NoError(t, os.MkdirAll(filepath.Join(module, each), 0o700))
	}
	script, err := os.ReadFile(filepath.Join("..", "..", ".ci", "fuzz"))
	require.NoError(t, err)
	for name, content := range map[string]string{
		filepath.Join(module, ".ci", "fuzz"):                  string(script),
		filepath.Join(module, "go.mod"):                       "module example.org/it\n",
		filepath.Join(module, "it", "it_test.go"):             "package it\n\nfunc FuzzIt(f *testing.F) {}\n",
		filepath.Join(module, "it/testdata/fuzz/FuzzIt", "0"): "go test fuzz v1\n",
		filepath.Join(said, "go"):                             fakeGo,
		filepath.Join(said, "binary"):                         fakeTarget,
	} {
		require.NoError(t, os.WriteFile(name, []byte(content), 0o700))
	}
	for i, each := range runs {
		require.NoError(t, os.WriteFile(filepath.Join(said, string(rune('1'+i))), []byte(each), 0o600))
	}
	command := exec.CommandContext(t.Context(), filepath.Join(module, ".ci", "fuzz"), "1s")
	command.Env = append(os.Environ(), "GO="+filepath.Join(said, "go"), "SAID="+said)
	combined, err := command.CombinedOutput()
	return string(combined), err
}

const (
	// fakeGo compiles nothing: its binary is the one beside it.
	fakeGo = `#!/bin/sh
case $1 in
env) echo "$SAID/cache" ;;
test) while [ "$1" != -o ]; do shift; done; cp "$SAID/binary" "$2" ;;
esac
`
	// fakeTarget says what is in the file with the number of this run, and fails; without one it succeeds.
	fakeTarget = `#!/bin/sh
echo >>"$SAID/count"
said=$SAID/$(wc -l <"$SAID/count" | tr -d ' ')
[ -e "$said" ] || { echo "fuzz: elapsed: 1s, execs: 1 (1/sec), new interesting: 0 (total: 1)"; exit 0; }
cat "$said"
exit 1
`
)
