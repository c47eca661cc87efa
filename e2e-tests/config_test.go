// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// fails starts our node with a mitz section that must stop it. It returns the one message
// with which it stopped, and all of its output.
func fails(t *testing.T, section string, settings map[string]any) (message, output string) {
	t.Helper()
	workspace, err := harness.NewWorkspace(logs)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
	failed, err := workspace.StartExpectFailure(t.Context(), harness.NodeConfig{
		Name: "misconfigured", Binary: binaries.Mitz, YAML: section, Settings: settings,
	})
	require.NoError(t, err)
	assert.NotZero(t, failed.ExitCode)
	var fatal []string
	for line := range strings.Lines(failed.Output) {
		if strings.Contains(line, "level=fatal") {
			fatal = append(fatal, line)
		}
	}
	require.Len(t, fatal, 1, "one message")
	return fatal[0], failed.Output
}

// strictSettings are what a node in strict mode needs to get as far as our section.
func strictSettings(t *testing.T) map[string]any {
	t.Helper()
	return map[string]any{
		"url": "https://node.nuts-mitz.nl", "strictmode": true, "auth.contractvalidators": []string{}, "crypto.storage": "fs",
		"storage.sql.connection": "sqlite:file:" + filepath.Join(t.TempDir(), "strict.db"),
	}
}

