// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command authzen asks an AuthZEN decision point what a file of vectors asks, and says which
// answers are not as they must be. It ends with 1 when any is not.
//
//	go run ./e2e-tests/authzen --url http://127.0.0.1:8086 [--vectors file] [--request-schema file] [--response-schema file]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nuts-mitz/nuts-mitz/internal/authzentest"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// patience is how long one answer may take: as long as a node waits.
const patience = 10 * time.Second

func run(arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("authzen", flag.ContinueOnError)
	url := flags.String("url", "", "address of the decision point, without /access/v1")
	file := flags.String("vectors", "", "file of vectors; those on board without it")
	token := flags.String("token", "", "bearer token that is sent along")
	requestSchema := flags.String("request-schema", "", "JSON schema of an evaluation")
	responseSchema := flags.String("response-schema", "", "JSON schema of its answer")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	vectors, err := authzentest.Own()
	if *file != "" {
		vectors, err = authzentest.Read(*file)
	}
	if err != nil {
		return err
	}
	runner := authzentest.Runner{URL: *url, Client: &http.Client{Timeout: patience}, Header: http.Header{}}
	if *token != "" {
		runner.Header.Set("Authorization", "Bearer "+*token)
	}
	if runner.CheckRequest, err = schema(*requestSchema); err != nil {
		return err
	}
	if runner.CheckResponse, err = schema(*responseSchema); err != nil {
		return err
	}
	return ask(runner, vectors, out)
}

// ask asks everything, and prints a line for each question.
func ask(runner authzentest.Runner, vectors authzentest.Vectors, out io.Writer) error {
	asked, wrong := 0, 0
	for _, each := range vectors.Cases {
		if !each.IsAsked() {
			continue
		}
		asked++
		if err := runner.Run(context.Background(), each); err != nil {
			wrong++
			fmt.Fprintf(out, "WRONG %s %s: %v\n", each.ID, each.Title, err)
			continue
		}
		fmt.Fprintf(out, "ok    %s %s\n", each.ID, each.Title)
	}
	fmt.Fprintf(out, "%d asked, %d wrong\n", asked, wrong)
	if asked == 0 || wrong > 0 {
		return errors.New("not every answer is as it must be")
	}
	return nil
}

// schema returns what holds JSON against a schema (JSON Schema 2020-12); nil for no file.
func schema(file string) (func([]byte) error, error) {
	if file == "" {
		return nil, nil
	}
	compiled, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		return nil, err
	}
	return func(body []byte) error {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			return err
		}
		return compiled.Validate(value)
	}, nil
}
