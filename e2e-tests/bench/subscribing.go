// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// testNumbers returns so many numbers that pass the eleven test.
func testNumbers(n int) (numbers []string) {
	for number := firstSubscriber; len(numbers) < n; number++ {
		text := fmt.Sprint(number)
		if _, err := consent.ParseBSN(text); err == nil {
			numbers = append(numbers, text)
		}
	}
	return numbers
}

// measureSubscribing subscribes patients through the internal interface, a thousand at a time.
func (s *scene) measureSubscribing(ctx context.Context, p plan, node *harness.Node) (r subscribedResult, err error) {
	if r.before, err = residentMemory(node.PID()); err != nil {
		return r, err
	}
	before, err := node.CountSubscriptions(ctx, dataHolder.Subject)
	if err != nil {
		return r, err
	}
	numbers := testNumbers(p.subscribers)
	r.patients = len(numbers)
	began := time.Now()
	for together := range slices.Chunk(numbers, 1000) {
		patients := make([]map[string]string, len(together))
		for i, number := range together {
			patients[i] = map[string]string{"patient": number}
		}
		answer, err := node.Subscribe(ctx, dataHolder.Subject, map[string]any{"patients": patients})
		if err != nil {
			return r, err
		}
		if answer.Status != http.StatusAccepted {
			return r, fmt.Errorf("subscribing %d patients: status %d", len(together), answer.Status)
		}
		if err := r.look(node); err != nil {
			return r, err
		}
	}
	r.accepted = time.Since(began)
	for r.missing = r.patients; r.missing > 0; {
		counts, err := node.CountSubscriptions(ctx, dataHolder.Subject)
		if err != nil {
			return r, err
		}
		r.missing = r.patients + before["subscribed"] - counts["subscribed"]
		if err := errors.Join(r.look(node), ctx.Err()); err != nil {
			return r, err
		}
		sleepPrecisely(ctx, time.Now().Add(50*time.Millisecond))
	}
	r.took = time.Since(began)
	return r, nil
}

// look takes note of the node's memory.
func (r *subscribedResult) look(node *harness.Node) (err error) {
	r.last, err = residentMemory(node.PID())
	r.most = max(r.most, r.last)
	return err
}

// measureNotifications has the patients who are subscribed change their minds, as fast as Mitz
// and the node can.
func (s *scene) measureNotifications(ctx context.Context, p plan, node *harness.Node) (r notifiedResult, err error) {
	numbers := testNumbers(p.subscribers)
	numbers = numbers[:min(len(numbers), p.notifying)]
	r.patients, r.count = len(numbers), len(numbers)*p.changes
	before := len(s.mitz.Notifications())
	used, err := processTime(node.PID())
	if err != nil {
		return r, err
	}
	began := time.Now()
	for i := range p.changes {
		for _, number := range numbers {
			change := permission()
			change.Patient = number
			if i%2 == 1 {
				change.Decision = consent.Deny
			}
			if err := s.mitz.Record(change); err != nil {
				return r, err
			}
		}
	}
	if err := s.mitz.WaitForNotifications(ctx, before+r.count); err != nil {
		return r, err
	}
	r.took = time.Since(began)
	for _, each := range s.mitz.Notifications()[before:] {
		if each.Status != http.StatusCreated {
			r.wrong++
		}
	}
	after, err := processTime(node.PID())
	r.node = after - used
	return r, err
}
