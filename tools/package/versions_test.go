// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package packaging

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestOneVersion: what is released has one version everywhere, and release notes.
func TestOneVersion(t *testing.T) {
	newest := regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+)`).FindStringSubmatch(read(t, filepath.Join(root, "CHANGELOG.md")))
	if newest == nil {
		t.Fatal("CHANGELOG.md has no version")
	}
	for file, pattern := range map[string]string{
		filepath.Join("deploy", "helm", "nuts-mitz", "Chart.yaml"): `(?m)^(?:version|appVersion): (.*)$`,
		"docker-compose.yml": `image: (?:nuts-mitz|mitz-simulator):(.*)`,
	} {
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(read(t, filepath.Join(root, file)), -1)
		if len(found) != 2 {
			t.Errorf("%s names a version %d times", file, len(found))
		}
		for _, each := range found {
			if each[1] != newest[1] {
				t.Errorf("%s is of %s, CHANGELOG.md of %s", file, each[1], newest[1])
			}
		}
	}
	if _, err := os.Stat(filepath.Join(root, "docs", "releases", newest[1]+".md")); err != nil {
		t.Error(err)
	}
}
