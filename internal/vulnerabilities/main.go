// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command vulnerabilities compares what govulncheck finds with the findings that were
// judged by reading (accepted.json), for "make vulnerabilities". It fails when there is a
// finding that nobody judged, when a judged one is found no longer, and when the binary
// holds code that a judgement says it does not hold.
//
// A finding counts when this repository's code can reach the vulnerable code. It must
// never change anything, and decides nothing by itself: a reason is written by a person.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed accepted.json
var judgements []byte

func main() {
	var command check
	flag.StringVar(&command.scanner, "govulncheck", "bin/govulncheck", "the scanner")
	flag.StringVar(&command.database, "db", "bin/vulndb", "the directory of the vulnerability database")
	flag.StringVar(&command.binary, "binary", "bin/nuts-mitz", "the node, in which some code must not be")
	flag.Parse()
	if err := command.run(os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type check struct{ scanner, database, binary string }

func (c check) run(out io.Writer) error {
	accepted, err := parseAccepted(judgements)
	if err != nil {
		return err
	}
	report, err := c.scan()
	if err != nil {
		return err
	}
	found, err := readFindings(bytes.NewReader(report))
	if err != nil {
		return err
	}
	symbols, err := output(exec.Command("go", "tool", "nm", c.binary))
	if err != nil {
		return err
	}
	if err := compare(accepted, found, symbols); err != nil {
		return err
	}
	for _, each := range accepted {
		_, _ = fmt.Fprintf(out, "%s in %s is known: %s\n", each.ID, each.Module, each.Reason)
	}
	_, _ = fmt.Fprintf(out, "No other known vulnerability is reached.\n")
	return nil
}

// scan runs the scanner, which ends with status 0 whatever it finds when it prints JSON.
func (c check) scan() ([]byte, error) {
	database, err := filepath.Abs(c.database)
	if err != nil {
		return nil, err
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(database)}
	return output(exec.Command(c.scanner, "-db", address.String(), "-format", "json", "./..."))
}

func output(command *exec.Cmd) ([]byte, error) {
	command.Stderr = os.Stderr
	result, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	return result, nil
}

// accepted is a finding that was judged: why what is vulnerable harms nobody here.
type accepted struct {
	ID     string `json:"id"`
	Module string `json:"module"`
	Reason string `json:"reason"`
	// Absent are parts of names of functions that the node's binary does not hold.
	Absent []string `json:"absent,omitempty"`
}

func parseAccepted(text []byte) ([]accepted, error) {
	var list []accepted
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("accepted.json: %w", err)
	}
	for i, each := range list {
		if each.ID == "" || each.Module == "" || each.Reason == "" {
			return nil, fmt.Errorf("accepted.json: entry %d: id, module and reason are needed", i+1)
		}
	}
	return list, nil
}
