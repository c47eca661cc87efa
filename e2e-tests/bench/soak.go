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
	"strconv"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// soakVolley is how long a volley of the soak is: presentations must not expire in it.
const soakVolley = 3 * time.Second

// soak keeps a node busy and prints its memory and goroutines: at rest before, every
// minute, and at rest after. The tokens are in a session database outside the node: they
// live for fifteen minutes, and would hide a leak.
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
	_, _ = fmt.Fprintf(out, "4. Constant load for %s: %d guarded requests a second, tokens in a session database outside the node\n\n", p.soak, p.rate)
	return errors.Join(s.soakNode(ctx, node, c, sessions, p, out), node.Stop())
}

const (
	soakPrint = time.Minute
	// soakSettle is how long the node may take to end what it was doing.
	soakSettle = time.Second
	// soakIdle is longer than idle connections are kept: by mitzclient for 30 s.
	soakIdle = 40 * time.Second
	// soakGoroutines is how many more may be left than there were: what the first request
	// starts for good, and connections to the session database, which have no age.
	soakGoroutines = 10
	// soakGrowth is what the memory may differ between minutes: the collector has its ups and downs.
	soakGrowth = 1.1
)

// soakReading is what a node holds.
type soakReading struct {
	memory     int64
	goroutines int
}

// soaked are the readings of a soak: at rest before it, after each minute, at rest again.
type soaked struct {
	before  soakReading
	minutes []soakReading
	after   soakReading
}

// soakNode rests, loads and rests, and prints a line for each reading.
func (s *scene) soakNode(ctx context.Context, node *harness.Node, c contestant, sessions *harness.Sessions, p plan, out io.Writer) (err error) {
	var measured soaked
	soakLine(out, "time", "requests", "wrong", "p50 ms", "p99 ms", "memory MiB", "goroutines")
	if measured.before, err = atRest(ctx, node, min(p.soak, soakSettle)); err != nil {
		return err
	}
	measured.before.line(out, "before", "", "", "", "")
	if _, err := s.turn(ctx, c, p.warmUp); err != nil {
		return err
	}
	if measured.minutes, err = s.soakMinutes(ctx, node, c, sessions, p, out); err != nil {
		return err
	}
	s.client.CloseIdleConnections()
	if measured.after, err = atRest(ctx, node, min(p.soak, soakIdle)); err != nil {
		return err
	}
	measured.after.line(out, "at rest", "", "", "", "")
	measured.print(out)
	return nil
}

func (s *scene) soakMinutes(ctx context.Context, node *harness.Node, c contestant, sessions *harness.Sessions, p plan, out io.Writer) (minutes []soakReading, err error) {
	start := time.Now()
	end := start.Add(p.soak)
	for until := start; until.Before(end); {
		until = until.Add(soakPrint)
		if until.After(end) {
			until = end
		}
		part, err := s.soakUntil(ctx, c, until)
		if err != nil {
			return nil, err
		}
		sessions.Empty() // its clock stands still: nothing ever expires in it
		if len(part.rounds) == 0 {
			continue // the minute before took longer than that
		}
		reading, err := readingOf(ctx, node)
		if err != nil {
			return nil, err
		}
		minutes = append(minutes, reading)
		reading.line(out, time.Since(start).Round(time.Second), part.requests(), part.wrong(),
			number(part.all(50, latencyOf)), number(part.all(99, latencyOf)))
	}
	return minutes, nil
}

func soakLine(out io.Writer, cells ...any) {
	_, _ = fmt.Fprintf(out, "%10v %10v %8v %8v %8v %12v %12v\n", cells...)
}

// line prints a reading behind five other cells.
func (r soakReading) line(out io.Writer, cells ...any) {
	soakLine(out, append(cells, number(mebibytes(r.memory)), r.goroutines)...)
}

// print says whether the node held on to anything. The first minute is the one in which
// it fills what it keeps, so that the second is compared with the last.
func (m soaked) print(out io.Writer) {
	_, _ = fmt.Fprintln(out)
	lines := newTable("What a soak leaves", "measured", "at most", "")
	most := m.before.goroutines + soakGoroutines
	lines.row("goroutines at rest, after", fmt.Sprint(m.after.goroutines),
		fmt.Sprintf("%d (%d before, and %d)", most, m.before.goroutines, soakGoroutines), verdict(float64(m.after.goroutines), float64(most)))
	if len(m.minutes) < 3 {
		lines.row("memory in the last minute", "-", "", "takes three minutes")
	} else {
		second, last := mebibytes(m.minutes[1].memory), mebibytes(m.minutes[len(m.minutes)-1].memory)
		lines.row("memory in the last minute", number(last)+" MiB",
			fmt.Sprintf("%s MiB (%g of the second's)", number(second*soakGrowth), soakGrowth), verdict(last, second*soakGrowth))
	}
	lines.print(out)
}

// atRest reads what a node holds after it has been left alone for a while.
func atRest(ctx context.Context, node *harness.Node, wait time.Duration) (soakReading, error) {
	if !sleepUntil(ctx, time.Now().Add(wait)) {
		return soakReading{}, ctx.Err()
	}
	return readingOf(ctx, node)
}

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

// readingOf reads memory as the system sees it, and goroutines from the node's metrics.
func readingOf(ctx context.Context, node *harness.Node) (reading soakReading, err error) {
	if reading.memory, err = residentMemory(node.PID()); err != nil {
		return reading, err
	}
	answer, err := node.Get(ctx, "/metrics")
	if err != nil {
		return reading, err
	}
	reading.goroutines, err = strconv.Atoi(metric(answer.Body, "go_goroutines"))
	return reading, err
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
