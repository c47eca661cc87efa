// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestTheDebianPackageIsInstalledAndStarted installs the package in a directory of its own, with
// its scripts, checks the service, and starts the node that was installed with the
// configuration that came with it.
func TestTheDebianPackageIsInstalledAndStarted(t *testing.T) {
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	tool := filepath.Join(root, "bin", "makedeb")
	require.FileExists(t, tool, "what makes the package is not built: make bin/makedeb")
	system := filepath.Join(t.TempDir(), "system")
	made := run(t, []string{"SOURCE_DATE_EPOCH=1800000000"}, tool, "-root", root, "-binary", binaries.Mitz, "-version", "0.1.0",
		"-arch", runtime.GOARCH, "-target", t.TempDir())
	installPackage(t, strings.TrimSpace(made), system)

	t.Run("its service has a user, which reads its configuration and nobody else's secrets", func(t *testing.T) {
		users := string(must[[]byte](t)(os.ReadFile(filepath.Join(system, "etc", "passwd"))))
		assert.Regexp(t, `(?m)^nuts-mitz:.*:/var/lib/nuts-mitz:/\S*nologin$`, users)
		for file, mode := range map[string]os.FileMode{"etc/nuts/mitz": 0o750, "etc/nuts/nuts.yaml": 0o640, "etc/default/nuts-mitz": 0o600} {
			info, err := os.Stat(filepath.Join(system, file))
			require.NoError(t, err)
			assert.Equal(t, mode, info.Mode().Perm(), file)
		}
	})
	t.Run("systemd understands its service, and finds it confined", func(t *testing.T) {
		// What every system has, and this directory has not.
		for _, unit := range []string{"sysinit.target", "basic.target", "shutdown.target", "multi-user.target", "network-online.target", "-.slice", "system.slice"} {
			writeFile(t, filepath.Join(system, "usr", "lib", "systemd", "system", unit), "[Unit]\n")
		}
		run(t, nil, "systemd-analyze", "verify", "--root="+system, "nuts-mitz.service")
		run(t, nil, "systemd-analyze", "security", "--offline=true", "--threshold=15", "--root="+system, "nuts-mitz.service")
	})
	t.Run("the node starts with the configuration", func(t *testing.T) {
		startPackaged(t, newWorkspace(t), filepath.Join(system, "usr", "bin", "nuts-mitz"), filepath.Join(system, "etc", "nuts", "nuts.yaml"), "", nil)
	})
}

// installPackage installs a package and runs its script, in a directory that knows no other
// packages. Only root can give files to root: another user pretends.
func installPackage(t *testing.T, file, system string) {
	t.Helper()
	for _, directory := range []string{"info", "updates", "triggers"} {
		require.NoError(t, os.MkdirAll(filepath.Join(system, "var", "lib", "dpkg", directory), 0o755))
	}
	for _, list := range []string{"status", "available"} {
		writeFile(t, filepath.Join(system, "var", "lib", "dpkg", list), "")
	}
	command := []string{
		"dpkg", "--root=" + system, "--log=" + filepath.Join(system, "dpkg.log"),
		"--force-not-root", "--force-script-chrootless", "--force-depends", "--install", file,
	}
	if os.Geteuid() != 0 {
		command = append([]string{"fakeroot"}, command...)
	}
	run(t, []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin"}, command[0], command[1:]...)
}

// run runs a command, which must succeed, and returns what it wrote to its standard output.
func run(t *testing.T, env []string, name string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Env = append(os.Environ(), env...)
	var failure strings.Builder
	command.Stderr = &failure
	output, err := command.Output()
	require.NoError(t, err, "%s\n%s%s", name, output, failure.String())
	return string(output)
}

// TestTheBillOfMaterials reads that of our node, as "make sbom" makes it.
func TestTheBillOfMaterials(t *testing.T) {
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	tool := filepath.Join(root, "bin", "cyclonedx-gomod")
	require.FileExists(t, tool, "what makes it is not built: make bin/cyclonedx-gomod")
	file := filepath.Join(t.TempDir(), "node.cdx.json")
	run(t, nil, tool, "bin", "-json", "-noserial", "-output", file, binaries.Mitz)
	var bill struct {
		BOMFormat  string `json:"bomFormat"`
		Components []struct{ Name, Version, PURL string }
	}
	require.NoError(t, json.Unmarshal(must[[]byte](t)(os.ReadFile(file)), &bill))
	assert.Equal(t, "CycloneDX", bill.BOMFormat)
	goMod := string(must[[]byte](t)(os.ReadFile(filepath.Join(root, "go.mod"))))
	found := 0
	for _, component := range bill.Components {
		switch component.Name {
		case "github.com/nuts-foundation/nuts-node", "github.com/labstack/echo/v4":
			found++
			assert.Contains(t, goMod, component.Name+" "+component.Version)
			assert.Contains(t, component.PURL, "pkg:golang/"+component.Name+"@"+component.Version)
		}
	}
	assert.Equal(t, 2, found, "of %d components", len(bill.Components))
}
