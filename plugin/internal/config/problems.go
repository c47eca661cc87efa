// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// Invalid returns every problem of the configuration in one line, as the node logs it, or
// nil when there is none. A problem is left out when it only follows from a value that could
// not be read.
func Invalid(problems ...error) error {
	var texts, unread []string
	add := func(text string) {
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	all := errlist.Each(errors.Join(problems...))
	for _, problem := range all {
		if read, ok := errors.AsType[*settings.Problem](problem); ok {
			unread = append(unread, read.Key)
			add(problem.Error())
		}
	}
	for _, problem := range all {
		text := Name + "." + problem.Error()
		if _, told := errors.AsType[*settings.Problem](problem); !told && !slices.ContainsFunc(unread, func(key string) bool {
			return strings.HasPrefix(text, key+":") || key == Name
		}) {
			add(text)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	noun := "problems"
	if len(texts) == 1 {
		noun = "problem"
	}
	return fmt.Errorf("invalid configuration, %d %s: %s", len(texts), noun, strings.Join(texts, "; "))
}

// outside returns the problems of more than the values in the section. Where nothing is
// guarded on purpose, only these matter.
func outside(err error) (problems []error) {
	for _, each := range errlist.Each(err) {
		problem, read := errors.AsType[*settings.Problem](each)
		if !read || !strings.HasPrefix(problem.Key, Name+".") || problem.Key == Name+".enabled" {
			problems = append(problems, each)
		}
	}
	return problems
}
