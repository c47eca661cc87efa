// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// assumption is one number from which the others follow.
type assumption struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Text   string  `json:"text"`
	Known  bool    `json:"known"`  // somebody published it, or it is what this software does
	Source string  `json:"source"` // in Markdown; empty where it is assumed
}

// assumptions are all of them.
type assumptions struct {
	all    []assumption
	values map[string]float64
	asked  map[string]bool
}

// load reads the file. What is there twice or misspelt is an error.
func load(path string) (*assumptions, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	a := &assumptions{values: map[string]float64{}, asked: map[string]bool{}}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&a.all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, each := range a.all {
		if _, twice := a.values[each.Name]; twice || each.Name == "" || each.Text == "" || each.Value < 0 || each.Known && each.Source == "" {
			return nil, fmt.Errorf("%s: %q is there twice, negative, or not complete", path, each.Name)
		}
		a.values[each.Name] = each.Value
	}
	return a, nil
}

// of returns the value of one. It panics when there is none: that is a mistake of this program's.
func (a *assumptions) of(name string) float64 {
	value, known := a.values[name]
	if !known {
		panic("assumptions.json has no " + name)
	}
	a.asked[name] = true
	return value
}

func (a *assumptions) number(name string) int { return int(a.of(name)) }

// seconds returns one that is in seconds, and milliseconds one that is in these.
func (a *assumptions) seconds(name string) time.Duration {
	return time.Duration(a.of(name) * float64(time.Second))
}

func (a *assumptions) milliseconds(name string) time.Duration {
	return time.Duration(a.of(name) * float64(time.Millisecond))
}

// table lists them, as they are in the file.
func (a *assumptions) table() string {
	var text strings.Builder
	text.WriteString("| Name | Number | What | Source |\n|---|---:|---|---|\n")
	for _, each := range a.all {
		source := each.Source
		if !each.Known {
			source = "**assumed**"
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", each.Name, number(each.Value), each.Text, source)
	}
	return text.String()
}
