// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package authzentest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Runner asks a decision point.
type Runner struct {
	// URL is the decision point's address, to which /access/v1/evaluation is added.
	URL    string
	Client *http.Client
	// Header is sent along, such as who asks.
	Header http.Header
	// CheckRequest and CheckResponse hold the body of an evaluation, and of its answer, against a
	// schema; nil: they are not. Only what is expected to be answered with 200 is held.
	CheckRequest, CheckResponse func(body []byte) error
}

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 1 << 20

// requestID is one that a decision point must return as it is.
const requestID = "Vector-1.0_a"

// Run asks one question twice, with the header X-Request-ID and without, and returns what is
// wrong with the answers.
func (r Runner) Run(ctx context.Context, c Case) error {
	withID, err := r.ask(ctx, c, requestID)
	if err != nil {
		return err
	}
	without, err := r.ask(ctx, c, "")
	if err != nil {
		return err
	}
	if withID.requestID != requestID {
		err = errors.New("X-Request-ID is not returned as it was sent")
	}
	return errors.Join(err, r.judge(c, withID), r.judge(c, without))
}

type answer struct {
	status      int
	contentType string
	requestID   string
	body        []byte
}

// decision is an evaluation's answer, as far as it is looked at.
type decision struct {
	Decision any `json:"decision"`
	Context  any `json:"context"`
}

func (r Runner) ask(ctx context.Context, c Case, id string) (answer, error) {
	body := string(c.Request)
	if c.Body != nil {
		body = *c.Body
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL+"/access/v1/"+c.Endpoint, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for name, values := range r.Header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json")
	if c.ContentType != nil {
		request.Header.Set("Content-Type", *c.ContentType)
	}
	if id != "" {
		request.Header.Set("X-Request-ID", id)
	}
	response, err := r.Client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, err
	}
	return answer{response.StatusCode, response.Header.Get("Content-Type"), response.Header.Get("X-Request-ID"), content}, nil
}

// judge returns what is wrong with an answer.
func (r Runner) judge(c Case, given answer) error {
	if given.status != c.Expected.Status {
		return fmt.Errorf("status %d, expected %d", given.status, c.Expected.Status)
	}
	if given.status != http.StatusOK {
		if len(bytes.TrimSpace(given.body)) == 0 {
			return errors.New("no message says what is wrong")
		}
		return nil
	}
	if !strings.HasPrefix(given.contentType, "application/json") {
		return errors.New("the answer is not application/json")
	}
	if c.Expected.Evaluations != nil {
		return r.judgeAll(c, given.body)
	}
	var single decision
	if err := json.Unmarshal(given.body, &single); err != nil {
		return errors.New("the answer is not JSON")
	}
	var expected *bool
	if c.Expected.Body != nil {
		expected = c.Expected.Body.Decision
	}
	return errors.Join(single.check(expected), held(r.CheckResponse, given.body, "answer"), held(r.CheckRequest, c.Request, "question"))
}

// judgeAll judges the answers to several evaluations.
func (r Runner) judgeAll(c Case, body []byte) error {
	var several struct {
		Decision    *any              `json:"decision"`
		Evaluations []json.RawMessage `json:"evaluations"`
	}
	if err := json.Unmarshal(body, &several); err != nil {
		return errors.New("the answer is not JSON")
	}
	if several.Decision != nil {
		return errors.New("a decision beside the evaluations")
	}
	if len(several.Evaluations) != len(c.Expected.Evaluations) {
		return fmt.Errorf("%d evaluations, expected %d", len(several.Evaluations), len(c.Expected.Evaluations))
	}
	var problems []error
	for i, raw := range several.Evaluations {
		var each decision
		err := json.Unmarshal(raw, &each)
		if err == nil {
			err = errors.Join(each.check(c.Expected.Evaluations[i]), held(r.CheckResponse, raw, "answer"))
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("evaluation %d: %w", i, err))
		}
	}
	return errors.Join(problems...)
}

// check compares a decision with what is expected; nil: either.
func (d decision) check(expected *bool) error {
	given, isBool := d.Decision.(bool)
	if !isBool {
		return errors.New("the decision is not true or false")
	}
	if _, isObject := d.Context.(map[string]any); d.Context != nil && !isObject {
		return errors.New("the context is not an object")
	}
	if expected != nil && given != *expected {
		return fmt.Errorf("decision %t, expected %t", given, *expected)
	}
	return nil
}

func held(check func([]byte) error, body []byte, of string) error {
	if check == nil || body == nil {
		return nil
	}
	if err := check(body); err != nil {
		return fmt.Errorf("the %s is not as its schema says: %w", of, err)
	}
	return nil
}
