// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// part is one thing that is measured, by itself, and printed.
type part struct {
	name    string
	measure func(ctx context.Context, s *scene, p plan, into *results) error
	print   func(out io.Writer, measured results)
}

// allParts are in the order in which they are measured.
func allParts() []part {
	return []part{
		{"the token endpoint",
			func(ctx context.Context, s *scene, p plan, r *results) (err error) {
				r.compared, err = s.compare(ctx, p)
				return err
			},
			func(out io.Writer, r results) { printComparison(out, r.plan, r.compared) }},
		{"a requester that misbehaves",
			func(ctx context.Context, s *scene, p plan, r *results) (err error) {
				r.beside, err = s.measureBeside(ctx, p)
				return err
			},
			func(out io.Writer, r results) { printBeside(out, r.plan, r.beside) }},
		{"unverified requests",
			func(ctx context.Context, s *scene, p plan, r *results) (err error) {
				r.unverified, err = s.measureUnverified(ctx, p)
				return err
			},
			func(out io.Writer, r results) { printUnverified(out, r.plan, r.unverified) }},
		{"withdrawals",
			func(ctx context.Context, s *scene, p plan, r *results) (err error) {
				r.withdrawal, err = s.measureWithdrawal(ctx, p)
				return err
			},
			func(out io.Writer, r results) { printWithdrawal(out, r.withdrawal) }},
		{"consent that is brought along",
			func(ctx context.Context, s *scene, p plan, r *results) (err error) {
				r.brought, err = s.measureBrought(ctx, p)
				return err
			},
			func(out io.Writer, r results) { printBrought(out, r.brought) }},
		{"gateways of record servers",
			func(ctx context.Context, s *scene, p plan, r *results) (err error) {
				r.access, err = s.measureAccess(ctx, p)
				return err
			},
			func(out io.Writer, r results) { printAccess(out, r.plan, r.access) }},
		{"the decision point",
			func(ctx context.Context, s *scene, p plan, r *results) (err error) {
				r.decision, err = s.measureDecision(ctx, p)
				return err
			},
			func(out io.Writer, r results) { printDecision(out, r.plan, r.decision) }},
	}
}

// partsNamed are the parts whose names hold a text.
func partsNamed(text string) ([]part, error) {
	var named []part
	var names []string
	for _, each := range allParts() {
		names = append(names, each.name)
		if strings.Contains(each.name, text) {
			named = append(named, each)
		}
	}
	if named == nil {
		return nil, fmt.Errorf("no part has a name with %q in it: there are %s", text, strings.Join(names, "; "))
	}
	return named, nil
}
