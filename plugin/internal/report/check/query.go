// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// ask asks one query, through the link that a token request goes through, after the operator
// has confirmed that the patient may see it.
func ask(command *cobra.Command, link mitzclient.Consulter, question consent.Question, warnings []string, confirmed bool) error {
	page := &page{}
	page.Section("One query about a patient")
	page.Paragraph(0, redact.Text(report.Question(question))) // a number in the flags may be a patient's, by mistake
	fmt.Fprintln(page)
	page.Item(0, "WARNING: ", "Mitz records this query, and shows the patient that it was asked: by which organisation and "+
		"for whom. Ask only about a patient for tests, or one who agrees to it. It cannot be undone.")
	for _, warning := range warnings {
		page.Item(0, "WARNING: ", warning)
	}
	if _, err := io.WriteString(command.OutOrStdout(), page.String()); err != nil {
		return err
	}
	if !confirmed {
		if err := confirm(command); err != nil {
			return err
		}
	}
	began := time.Now()
	answer, err := link.Consult(command.Context(), question)
	result := queryFinding(question, answer, err, time.Since(began))
	page.Reset()
	fmt.Fprintln(page)
	failed := page.findings([]finding{result})
	if _, err := io.WriteString(command.OutOrStdout(), strings.TrimSuffix(page.String(), "\n")); err != nil {
		return err
	}
	if failed > 0 {
		return errors.New("the query to Mitz FAILED")
	}
	return nil
}

var errUnconfirmed = errors.New("not confirmed: Mitz was asked nothing")

// confirm reads from the terminal whether to go on. The end of the input is no.
func confirm(command *cobra.Command) error {
	if _, err := io.WriteString(command.OutOrStdout(), "\nType yes to ask it: "); err != nil {
		return err
	}
	// By itself, because reading a terminal does not end with the context.
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(command.InOrStdin()).ReadString('\n')
		line <- text
	}()
	select {
	case text := <-line:
		if strings.TrimSpace(text) == "yes" {
			return nil
		}
	case <-command.Context().Done():
	}
	_, err := io.WriteString(command.OutOrStdout(), "\n")
	return errors.Join(errUnconfirmed, err)
}

// queryFinding puts the answer to a query in words. A Deny is an answer like a Permit.
func queryFinding(question consent.Question, answer mitzclient.Answer, err error, took time.Duration) finding {
	result := finding{verdict: verdictOK, step: "query", text: fmt.Sprintf("Mitz answered in %s", tookWords(took))}
	if err != nil {
		result.verdict, result.text = verdictFailed, failureWords(err, took)
		result.advice = "See the outcome " + code(err) + " in docs/operations.md, under Log."
	} else {
		result.details = decisionDetails(question, answer.Decisions)
		if slices.ContainsFunc(question.Categories, func(category consent.Category) bool {
			decision := answer.Decisions[category]
			return decision != consent.Permit && decision != consent.Deny
		}) {
			result.verdict = verdictWarning
			result.advice = "Mitz could not judge the question. Check that URA, types, role and professional are those that Mitz knows; report it with the request id."
		}
	}
	if answer.RequestID != "" {
		result.details = append(result.details, "request id "+answer.RequestID)
	}
	if answer.Attempts > 1 {
		result.details = append(result.details, "It was asked twice: the first query failed on its way. The patient may see both.")
	}
	return result
}

func decisionDetails(question consent.Question, decisions consent.Decisions) []string {
	var details []string
	for _, category := range question.Categories {
		details = append(details, fmt.Sprintf("%s: %s", report.Category(category), decisions[category]))
	}
	return details
}

// code is the stable code of a failure, under which docs/operations.md tells of it.
func code(failure error) string {
	if known, ok := errors.AsType[*mitzclient.Error](failure); ok {
		return string(known.Code)
	}
	return "internal"
}

// failureWords says why there is no answer: in texts of our own, whatever Mitz said.
func failureWords(err error, took time.Duration) string {
	if errors.Is(err, context.Canceled) {
		return canceledWords
	}
	text := err.Error()
	if failure, ok := errors.AsType[*mitzclient.Error](err); ok && failure.Status != 0 {
		text += fmt.Sprintf(", HTTP status %d", failure.Status)
	}
	return fmt.Sprintf("%s (%s)", text, tookWords(took))
}
