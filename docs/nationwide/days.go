// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/simulation"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// When Mitz is slow in the simulated part of the busiest hour. Questions come for long enough after
// that to see whether it comes back.
const (
	slowFrom, slowUntil = time.Minute, 11 * time.Minute
	questionsCome       = 21 * time.Minute
	seed                = 1
)

// days runs the simulations, and returns a table for each.
func (c country) days() []table {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	gate := make(chan struct{}, runtime.GOMAXPROCS(0))
	return []table{{"slow mitz", c.slowMitz(gate)}, {"first day", c.firstDay(gate)}, {"withdrawal day", c.withdrawalDay(gate)}}
}

// each runs cases at the same time, and returns their rows in order.
func each[T any](gate chan struct{}, cases []T, run func(T) string) (rows string) {
	texts := make([]string, len(cases))
	var group sync.WaitGroup
	for i, one := range cases {
		group.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			texts[i] = run(one)
		})
	}
	group.Wait()
	for _, text := range texts {
		rows += text
	}
	return rows
}

// defaults is the budget of questions, as it is when nothing is configured.
func defaults() simulation.Budget {
	return simulation.Budget{
		Timeout: mitzclient.DefaultTimeout, AtOnce: mitzclient.DefaultMaxConnections, PerMinute: mitzclient.DefaultQueriesPerMinute,
		Again: simulation.InPassing,
	}
}

// mitz is Mitz as it is assumed, slow for ten minutes.
func (c country) mitz() simulation.MitzSetup {
	return simulation.MitzSetup{
		AtOnce: max(1, int(c.peak*c.of("mitzspare")*c.of("mitzseconds"))), Service: c.seconds("mitzseconds"), Travel: c.seconds("travelseconds"),
		Slow: simulation.Period{From: slowFrom, Until: slowUntil}, SlowBy: c.of("slowby"),
	}
}

// turnsAway has Mitz let few wait, and answer the others at once: as many as it answers in the
// assumed time when it answers so much in a second.
func (c country) turnsAway(perSecond float64, full simulation.Reply) func(*simulation.HourSetup) {
	return func(h *simulation.HourSetup) {
		h.Mitz.Queue, h.Mitz.Full = max(1, int(perSecond*c.of("mitzqueueseconds"))), full
	}
}

// hourCase is a way in which the busiest hour can be another one.
type hourCase struct {
	name    string
	classes []class
	change  func(*simulation.HourSetup)
}

