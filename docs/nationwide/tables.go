// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"math"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// compute returns all tables of the document.
func compute(a *assumptions) []table {
	c := newCountry(a)
	tables := []table{
		{"questions", c.questions()}, {"nodes", c.perNode()}, {"at mitz", c.atMitz()}, {"connections", c.connections()},
		{"subscriptions", c.subscribing()}, {"withdrawals", c.withdrawing()}, {"rechecks", c.rechecks()}, {"files", c.files()},
	}
	tables = append(tables, c.days()...)
	return append([]table{{"assumptions", a.table()}}, tables...)
}

func (c country) questions() string {
	year := c.week * 52
	return head("Questions to Mitz", ">") +
		row("a week", number(c.week)) +
		row("a working day", number(c.day)) +
		row("its busiest hour", number(c.hour)) +
		row("a second in it", number(c.peak)) +
		row("a year", number(year)) +
		row("a year for each inhabitant; it has "+number(c.of("gpcontacts"))+" contacts with the GP", number(year/c.of("inhabitants"))) +
		row("a day for each person who takes part, shown to them in MijnMitz", number(c.day/c.of("patients")))
}

func (c country) perNode() string {
	text := head("Node of", ">Nodes", ">Questions to all, in the busiest hour", ">To one", ">One each", ">With Mitz at once, of "+commas(mitzclient.DefaultMaxConnections))
	for _, each := range c.all() {
		rate := c.rate(each)
		text += row(each.name, commas(each.nodes), number(c.hour*each.asked), number(rate*time.Hour.Seconds()),
			span(time.Duration(float64(time.Second)/rate), ""), number(rate*(c.of("mitzseconds")+c.of("travelseconds"))))
	}
	return text
}

func (c country) atMitz() string {
	text := head("An answer takes", ">Questions at Mitz at once", ">From a vendor's node at once", "Of the 400 ms for a token")
	vendor := c.rate(c.vendors()[0])
	for _, seconds := range []float64{0.05, c.of("mitzseconds"), 1, mitzclient.DefaultTimeout.Seconds()} {
		left := "nothing is left"
		if seconds < 0.4 {
			left = span(time.Duration((0.4-seconds)*float64(time.Second)), "") + " are left for the node and the network"
		}
		text += row(span(time.Duration(seconds*float64(time.Second)), ""), number(c.peak*seconds), number(vendor*seconds), left)
	}
	return text
}

func (c country) connections() string {
	text := head("Nodes", "An unused connection is kept for", ">Questions that need a new one", ">New ones a second, at Mitz", ">Open at Mitz, at the mean")
	line := func(name string, classes []class, idle time.Duration) {
		fresh, open := 0.0, 0.0
		for _, each := range classes {
			fresh += c.peak * each.asked * (1 - c.isKept(each, idle))
			// At the least one connection, for as long as it is kept after the last question.
			open += float64(each.nodes) * math.Max(c.isKept(each, idle), c.rate(each)*(c.of("mitzseconds")+c.of("travelseconds")))
		}
		text += row(name, span(idle, ""), percent(fresh/c.peak), number(fresh), number(open))
	}
	line("of each data holder", c.classes, c.seconds("idleseconds"))
	line("of each data holder", c.classes, 5*time.Minute)
	line("of vendors", c.vendors(), c.seconds("idleseconds"))
	return text
}

func (c country) subscribing() string {
	all, mitz := c.subscriptions(), c.of("mitzsubscriptions")
	pace := float64(mitzclient.DefaultSubscriptionsAtOnce/2) / (c.of("mitzseconds") + c.of("travelseconds"))
	text := head("Node of", ">Subscriptions of one node", ">One node alone needs", ">All nodes of the kind need, when Mitz takes "+number(mitz)+" a second")
	after := func(number, pace float64) string { return span(time.Duration(number/pace*float64(time.Second)), "") }
	for _, each := range c.classes {
		one := all * each.subs / float64(each.nodes)
		text += row(each.name, number(one), after(one, math.Min(pace, mitz)), after(all*each.subs, mitz))
	}
	one := all / c.of("vendors")
	text += row("a vendor", number(one), after(one, math.Min(pace, mitz)), after(all, mitz))
	return text + row("**all**", number(all), "", after(all, mitz))
}

func (c country) withdrawing() string {
	people, notified := c.of("withdrawals"), c.of("withdrawals")*c.of("dataholders")
	live := c.peak * c.of("tokenminutes") * time.Minute.Seconds()
	ofOne := live / c.of("patients") // live tokens about one person, in the busiest hour
	ordinary := c.of("patients") * c.of("changes") / 365
	text := head("", ">") +
		row("notifications on the day", number(notified)) +
		row("a second in its busiest hour", number(notified*c.of("withdrawalpeak")/time.Hour.Seconds()))
	for _, each := range c.all() {
		text += row("to the node of "+each.name+", in that hour", number(notified*c.of("withdrawalpeak")*each.subs/float64(each.nodes)))
	}
	return text +
		row("live tokens in the country, in the busiest hour of questions", number(live)) +
		row("tokens that end on the day at the most, if all withdrew in that hour: one each "+number(people/(people*ofOne))+" people", number(people*ofOne)) +
		row("withdrawals and other changes on an ordinary day", number(ordinary)) +
		row("notifications on an ordinary day", number(ordinary*c.of("dataholders")))
}

func (c country) rechecks() string {
	text := head("`recheck`", ">Questions for a token in use all the time, at the most", ">Questions a second in the busiest hour", ">Of a Mitz that has "+number(c.of("mitzspare"))+" times its busiest hour")
	for _, recheck := range []time.Duration{0, 5 * time.Minute, time.Minute, 10 * time.Second} {
		name, more := "never", 0.0
		if recheck > 0 {
			name = "`" + strings.NewReplacer("m0s", "m").Replace(recheck.String()) + "`"
			more = math.Ceil(c.of("tokenminutes")*float64(time.Minute)/float64(recheck)) - 1
		}
		rate := c.peak * (1 + more)
		text += row(name, number(1+more), number(rate), percent(rate/(c.peak*c.of("mitzspare"))))
	}
	return text
}

func (c country) files() string {
	token := c.of("auditentries") * c.of("auditbytes")
	text := head("Node of", ">Tokens on a working day", ">Audit file a day", ">A year")
	for _, each := range c.all() {
		tokens := c.day * each.asked / float64(each.nodes)
		year := c.week * 52 * each.asked / float64(each.nodes)
		text += row(each.name, number(tokens), bytesOf(tokens*token), bytesOf(year*token))
	}
	return text
}

// bytesOf writes a size.
func bytesOf(n float64) string {
	switch {
	case n >= 1e9:
		return number(n/1e9) + " GB"
	case n >= 1e6:
		return number(n/1e6) + " MB"
	default:
		return number(n/1e3) + " kB"
	}
}
