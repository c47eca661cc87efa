// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMakeChoosesGo: make builds with the Go that go.mod names or a newer patch of it,
// whatever is installed and whatever the environment says.
func TestMakeChoosesGo(t *testing.T) {
	goMod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	require.NoError(t, err)
	wanted := regexp.MustCompile(`(?m)^toolchain (go1\.26\.\d+)$`).FindStringSubmatch(string(goMod))
	require.NotNil(t, wanted, "go.mod names a toolchain of Go 1.26")
	for installed, expected := range map[string]string{
		"go1.26.2":              wanted[1],
		wanted[1]:               wanted[1],
		"go1.26.99":             "go1.26.99",
		"go1.27.3":              wanted[1],
		"go1.25.9":              wanted[1],
		"devel +0123456789":     wanted[1],
		"go1.26.99-X:nojsonv2":  "go1.26.99",
		"go1.260.1":             wanted[1],
		"go1.27.3-X:nojsonv2":   wanted[1],
		"go1.26-custom-release": wanted[1],
	} {
		t.Run("where "+installed+" is installed", func(t *testing.T) {
			fake := filepath.Join(t.TempDir(), "go")
			require.NoError(t, os.WriteFile(fake, []byte("#!/bin/sh\necho go version '"+installed+"' linux/amd64\n"), 0o700))
			assert.Equal(t, expected, chosenGo(t, "GO="+quoted(fake)))
		})
	}
	t.Run("where another is asked for on the command line", func(t *testing.T) {
		assert.Equal(t, "go1.27.3", chosenGo(t, "GOTOOLCHAIN=go1.27.3"))
	})
}

// homeWithoutTelemetry is a home in which the go command counts nothing: it does so in a process
// that outlives it, while the test takes the directory away.
func homeWithoutTelemetry(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	settings := filepath.Join(home, ".config", "go", "telemetry")
	require.NoError(t, os.MkdirAll(settings, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(settings, "mode"), []byte("off"), 0o600))
	return home
}

// quoted is a text as a shell takes it for one word.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// chosenGo returns GOTOOLCHAIN as make hands it to its commands.
func chosenGo(t *testing.T, arguments ...string) string {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Makefile"), append(makefile, "\nchosen-go:\n\t@echo \"$$GOTOOLCHAIN\"\n"...), 0o600))
	goMod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), goMod, 0o600))
	command := exec.Command("make", append([]string{"-s", "-C", dir, "chosen-go"}, arguments...)...)
	// Nothing of a make that runs this test.
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + homeWithoutTelemetry(t), "GOTOOLCHAIN=local"}
	output, err := command.Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(output))
}

// TestWhatIsMissingIsInstalledOrTold runs .ci/install-packages where nothing is installed
// but what the test puts there.
func TestWhatIsMissingIsInstalledOrTold(t *testing.T) {
	const list = "# a comment\n\nthere\tthere-package\nredis\tmissing-package other-package\n"
	const apt = "#!/bin/sh\necho \"$*\" >>../log\n"
	for _, tc := range []struct {
		name, list, apt string
		told            string // empty: it does not fail
		installed       string
	}{
		{"nothing is missing", "there\tthere-package\n../bi*/there\tother-package\n", "", "", ""},
		{"what is missing is installed", list, apt + "ln -sf there ../bin/redis\n", "", "install -y --no-install-recommends missing-package other-package"},
		{"where there is no apt-get it says what to install", list, "", "missing-package other-package (Debian's names)", ""},
		{"it fails when installing fails", list, apt + "exit 1\n", "installing them failed", ""},
		{"it fails when what was installed is not there", list, apt, "they were installed, and are not there", ""},
		{"a file that is not there is missing", "../none/*\tmissing-package\n", "", "missing-package (Debian's names)", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			bin := filepath.Join(dir, "bin")
			put := func(path, content string) {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
				require.NoError(t, os.WriteFile(path, []byte(content), 0o700))
			}
			script, err := os.ReadFile(filepath.Join("..", "..", ".ci", "install-packages"))
			require.NoError(t, err)
			put(filepath.Join(dir, "ci", "install-packages"), string(script))
			put(filepath.Join(dir, "ci", "packages"), tc.list)
			put(filepath.Join(bin, "there"), "")
			put(filepath.Join(bin, "sudo"), "#!/bin/sh\nexec \"$@\"\n")
			if tc.apt != "" {
				put(filepath.Join(bin, "apt-get"), tc.apt)
			}
			for _, each := range []string{"sh", "dirname", "id", "ln"} {
				path, err := exec.LookPath(each)
				require.NoError(t, err)
				require.NoError(t, os.Symlink(path, filepath.Join(bin, each)))
			}
			command := exec.Command(filepath.Join(dir, "ci", "install-packages"))
			command.Env = []string{"PATH=" + bin}
			output, err := command.CombinedOutput()
			assert.Equal(t, tc.told != "", err != nil, "%s", output)
			assert.Contains(t, string(output), tc.told)
			if tc.installed != "" {
				log, err := os.ReadFile(filepath.Join(dir, "log"))
				require.NoError(t, err)
				assert.Contains(t, string(log), tc.installed+"\n")
			}
		})
	}
}