func (c country) slowMitz(gate chan struct{}) string {
	nothing := func(*simulation.HourSetup) {}
	wait := c.seconds("retryafterseconds")
	drops := func(h *simulation.HourSetup) { h.Mitz.Notices = true }
	perSecond := c.peak * c.of("mitzspare")
	status := func(status int, retryAfter time.Duration) simulation.Reply {
		return simulation.Reply{Code: simulation.HTTPStatus, Status: status, RetryAfter: retryAfter}
	}
	cases := []hourCase{
		{"0. Mitz is not slow", c.classes, func(h *simulation.HourSetup) { h.Mitz.SlowBy = 1 }},
		{"1. Mitz works off all that came, in order", c.classes, nothing},
		{"2. Mitz drops what nobody waits for any more", c.classes, drops},
		{"3. Mitz turns away what it could not do soon if it were not slow: 503", c.classes, c.turnsAway(perSecond, status(503, 0))},
		{"4. the same: 503 with `Retry-After`", c.classes, c.turnsAway(perSecond, status(503, wait))},
		{"5. the same: 429 with `Retry-After`", c.classes, c.turnsAway(perSecond, status(429, wait))},
		{"6. as 5, and it is what Mitz cannot do soon, slow as it is", c.classes, c.turnsAway(perSecond/c.of("slowby"), status(429, wait))},
		{"7. as 1, on vendors' nodes", c.vendors(), nothing},
		{"8. as 6, on vendors' nodes", c.vendors(), c.turnsAway(perSecond/c.of("slowby"), status(429, wait))},
		{"9. as 1, with `timeout: 1s`", c.classes, func(h *simulation.HourSetup) { h.Budget.Timeout = time.Second }},
		{"10. as 1, if a circuit that opens again stayed open for longer, up to 2 minutes", c.classes, func(h *simulation.HourSetup) { h.Budget.OpenMost = 2 * time.Minute }},
		{"11. as 1, if nobody asked again", c.classes, func(h *simulation.HourSetup) { h.People.Most = 1 }},
		{"12. as 1, with a Mitz that can do twice as much before and after", c.classes, func(h *simulation.HourSetup) { h.Mitz.AtOnce *= 2; h.Mitz.SlowBy *= 2 }},
	}
	return head("Case", ">Got what they wanted, of those who came while Mitz was slow", ">Refused by a node, without a message", ">Messages to Mitz a second, in the worst 10 s", ">Waiting at Mitz at once",
		">At one node", ">Queries that patients see, and nobody had the answer", ">All are answered again, after the cause has gone") +
		each(gate, cases, func(one hourCase) string {
			setup := simulation.HourSetup{
				Nodes: asked(one.classes), Rate: c.peak, Lasts: questionsCome, Budget: defaults(), Mitz: c.mitz(), Seed: seed,
				People: simulation.People{Again: c.of("askagain"), After: c.seconds("askagainseconds"), Most: c.number("askmost")},
			}
			one.change(&setup)
			hour := simulation.RunHour(setup)
			back := span(hour.Recovery, "not after "+span(questionsCome-slowUntil, ""))
			if hour.Recovery == 0 {
				back = "at once"
			}
			refused := hour.By[simulation.CircuitOpen] + hour.By[simulation.HeldBack] + hour.By[simulation.RateLimited] + hour.By[simulation.Overloaded] +
				hour.By[simulation.QueueTimeout] + hour.By[simulation.TooManyQueries]
			return row(one.name, percent(hour.ServedWhileSlow), percent(float64(refused)/float64(hour.Requests)), number(hour.MostMessages), commas(hour.Mitz.Longest),
				commas(hour.LongestAtNode), commas(hour.Mitz.InVain), back)
		})
}

// bulkCase is a way in which the first day can be another one.
type bulkCase struct {
	name   string
	change func(*simulation.BulkSetup)
}

func (c country) firstDay(gate chan struct{}) string {
	const within, most = time.Minute, 3 * time.Hour
	turnsAway := func(retryAfter time.Duration) func(*simulation.BulkSetup) {
		return func(b *simulation.BulkSetup) {
			b.Mitz.Queue = max(1, c.number("mitzsubscriptions"))
			b.Mitz.Full = simulation.Reply{Code: simulation.HTTPStatus, Status: 429, RetryAfter: retryAfter}
		}
	}
	wished := c.number("nodes") * c.number("bulkpatients")
	ideal := time.Duration(float64(wished) / c.of("mitzsubscriptions") * float64(time.Second))
	cases := []bulkCase{
		{"1. Mitz works off all that came, in order", func(*simulation.BulkSetup) {}},
		{"2. Mitz drops what nobody waits for any more", func(b *simulation.BulkSetup) { b.Mitz.Notices = true }},
		{"3. Mitz turns away what it cannot do soon: 429 with `Retry-After`", turnsAway(c.seconds("bulkretryafterseconds"))},
		{"4. as 1, if a node had one message with Mitz at once, and not " + commas(mitzclient.DefaultSubscriptionsAtOnce/2), func(b *simulation.BulkSetup) { b.AtOnce = 1 }},
		{"5. as 1, if the nodes begin one after the other, all in twice the time that Mitz needs", func(b *simulation.BulkSetup) { b.Within = 2 * ideal }},
	}
	return head("Case", ">Half are subscribed after", ">99% after", ">Messages for one subscription", ">Of them not taken, or too late", ">Waiting at Mitz at once", ">Messages a second, in the worst 10 s") +
		each(gate, cases, func(one bulkCase) string {
			setup := simulation.BulkSetup{
				Nodes: c.number("nodes"), Each: c.number("bulkpatients"), Within: within, AtOnce: mitzclient.DefaultSubscriptionsAtOnce / 2, Most: most, Seed: seed,
				Budget: simulation.Budget{Timeout: mitzclient.DefaultSubscriptionTimeout, AtOnce: mitzclient.DefaultSubscriptionsAtOnce, Again: simulation.Harmless},
				Mitz: simulation.MitzSetup{
					AtOnce: max(1, int(c.of("mitzsubscriptions")*c.of("mitzseconds"))), Service: c.seconds("mitzseconds"), Travel: c.seconds("travelseconds"),
				},
			}
			one.change(&setup)
			bulk := simulation.RunBulk(setup)
			never := "not after " + span(most, "")
			return row(one.name, span(bulk.Half, never), span(bulk.Nearly, never), number(float64(bulk.Messages)/float64(bulk.Wished)),
				percent(float64(bulk.Messages-bulk.Mitz.Answered)/float64(bulk.Messages)), commas(bulk.Mitz.Longest), number(bulk.MostMessages))
		}) + row("Mitz, working all the time", span(ideal/2, ""), span(ideal*99/100, ""), "1", "0%", "", number(c.of("mitzsubscriptions")))
}

