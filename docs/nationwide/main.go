// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command nationwide computes the tables of docs/nationwide.md from assumptions.json. Change a
// number there and run, where go.mod is:
//
//	go run ./docs/nationwide
//
// The tables are written between the marks in the document. With -print they go to the terminal
// alone. A test fails while the document says something else than this command computes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "where go.mod is")
	terminal := flag.Bool("print", false, "print the tables, and write nothing")
	flag.Parse()
	if err := run(*root, *terminal); err != nil {
		fmt.Fprintln(os.Stderr, "nationwide:", err)
		os.Exit(1)
	}
}

func run(root string, terminal bool) error {
	assumptions, err := load(filepath.Join(root, "docs", "nationwide", "assumptions.json"))
	if err != nil {
		return err
	}
	tables := compute(assumptions)
	if terminal {
		for _, each := range tables {
			fmt.Printf("%s\n\n%s\n", each.name, each.text)
		}
		return nil
	}
	return write(filepath.Join(root, "docs", "nationwide.md"), tables)
}
