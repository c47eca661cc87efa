// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package authzentest asks an AuthZEN decision point what a file of vectors asks, and compares
// its answers with those of the file. The vectors on board were written from the standard
// (OpenID AuthZEN Authorization API 1.0) and are about the fixture of its certification: two
// users, two records, and what the one may do with the other.
//
// It checks what a decision point answers, and knows nothing of how it decides.
package authzentest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
)

//go:embed vectors.json
var ownVectors []byte

//go:embed consent.json
var consentVectors []byte

// Vectors are questions and what is expected.
type Vectors struct {
	Cases []Case `json:"cases"`
}

// Case is one question. The body is what is sent; or Request, as JSON.
type Case struct {
	ID       string          `json:"id"`
	Endpoint string          `json:"endpoint"` // evaluation or evaluations
	Title    string          `json:"title"`
	Request  json.RawMessage `json:"request"`
	Expected Expected        `json:"expected"`
	// Body is sent in the place of Request, as it is; nil: Request is.
	Body *string `json:"body"`
	// ContentType is sent in the place of application/json; nil: that is.
	ContentType *string `json:"contentType"`
}

// Expected is what a decision point must answer.
type Expected struct {
	Status int `json:"status"`
	// Body is the answer to one evaluation; nil: whatever it is.
	Body *struct {
		Decision *bool `json:"decision"`
	} `json:"body"`
	// Evaluations are the decisions, in their order; null is either.
	Evaluations []*bool `json:"evaluations"`
}

// Own returns the vectors on board.
func Own() (Vectors, error) { return parse(ownVectors) }

// Consent returns vectors for a decision point of this software. One patient, 900186021, consents that
// the data holder of the address shows a G3 the data of the scope birth-care, in Mitz's category
// GGC002, and nobody else does.
func Consent() (Vectors, error) { return parse(consentVectors) }

// Read reads vectors from a file.
func Read(path string) (Vectors, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Vectors{}, err
	}
	return parse(content)
}

func parse(content []byte) (Vectors, error) {
	var vectors Vectors
	if err := json.Unmarshal(content, &vectors); err != nil {
		return Vectors{}, fmt.Errorf("not a file of vectors: %w", err)
	}
	if len(vectors.Cases) == 0 {
		return Vectors{}, fmt.Errorf("a file of vectors without any")
	}
	return vectors, nil
}

// IsAsked reports whether a case is about an API that this package asks.
func (c Case) IsAsked() bool { return c.Endpoint == "evaluation" || c.Endpoint == "evaluations" }
