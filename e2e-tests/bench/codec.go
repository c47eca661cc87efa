// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/xacml"
)

// codecRow is one direction of the closed query's message form.
type codecRow struct {
	name        string
	rounds      []testing.BenchmarkResult
	maxTime     time.Duration
	maxAllocs   int64
	messageSize int
}

// nanoseconds is the time of one message, over the rounds.
func (r codecRow) nanoseconds() spread {
	values := make([]float64, len(r.rounds))
	for i, each := range r.rounds {
		values[i] = float64(each.T.Nanoseconds()) / float64(each.N)
	}
	return spreadOf(values)
}

func (r codecRow) allocations() int64 { return r.rounds[0].AllocsPerOp() }

// answeredID is the query that the fixture answers.
const answeredID = "3f1c2a52-7d1e-4b0a-9c55-0d8f6f5f2a11"

// measureCodec encodes and decodes in turns. Decoding includes the check that the answer
// has to do with the question at all, not the comparison with it (Match).
func measureCodec(p plan) ([]codecRow, error) {
	testing.Init()
	if err := flag.Set("test.benchtime", p.codecTime.String()); err != nil {
		return nil, err
	}
	question, err := theQuestion()
	if err != nil {
		return nil, err
	}
	answer, err := exampleAnswer()
	if err != nil {
		return nil, err
	}
	header := xacml.Header{MessageID: answeredID, To: "https://mitz.example/tst-us/mitz/geslotenautorisatievraag/xacml3"}
	message, err := xacml.EncodeRequest(header, question)
	if err != nil {
		return nil, err
	}
	encode := func() error { _, err := xacml.EncodeRequest(header, question); return err }
	decode := func() error { _, err := xacml.DecodeResponse(answer); return err }
	rows := []codecRow{
		{name: "encode, one category", maxTime: 4 * time.Microsecond, maxAllocs: 12, messageSize: len(message)},
		{name: "decode, one category", maxTime: 20 * time.Microsecond, maxAllocs: 60, messageSize: len(answer)},
	}
	for range p.codecRounds {
		for i, once := range []func() error{encode, decode} {
			result, err := benchmark(once)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", rows[i].name, err)
			}
			rows[i].rounds = append(rows[i].rounds, result)
		}
	}
	return rows, nil
}

func benchmark(once func() error) (testing.BenchmarkResult, error) {
	var failure error
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := once(); err != nil {
				failure = err
				b.FailNow()
			}
		}
	})
	if failure == nil && result.N == 0 {
		failure = errors.New("the benchmark did not run")
	}
	return result, failure
}

// exampleAnswer is a golden file of package xacml.
func exampleAnswer() ([]byte, error) {
	root, err := harness.RepositoryRoot()
	if err != nil {
		return nil, err
	}
	answer, err := os.ReadFile(filepath.Join(root, "mitzclient", "xacml", "testdata", "good", "permit.xml"))
	if err == nil && !strings.Contains(string(answer), answeredID) {
		err = errors.New("permit.xml answers another query")
	}
	return answer, err
}