// TestWhatFuzzingFindsIsShown runs .ci/fuzz with a go command that finds an input in one of
// two targets: the other is fuzzed too, and the input is shown, for the file goes with CI's clone.
func TestWhatFuzzingFindsIsShown(t *testing.T) {
	dir := t.TempDir()
	put := func(path, content string) {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o700))
	}
	// fuzz has the go command build the given script for each package.
	fuzz := func(binary string) (string, error) {
		put("binary", "#!/bin/sh\necho \"in $(basename \"$PWD\")\"; echo \"fuzz: elapsed: $*\"\n"+binary)
		put("go", `#!/bin/sh
case $1 in
env) echo /the/cache ;;
test) while [ "$1" != -o ]; do shift; done; cp "$(dirname "$0")/binary" "$2" ;;
esac
`)
		command := exec.Command(filepath.Join(dir, ".ci", "fuzz"), "1s")
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "GO=" + filepath.Join(dir, "go"), "TMPDIR=" + t.TempDir()}
		output, err := command.CombinedOutput()
		return string(output), err
	}
	script, err := os.ReadFile(filepath.Join(root, ".ci", "fuzz"))
	require.NoError(t, err)
	put(".ci/fuzz", string(script))
	put("go.mod", "module example.org/fuzzed\n")
	output, err := fuzz("")
	require.Error(t, err)
	assert.Contains(t, output, "nothing to fuzz")

	put("a/b/some_test.go", "func FuzzBad(f *testing.F) {\nfunc FuzzGood(f *testing.F) {\n")
	put(".other/some_test.go", "func FuzzOther(f *testing.F) {\n")
	output, err = fuzz("")
	require.NoError(t, err, output)
	for _, target := range []string{"FuzzBad", "FuzzGood"} {
		assert.Contains(t, output, "== a/b "+target+"\nfuzz: elapsed: -test.run ^$ -test.fuzz ^"+target+
			"$ -test.fuzztime 1s -test.fuzzminimizetime 500ms -test.fuzzcachedir /the/cache/fuzz/example.org/fuzzed/a/b\n")
	}
	assert.NotContains(t, output, "FuzzOther")

	put("a/b/testdata/fuzz/FuzzBad/abc", "go test fuzz v1\nstring(\"found\")\n")
	output, err = fuzz("case $* in *FuzzBad*) echo '    Failing input written to testdata/fuzz/FuzzBad/abc'; exit 1;; esac\n")
	require.Error(t, err)
	assert.Contains(t, output, "in b\n")
	assert.Contains(t, output, "go test fuzz v1\nstring(\"found\")\n")
	assert.Contains(t, output, "^FuzzGood$")
	assert.Contains(t, output, "Fuzzing failed: FuzzBad\n")
}