// starts starts our node with a mitz section that must not stop it.
func starts(t *testing.T, section string, settings map[string]any) {
	t.Helper()
	workspace, err := harness.NewWorkspace(logs)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
	_, err = workspace.StartNode(t.Context(), harness.NodeConfig{Name: "configured", Binary: binaries.Mitz, YAML: section, Settings: settings})
	require.NoError(t, err)
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestBadConfigurationStopsTheStart(t *testing.T) {
	t.Run("one message tells every problem", func(t *testing.T) {
		message, output := fails(t, `mitz:
  endpoint: mitz.example
  endpont: x
  tls:
    certfile: /does/not/exist.pem
    certkeyfile: /does/not/exist.key
    truststorefile: /does/not/exist-either.pem
    password: geheim-wachtwoord
  dataholders:
    - {subject: hospital-east, ura: "00000659", facilitytype: V6}
  profiles:
    - {scope: birth-care, categories: [GGC002, GGC002], purpose: BTG}
    - {scope: birth-care, categories: [GGC002], purpose: TREAT, presentationdefinition: /does/not/exist.json}
  trust:
    organization: [vektis]
    facilitytype: ["did:web:vektis.example"]
    practitioner: [holder]
`, nil)
		for _, problem := range []string{
			"mitz.endpont: no such key",
			"mitz.endpoint: not a URL",
			"mitz.tls.password: no such key; a secret does not belong in the configuration",
			"mitz.tls.certfile: ", "mitz.tls.certkeyfile: ", "mitz.tls.truststorefile: ",
			`mitz.profiles[0].categories: \"GGC002\" is given twice`,
			"mitz.profiles[0].purpose: not a purpose of use",
			`mitz.profiles[1].scope: \"birth-care\" is given twice`,
			"mitz.profiles[1].presentationdefinition: ",
			`mitz.trust.organization: \"vektis\": neither a DID`,
			"mitz.trust.enrollment: nobody is trusted",
		} {
			assert.Contains(t, message, problem)
		}
		assert.False(t, strings.Contains(output, "geheim-wachtwoord"), "the password is in the log")
	})
	t.Run("strict mode wants everything that protects the link", func(t *testing.T) {
		message, _ := fails(t, `mitz:
  endpoint: http://mitz.example
  dataholders: [{subject: hospital-east, ura: "00000659", facilitytype: V6}]
  profiles: [{scope: birth-care, categories: [GGC002], purpose: TREAT}]
  trust:
    organization: [holder]
    facilitytype: ["did:web:vektis.example"]
    practitioner: [holder]
    enrollment: [holder]
`, strictSettings(t))
		for _, problem := range []string{
			"mitz.endpoint: must be https in strict mode", "mitz.tls.certfile: required in strict mode",
			"mitz.tls.truststorefile: required in strict mode", "mitz.trust.organization: 'holder' is refused in strict mode",
		} {
			assert.Contains(t, message, problem)
		}
	})
	for name, section := range map[string]string{
		"mitz: is empty": "mitz:\n", "mitz: is no section": "mitz: true\n", "mits: no such section: did you mean mitz?": "mits:\n  enabled: true\n",
	} {
		t.Run("strict mode too: "+name, func(t *testing.T) {
			message, _ := fails(t, section, strictSettings(t))
			assert.Contains(t, message, "unable to configure mitz: invalid configuration, 1 problem: "+name)
		})
	}
	t.Run("a tab is told in words", func(t *testing.T) {
		message, _ := fails(t, "mitz:\n\tendpoint: x\n", nil)
		assert.Contains(t, message, "is indented with a tab: use spaces, not a tab")
	})
	t.Run("the bodies of messages cannot be logged", func(t *testing.T) {
		message, _ := fails(t, `mitz:
  endpoint: http://mitz.example
  dataholders: [{subject: hospital-east, ura: "00000659", facilitytype: V6}]
  profiles: [{scope: birth-care, categories: [GGC002], purpose: TREAT}]
  trust: {organization: [holder], facilitytype: [holder], practitioner: [holder], enrollment: [holder]}
`, map[string]any{"http.log": "metadata-and-body"})
		assert.Contains(t, message, "cannot be used while http.log is 'metadata-and-body'")
	})
}

// example finds the configurations in documentation that a test must start a node with.
var example = regexp.MustCompile("(?s)<!-- example:[^>]*-->\n```yaml\n(.*?)```")

// documentedList finds the lists in files of their own, in docs/operations.md.
var documentedList = regexp.MustCompile("(?s)<!-- list: ([a-z]+) -->\n```(?:yaml|json)\n(.*?)```")

// documentedLists writes those lists to files.
func documentedLists(t *testing.T, root string) (dataHolders, facilityTypes string) {
	t.Helper()
	page := must[[]byte](t)(os.ReadFile(filepath.Join(root, "docs", "operations.md")))
	dir := t.TempDir()
	for _, match := range documentedList.FindAllStringSubmatch(string(page), -1) {
		writeFile(t, filepath.Join(dir, match[1]), match[2])
	}
	return filepath.Join(dir, "dataholdersfile"), filepath.Join(dir, "facilitytypesfile")
}

// TestExamplesInDocumentationStart starts a node with every example, after giving it
// files that exist in place of those that it names.
func TestExamplesInDocumentationStart(t *testing.T) {
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	names, err := fs.Glob(os.DirFS(root), "docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	var documents []string
	for _, name := range names {
		documents = append(documents, filepath.Join(root, name))
	}
	dataHolders, facilityTypes := documentedLists(t, root)
	found := 0
	for _, document := range append(documents, filepath.Join(root, "README.md")) {
		content, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, match := range example.FindAllStringSubmatch(string(content), -1) {
			found++
			t.Run(filepath.Base(document)+" "+strconv.Itoa(found), func(t *testing.T) {
				workspace, err := harness.NewWorkspace(logs)
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
				mitz, err := workspace.StartMitz()
				require.NoError(t, err)
				node, err := workspace.StartNode(t.Context(), harness.NodeConfig{
					Name: "example", Binary: binaries.Mitz, YAML: strings.NewReplacer(
						"/etc/nuts/mitz/client.pem", mitz.Files.Certificate,
						"/etc/nuts/mitz/client.key", mitz.Files.Key,
						"/etc/nuts/mitz/ca.pem", mitz.Files.TrustStore,
						"/etc/nuts/mitz/patients.key", must[string](t)(workspace.PatientKeys()),
						"/etc/nuts/mitz/dataholders.yaml", dataHolders,
						"/etc/nuts/mitz/facilitytypes.json", facilityTypes,
					).Replace(match[1]),
				})
				require.NoError(t, err)
				health, err := node.Get(t.Context(), "/health")
				require.NoError(t, err)
				assert.True(t, health.Contains(`"mitz.guard":{"status":"UP"}`), "%s", health.Body)
				assert.True(t, health.Contains(`"mitz.guarded":{"status":"UP","details":"1 scopes, for `), "%s", health.Body)
				_, err = harness.FetchDefinition(t.Context(), workspace.Client(), node.Issuer("hospital-east"), birthCare)
				assert.NoError(t, err)
			})
		}
	}
	assert.NotZero(t, found, "no examples found")
}
