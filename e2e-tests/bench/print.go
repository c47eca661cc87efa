// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// results is everything that was measured.
type results struct {
	plan     plan
	compared []row
	bursts   []burstRow
	hung     hungRow
	beside   []besideRow
	starts   []startRow

	unverified unverifiedResult
}

// complaint is an error that says how the requests ended in which there was something wrong.
func (r results) complaint() error {
	var errs []error
	add := func(name string, wrong int, shots []shot) {
		if wrong > 0 {
			errs = append(errs, fmt.Errorf("%s: %d requests did not end as they must: %s", name, wrong, endings(shots)))
		}
	}
	for _, each := range r.compared {
		add(each.name, each.wrong(), each.shots())
	}
	for _, each := range r.bursts {
		add(fmt.Sprintf("%d at once", each.size), each.answers().wrong, each.shots())
	}
	add("a Mitz that hangs", r.hung.wrong(), slices.Concat(r.hung.waiting, r.hung.following))
	for _, each := range r.beside {
		add("beside "+each.name, each.wrong(), slices.Concat(each.honest, each.odd))
	}
	add("unverified requests", r.unverified.wrong(), r.unverified.honest())
	return errors.Join(errs...)
}

// printComparison prints the rows of table 1.
func printComparison(out io.Writer, p plan, rows []row) {
	_, _ = fmt.Fprintf(out, `1. The token endpoint, vp_token-bearer, four credentials: %d rounds in turns, each of %s

Median over the rounds, with the quartiles in brackets. Latency counts from when a request was due. Lag is how much
later than due the generator sent it. Own load is how many processors the generator and the simulator kept busy,
others' load what has nothing to do with this: where it is not near zero, the numbers tell of that too.
CPU is what the node (f: the bare client, a process of its own) used. Memory is its own too, before / most / after;
b to e share one node, and tokens stay in its memory for 15 minutes (a larger heap is collected less often: a is at a
disadvantage).

`, p.rounds, p.roundTime)
	times := newTable("", "due/s", "answered/s", "p50 ms", "p99 ms", "p99 of all", "CPU ms/request", "requests", "wrong")
	around := newTable("", "memory MiB", "lag p50 ms", "lag p99 ms", "own load", "others' load", "queries at Mitz")
	for _, each := range rows {
		cost := fmt.Sprintf("%s %s", number(each.cost()), quartiles(each.over(round.cost)))
		times.row(each.name, fmt.Sprint(each.rate), number(each.throughput().median),
			each.over(func(r round) float64 { return r.latency(50) }).String(),
			each.over(func(r round) float64 { return r.latency(99) }).String(),
			number(each.all(99, latencyOf)), cost, fmt.Sprint(each.requests()), fmt.Sprint(each.wrong()))
		around.row(each.name, megabytes(threeOf(each.memory())...), number(each.all(50, lagOf)), number(each.all(99, lagOf)),
			number(each.ownLoad().median), each.elseLoad().String(), fmt.Sprint(each.queries()))
	}
	times.print(out)
	around.print(out)
	printDerived(out, rows)
}

func quartiles(s spread) string { return fmt.Sprintf("[%s, %s]", number(s.low), number(s.high)) }

func threeOf(a, b, c int64) []int64 { return []int64{a, b, c} }

// printDerived prints what the guard costs, and whether that is little enough. The verdict
// is about the median over
// the rounds; processor time is taken over all of them, for in a single one its clock is coarse.
func printDerived(out io.Writer, rows []row) {
	lines := newTable("What consent costs", "measured", "of all", "at most", "")
	late := func(name string, guarded int, p, most float64) {
		paired, pooled := extra(rows, guarded, rowUnguarded, p)
		lines.row(name, paired.String()+" ms", number(pooled)+" ms", limitText(most, "ms"), verdictIf(paired.median, most))
	}
	late("p50: c - b - f (guarded less unguarded, less the bare query)", rowGuarded, 50, 0.5)
	late("p99: c - b - f", rowGuarded, 99, 5)
	cost := func(name string, guarded, unguarded int, most float64) {
		whole, lessBare := extraCost(rows, guarded, unguarded)
		lines.row("CPU: "+name, number(whole)+" %", "", limitText(most, "%"), verdictIf(whole, most))
		if rows[guarded].asksMitz {
			lines.row("CPU: "+name+", less f", number(lessBare)+" %", "", limitText(most, "%"), verdictIf(lessBare, most))
		}
	}
	cost("c over b", rowGuarded, rowUnguarded, 5)
	slow := rows[rowSlow]
	slowest := slow.over(func(r round) float64 { return r.latency(99) })
	lines.row("p99: e (Mitz takes 100 ms)", slowest.String()+" ms",
		number(slow.all(99, latencyOf))+" ms", limitText(400, "ms"), verdict(slowest.median, 400))
	late("p50: d - b - f (the built-in definition)", rowBuiltIn, 50, 0)
	late("p99: d - b - f", rowBuiltIn, 99, 0)
	cost("d over b", rowBuiltIn, rowUnguarded, 5)
	cost("b over a (the plugin, unguarded)", rowUnguarded, rowStock, 0)
	lines.print(out)
}

func limitText(most float64, unit string) string {
	if most == 0 {
		return ""
	}
	return fmt.Sprintf("%g %s", most, unit)
}

// verdictIf is empty when there is nothing to be reached.
func verdictIf(measured, most float64) string {
	if most == 0 {
		return ""
	}
	return verdict(measured, most)
}

