// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// stepTime bounds one step; it takes a fraction of a second.
const stepTime = 30 * time.Second

// story is the play, with what it carries from one step to the next.
type story struct {
	*stage
	cast          cast
	page          page
	client        *http.Client // of the midwife's system
	records       string       // address of the hospital's record server
	token         string       // from step 2
	centreRecords string       // address of the birth centre's record server
}

func newStory(stage *stage, cast cast, page page) *story {
	return &story{stage: stage, cast: cast, page: page, client: stage.Client(), records: stage.records.URL, centreRecords: stage.centreRecords.URL}
}

// step is one scene: what is told before it, and what happens.
type step struct {
	title   string
	telling string
	act     func(ctx context.Context, verdict *verdict) error
}

// verdict collects whether a step came out as it must.
type verdict struct {
	page   page
	failed bool
}

// expect checks one thing; instead is what it is when it is not as expected.
func (v *verdict) expect(ok bool, text, instead string) {
	v.failed = v.failed || !ok
	v.page.check(ok, text, instead)
}

// play plays all steps, also after one that failed, and returns the numbers of those that
// did not come out as they must.
func (s *story) play(ctx context.Context) (failed []int) {
	s.introduce()
	steps := s.steps()
	for i, step := range steps {
		s.page.heading(fmt.Sprintf("Step %d of %d: %s", i+1, len(steps), step.title))
		s.page.paragraph(step.telling)
		verdict := &verdict{page: s.page}
		if err := s.perform(ctx, step, verdict); err != nil {
			verdict.expect(false, "the step can be carried out", err.Error())
		}
		if verdict.failed {
			failed = append(failed, i+1)
		}
		if ctx.Err() != nil {
			return failed
		}
	}
	s.conclude(len(steps), failed)
	return failed
}

func (s *story) perform(ctx context.Context, step step, verdict *verdict) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	return step.act(ctx, verdict)
}

func (s *story) conclude(steps int, failed []int) {
	s.page.space()
	if len(failed) == 0 {
		s.page.line(s.page.styled(green, fmt.Sprintf("All %d steps came out as they must.", steps)))
		return
	}
	s.page.line(s.page.styled(red, fmt.Sprintf("%d of %d steps did not come out as they must:", len(failed), steps)) +
		fmt.Sprint(" ", failed))
}

// introduce says who takes part, and explains the few words that are needed.
func (s *story) introduce() {
	client := s.cast.client.name
	s.page.heading("No medical data without the patient's consent")
	s.page.paragraph("A midwife asks a hospital for the notes of her client's earlier pregnancy. The " +
		"people and organisations are made up; the software that decides is real, and runs on this " +
		"machine only.")
	s.page.fact("Patient", client+" is pregnant again. She has a new midwife.")
	s.page.fact("Midwife", fmt.Sprintf("%s works at %q. She asks for the notes.", midwife, practice))
	s.page.fact("Hospital", fmt.Sprintf("%q keeps the notes of the first pregnancy in its record server.", hospital))
	s.page.fact("Birth centre", fmt.Sprintf("%q keeps records too, and has no connection to Mitz. It comes in at step 7.", centre))
	s.page.fact("Mitz", "is the Dutch national register in which patients record who may see their "+
		"data. Here it is a simulator.")
	s.page.fact("Nuts", "is the network in which care organisations prove to each other who they are. "+
		"Each has a server in it, its node. The hospital's node has the plugin that asks Mitz, and so has the birth centre's; the "+
		"midwife's node is a standard one, without any plugin. It holds the practice's credentials.")
	s.page.fact("Credentials", "are signed statements: which organisation this is and of which type. With each "+
		"request go two more: who asks, and that she treats this patient.")
	s.page.fact("Token", "is a digital key that works for at most 15 minutes. The hospital's record "+
		"server opens only with a token that the hospital's node gave.")
	s.page.fact("HTTP status", "is the number by which a server says how a request ended: 200 is done; "+
		"400 and 403 are refusals.")
}

// request is what came of one request for a token.
type request struct {
	who       string         // was asked
	answer    harness.Answer // of the hospital's node, to the midwife's node
	token     string         // what the midwife's node handed out; "" for none
	queries   []mitztest.Query
	newTokens int
}

// ask has the midwife's node ask the hospital's for a token about a patient.
func (s *story) ask(ctx context.Context, about patient) (request, error) {
	return s.askAt(ctx, "Hospital", s.DataHolder, s.Issuer(), about)
}

// askAt is [story.ask] at any data holder.
func (s *story) askAt(ctx context.Context, who string, node *harness.Node, issuer string, about patient) (request, error) {
	queries, tokens := len(s.Mitz.Queries()), s.Sessions.Tokens()
	node.TokenAnswers() // those to earlier requests
	answer, err := s.RequestTokenAt(ctx, issuer, harness.BSNIdentifier(about.bsn), scope)
	if err != nil {
		return request{}, err
	}
	answers := node.TokenAnswers()
	if len(answers) == 0 {
		return request{}, errors.New("the request did not reach the node of the " + strings.ToLower(who))
	}
	return request{
		who: who, answer: answers[len(answers)-1], token: answer.Token(),
		queries: s.Mitz.Queries()[queries:], newTokens: s.Sessions.Tokens() - tokens,
	}, nil
}

// show prints who said what.
func (r request) show(page page) {
	for _, query := range r.queries {
		page.fact("Mitz says", inWords(query))
	}
	page.fact(r.who+" says", status(r.answer)+r.reason())
}

func (r request) reason() string {
	oauthError := r.answer.OAuthError()
	if oauthError.Code == "" {
		return ""
	}
	return fmt.Sprintf(", error code %s: %q", oauthError.Code, oauthError.Description)
}

// status returns for example "HTTP 403 (Forbidden)".
func status(answer harness.Answer) string {
	return fmt.Sprintf("HTTP %d (%s)", answer.Status, http.StatusText(answer.Status))
}