// withdrawalCase is a way in which the day of withdrawals can be another one.
type withdrawalCase struct {
	name    string
	classes []class
	sender  simulation.Sender
}

func (c country) withdrawalDay(gate chan struct{}) string {
	const again, most = time.Minute, 5
	travel, posts, flood := c.seconds("travelseconds"), c.number("mitzposts"), c.number("mitzflood")
	cases := []withdrawalCase{
		{"1. as people withdraw", c.classes, simulation.Sender{AtOnce: posts, Travel: travel}},
		{"2. the same, to vendors' nodes", c.vendors(), simulation.Sender{AtOnce: posts, Travel: travel}},
		{"3. all of the day in one batch, to vendors' nodes", c.vendors(), simulation.Sender{AtOnce: posts, Travel: travel, Batch: true}},
		{"4. the same, " + commas(flood) + " on their way at once", c.vendors(), simulation.Sender{AtOnce: flood, Travel: travel, Batch: true}},
		{"5. the same, " + commas(4*flood) + " at once", c.vendors(), simulation.Sender{AtOnce: 4 * flood, Travel: travel, Batch: true}},
		{"6. as 4, and what was refused is sent again after a minute, " + commas(most) + " times in all", c.vendors(), simulation.Sender{AtOnce: flood, Travel: travel, Batch: true, Again: again, Most: most}},
	}
	receiver := simulation.Defaults(c.number("cores"))
	receiver.Takes, receiver.Ends = c.milliseconds("readms"), c.milliseconds("markms")
	return head("Mitz sends", ">Notifications", ">Taken (201)", ">Refused (503), and all tokens of the patient ended", ">Lost: tokens live on", ">To one node, at the most", ">Waiting there at once", ">Tokens ended after (half; 99%; all)") +
		each(gate, cases, func(one withdrawalCase) string {
			day := simulation.RunWithdrawals(simulation.WithdrawalsSetup{
				People: c.number("withdrawals"), Each: c.of("dataholders"), Hours: c.hoursOfWithdrawals(), Nodes: subscribed(one.classes),
				Receiver: receiver, Sender: one.sender, Seed: seed,
			})
			return row(one.name, commas(day.Notifications), commas(day.Taken), commas(day.Ended), commas(day.Lost), commas(day.MostAtNode), commas(day.LongestAtNode),
				span(day.Half, "")+"; "+span(day.Nearly, "")+"; "+span(day.Last, ""))
		})
}

// hoursOfWithdrawals is how likely each hour is: one in the evening has its share, and the others of
// the day the rest.
func (c country) hoursOfWithdrawals() (hours [24]float64) {
	const first, last, peak = 7, 22, 20
	for hour := first; hour <= last; hour++ {
		hours[hour] = (1 - c.of("withdrawalpeak")) / (last - first)
	}
	hours[peak] = c.of("withdrawalpeak")
	return hours
}
