// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// results is everything that was measured.
type results struct {
	plan       plan
	compared   []row
	beside     []besideRow
	unverified unverifiedResult
	withdrawal withdrawalResult
	brought    []timedRow
	access     []timedRow
	decision   []row
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
	for _, each := range r.decision {
		add(each.name, each.wrong(), each.shots())
	}
	for _, each := range r.beside {
		add("beside "+each.name, each.wrong(), slices.Concat(each.honest, each.odd))
	}
	add("unverified requests", r.unverified.wrong(), r.unverified.honest())
	for _, each := range r.withdrawal.ends {
		add("withdrawals, "+each.name, each.wrong, nil)
	}
	add("notifications", r.withdrawal.notified.wrong, nil)
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
// is about the median over the rounds. Processor time is taken over all of them: in a single
// one its clock is coarse.
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

func printBeside(out io.Writer, p plan, rows []besideRow) {
	_, _ = fmt.Fprintf(out, `2. An honest requester while another misbehaves, or Mitz does so towards the other: %d rounds in turns, each of %s

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

func printUnverified(out io.Writer, p plan, r unverifiedResult) {
	_, _ = fmt.Fprintf(out, "3. Unverified requests: processor time of our node, %d of each kind one after the other\n\n", p.unverified)
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

// printTimed prints two things that are compared: how much longer than the first the second may
// take, in ms.
func printTimed(out io.Writer, heading string, rows []timedRow, more float64) {
	lines := newTable(heading, "p50 ms", "p99 ms", "at most", "")
	least := milliseconds(percentile(rows[0].took, 50))
	for i, each := range rows {
		p50, limit, reached := milliseconds(percentile(each.took, 50)), "", ""
		if i > 0 {
			limit, reached = number(least+more), verdict(p50, least+more)
		}
		lines.row(each.name, number(p50), number(milliseconds(percentile(each.took, 99))), limit, reached)
	}
	lines.print(out)
}

func printWithdrawal(out io.Writer, r withdrawalResult) {
	_, _ = fmt.Fprint(out, `8. From a withdrawal in Mitz until no node says that the token is active: the simulator tells the node, and the nodes are
asked again and again. Other tokens are alive meanwhile

`)
	lines := newTable("", "other tokens", "withdrawals", "wrong", "p50 ms", "p99 ms", "at most", "")
	for _, each := range r.ends {
		p99, limit := milliseconds(percentile(each.took, 99)), milliseconds(each.limit)
		lines.row(each.name, fmt.Sprint(each.tokens), fmt.Sprint(len(each.took)), fmt.Sprint(each.wrong),
			number(milliseconds(percentile(each.took, 50))), number(p99), limitText(limit, "ms"), verdict(p99, limit))
	}
	lines.print(out)
	printTimed(out, "Introspection of a token, in turns", r.introspects, introspectLimit)
	printTimed(out, "A token is asked for, in turns", r.issues, issueLimit)
	subscribed := r.subscribed
	lines = newTable("Patients subscribed through the internal interface", "accepted after s", "at Mitz after s", "a second", "missing", "memory MiB")
	lines.row(fmt.Sprint(subscribed.patients), number(subscribed.accepted.Seconds()), number(subscribed.took.Seconds()),
		number(float64(subscribed.patients)/subscribed.took.Seconds()), fmt.Sprint(subscribed.missing), megabytes(subscribed.before, subscribed.most, subscribed.last))
	lines.print(out)
	lines = newTable("Notifications", "patients", "wrong", "a second", "at least", "", "CPU of the node, ms each")
	rate := float64(r.notified.count) / r.notified.took.Seconds()
	lines.row(fmt.Sprint(r.notified.count), fmt.Sprint(r.notified.patients), fmt.Sprint(r.notified.wrong), number(rate), fmt.Sprint(notificationsGoal),
		verdict(notificationsGoal, rate), number(milliseconds(r.notified.node)/float64(r.notified.count)))
	lines.print(out)
}
