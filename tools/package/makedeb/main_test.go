// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePackageIsReproducible: the same node, version and time give the same bytes.
func TestThePackageIsReproducible(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1800000000")
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	var contents [2][]byte
	for i := range contents {
		directory := t.TempDir()
		t.Chdir(directory)
		if err := os.WriteFile("node", []byte("a node"), 0o600); err != nil {
			t.Fatal(err)
		}
		path, err := options{root: root, binary: "node", version: "v0.1.0", arch: "amd64", target: "."}.make()
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) != "nuts-mitz_0.1.0_amd64.deb" {
			t.Errorf("it is called %s", path)
		}
		if contents[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(contents[0], contents[1]) {
		t.Error("the second differs from the first")
	}
}

func TestThePackageNeedsATime(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "")
	if _, err := (options{root: "."}).make(); err == nil || !strings.Contains(err.Error(), "SOURCE_DATE_EPOCH") {
		t.Errorf("the error is %v", err)
	}
}

func TestThePackageNeedsAVersion(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1800000000")
	for _, version := range []string{"", "devel", "(devel)", "0.1"} {
		if _, err := (options{root: ".", version: version}).make(); err == nil || !strings.Contains(err.Error(), "-version") {
			t.Errorf("%q: the error is %v", version, err)
		}
	}
}
