// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command makedeb makes the Debian package, with nfpm: of the node that is named, with its
// version, and with the same bytes each time. It uses nfpm's packages for Debian alone, since
// its command for every format takes minutes to build. It builds no node, and signs nothing.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb"
)

func main() {
	var o options
	flag.StringVar(&o.root, "root", ".", "the repository")
	flag.StringVar(&o.binary, "binary", "bin/nuts-mitz", "the node")
	flag.StringVar(&o.version, "version", "", "its version, such as 0.1.0")
	flag.StringVar(&o.arch, "arch", "amd64", "for which architecture, in Go's words")
	flag.StringVar(&o.target, "target", "", "the directory for the package")
	flag.Parse()
	path, err := o.make()
	if err != nil {
		fmt.Fprintln(os.Stderr, "makedeb:", err)
		os.Exit(1)
	}
	fmt.Println(path)
}

// semantic is what a version begins with (Semantic Versioning 2.0.0), perhaps after Go's v.
var semantic = regexp.MustCompile(`^v?[0-9]+\.[0-9]+\.[0-9]+`)

type options struct{ root, binary, version, arch, target string }

// make writes the package and returns its path. Its files are of SOURCE_DATE_EPOCH, in
// seconds since 1970, see https://reproducible-builds.org/specs/source-date-epoch/.
func (o options) make() (path string, err error) {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return "", errors.New("SOURCE_DATE_EPOCH: give the time of the commit, in seconds")
	}
	if !semantic.MatchString(o.version) {
		return "", errors.New("-version: not a version such as 0.1.0; a node that was built outside a git clone has none")
	}
	// Before the directory changes: both are the caller's.
	binary, err := filepath.Abs(o.binary)
	if err != nil {
		return "", err
	}
	target, err := filepath.Abs(o.target)
	if err != nil {
		return "", err
	}
	if err := os.Chdir(o.root); err != nil {
		return "", err
	}
	values := map[string]string{"BINARY": binary, "VERSION": o.version, "ARCH": o.arch}
	config, err := nfpm.ParseFileWithEnvMapping(filepath.Join("deploy", "debian", "nfpm.yaml"), func(name string) string { return values[name] })
	if err != nil {
		return "", err
	}
	info, err := config.Get("deb")
	if err != nil {
		return "", err
	}
	info = nfpm.WithDefaults(info)
	info.MTime = time.Unix(seconds, 0).UTC()
	packager, err := nfpm.Get("deb")
	if err != nil {
		return "", err
	}
	path = filepath.Join(target, packager.ConventionalFileName(info))
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if err := errors.Join(packager.Package(info, file), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return path, nil
}