func printBursts(out io.Writer, p plan, rows []burstRow) {
	_, _ = fmt.Fprintf(out, `2. Guarded requests all at once, Mitz takes %s: %d rounds in turns

Half of the requests are about a patient for whom Mitz denies. Busy is a refusal with server_error. Expired is a
presentation that the node came to after its five seconds, and rightly refused. Memory is the node's: before the first
burst / most / after the last.

`, burstDelay, p.burstRounds)
	lines := newTable("at once", "tokens", "denials", "busy", "expired", "wrong", "all answered s", "p50 ms", "p99 ms", "memory MiB")
	for _, each := range rows {
		a := each.answers()
		most := slices.MaxFunc(each.bursts, func(x, y burst) int { return cmp.Compare(x.memMost, y.memMost) }).memMost
		lines.row(fmt.Sprint(each.size), fmt.Sprint(a.tokens), fmt.Sprint(a.denials), fmt.Sprint(a.busy), fmt.Sprint(a.expired), fmt.Sprint(a.wrong),
			each.over(func(b burst) float64 { return b.took.Seconds() }).String(),
			each.over(func(b burst) float64 { return b.latency(50) }).String(),
			each.over(func(b burst) float64 { return b.latency(99) }).String(),
			megabytes(each.bursts[0].memBefore, most, each.bursts[len(each.bursts)-1].memBehind))
	}
	lines.print(out)
}

// latency is a percentile of a burst, in milliseconds.
func (b burst) latency(p float64) float64 {
	return milliseconds(percentile(sortedBy(b.shots, latencyOf), p))
}

func printHung(out io.Writer, r hungRow) {
	_, _ = fmt.Fprintf(out, "3. Mitz hangs, timeout %s: %d requests a second, %d rounds. Each is verified first, as in b.\n\n", r.timeout, hungRate, len(r.recovery))
	lines := newTable("", "requests", "wrong", "p50 ms", "longest ms", "at most", "")
	add := func(name string, shots []shot, want outcome, limit func(longest float64) (most, reached string)) {
		latencies := sortedBy(shots, latencyOf)
		longest := milliseconds(percentile(latencies, 100))
		most, reached := limit(longest)
		lines.row(name, fmt.Sprint(len(shots)), fmt.Sprint(len(shots)-count(shots, want)),
			number(milliseconds(percentile(latencies, 50))), number(longest), most, reached)
	}
	within := func(most time.Duration) func(float64) (string, string) {
		return func(longest float64) (string, string) {
			return fmt.Sprintf("%g ms", milliseconds(most)), verdict(longest, milliseconds(most))
		}
	}
	add("while nothing has failed yet", r.waiting, serverError, within(r.timeout+r.timeout/10))
	name := "after that: refused at once, the breaker is open"
	if !r.broken() {
		name = "after that: every request waits, no breaker is seen"
	}
	add(name, r.following, serverError, within(openLimit))
	add("then, unguarded: what verifying takes by itself", r.unguarded, gotToken, func(float64) (string, string) { return "", "" })
	lines.print(out)
	_, _ = fmt.Fprintf(out, "First token after Mitz answers again: %s s\n\n", spreadOf(r.recovery))
}

func printBeside(out io.Writer, p plan, rows []besideRow) {
	_, _ = fmt.Fprintf(out, `4. An honest requester while another misbehaves, or Mitz does so towards the other: %d rounds in turns, each of %s

The honest one sends %d requests a second, and Mitz takes %s for each; the other sends %d.

`, p.besideRounds, p.besideTime, honestRate, besideDelay, oddRate)
	lines := newTable("the other one", "tokens", "wrong", "p50 ms", "p95 ms", "at most", "", "the other's answers")
	most := besideFactor * rows[0].latency(50)
	for i, each := range rows {
		limit, reached := "", ""
		if i > 0 {
			limit, reached = number(most), verdict(each.latency(50), most)
		}
		lines.row(each.name, fmt.Sprint(count(each.honest, gotToken)), fmt.Sprint(each.wrong()),
			number(each.latency(50)), number(each.latency(95)), limit, reached, endings(each.odd))
	}
	lines.print(out)
}

func printStarts(out io.Writer, p plan, rows []startRow) {
	_, _ = fmt.Fprintf(out, "5. Start-up until both interfaces answer /status: %d starts in turns, looked at every 10 ms\n\n", p.starts)
	lines := newTable("", "ms")
	for _, each := range rows {
		lines.row(each.name, spreadOf(each.times).String())
	}
	lines.print(out)
}

func printUnverified(out io.Writer, p plan, r unverifiedResult) {
	_, _ = fmt.Fprintf(out, "6. Unverified requests: processor time of our node, %d of each kind one after the other\n\n", p.unverified)
	lines := newTable("", "ms each", "at most", "")
	limit := milliseconds(unverifiedLimit)
	for _, each := range r.rows {
		cpu := milliseconds(each.cpu)
		lines.row(each.name, number(cpu), fmt.Sprintf("%g ms", limit), verdict(cpu, limit))
	}
	lines.print(out)
	_, _ = fmt.Fprintf(out, "7. A guarded token, while a stranger sends requests over %d connections\n\n", floodConnections)
	lines = newTable("", "p50 ms", "at most", "", "requests/s", "processors: node", "all clients")
	alone := r.floods[0].p50()
	for i, each := range r.floods {
		bound, reached := "", ""
		if i == len(r.floods)-1 {
			bound, reached = number(floodFactor*alone), verdict(each.p50(), floodFactor*alone)
		}
		lines.row(each.name, number(each.p50()), bound, reached, number(float64(each.sent)/each.took.Seconds()), number(each.cores(each.node)), number(each.cores(each.clients)))
	}
	lines.print(out)
}
