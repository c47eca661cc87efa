// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/harness"
)

// soakVolley is how long a volley of the soak is: presentations must not expire in it.
const soakVolley = 3 * time.Second

// soak keeps a node busy and prints its memory and goroutines every minute. The tokens
// are in a session database outside the node: they live for fifteen minutes, and would
// hide a leak.
func (s *scene) soak(ctx context.Context, p plan, out io.Writer) error {
	section, err := s.mitzSection("")
	if err != nil {
		return err
	}
	sessions, err := s.StartSessions()
	if err != nil {
		return err
	}
	config := s.ourNode("soak", section)
	maps.Copy(config.Settings, sessions.Settings())
	node, err := s.startDataHolder(ctx, config)
	if err != nil {
		return err
	}
	target, err := s.target(ctx, node, scopeGuarded)
	if err != nil {
		return err
	}
	c := contestant{name: "soak", process: node.PID(), rate: p.rate, want: gotToken, asksMitz: true, load: target.permitted}
	_, _ = fmt.Fprintf(out, "6. Constant load for %s: %d guarded requests a second, tokens in a session database outside the node\n\n", p.soak, p.rate)
	return errors.Join(s.soakMinutes(ctx, node, c, sessions, p, out), node.Stop())
}

func (s *scene) soakMinutes(ctx context.Context, node *harness.Node, c contestant, sessions *harness.Sessions, p plan, out io.Writer) error {
	if _, err := s.turn(ctx, c, p.warmUp); err != nil {
		return err
	}
	line := func(cells ...any) { _, _ = fmt.Fprintf(out, "%10v %10v %8v %8v %8v %12v %12v\n", cells...) }
	line("time", "requests", "wrong", "p50 ms", "p99 ms", "memory MiB", "goroutines")
	start := time.Now()
	for minute := start; ; minute = minute.Add(soakPrint) {
		until := minute.Add(soakPrint)
		if end := start.Add(p.soak); until.After(end) {
			until = end
		}
		part, err := s.soakUntil(ctx, c, until)
		if err != nil {
			return err
		}
		sessions.Empty() // its clock stands still: nothing ever expires in it
		if len(part.rounds) > 0 {
			line(time.Since(start).Round(time.Second), part.requests(), part.wrong(),
				number(part.all(50, latencyOf)), number(part.all(99, latencyOf)), memoryText(node), goroutines(ctx, node))
		}
		if time.Since(start) >= p.soak {
			break
		}
	}
	runtime.GC()
	if !sleepUntil(ctx, time.Now().Add(soakRest)) {
		return ctx.Err()
	}
	line("at rest", "", "", "", "", memoryText(node), goroutines(ctx, node))
	return nil
}

const (
	soakPrint = time.Minute
	// soakRest is how long the node may take to end what it was doing.
	soakRest = time.Second
)

func (s *scene) soakUntil(ctx context.Context, c contestant, until time.Time) (row, error) {
	part := row{contestant: c}
	for left := time.Until(until); left > 0; left = time.Until(until) {
		turn, err := s.turn(ctx, c, min(left, soakVolley))
		if err != nil {
			return part, err
		}
		part.rounds = append(part.rounds, turn)
	}
	return part, nil
}

func memoryText(node *harness.Node) string {
	bytes, err := residentMemory(node.PID())
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f", mebibytes(bytes))
}

// goroutines reads the node's metrics.
func goroutines(ctx context.Context, node *harness.Node) string {
	answer, err := node.Get(ctx, "/metrics")
	if err != nil {
		return "unknown"
	}
	return metric(answer.Body, "go_goroutines")
}

// metric finds a metric without labels in the text format of Prometheus.
func metric(text []byte, name string) string {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		value, found := strings.CutPrefix(lines.Text(), name+" ")
		if parsed, err := strconv.ParseFloat(value, 64); found && err == nil {
			return strconv.FormatFloat(parsed, 'f', -1, 64)
		}
	}
	return "unknown"
}
