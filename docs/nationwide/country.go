// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"math"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/simulation"
)

// class is a kind of data holders, with its share of what happens in the country.
type class struct {
	name   string
	nodes  int
	asked  float64 // of the questions
	subs   float64 // of the subscriptions
	circle int     // organisations that ask one
}

// country is what follows from the assumptions.
type country struct {
	*assumptions
	classes []class
	week    float64 // questions
	day     float64
	hour    float64 // the busiest
	peak    float64 // questions a second in it
}

func newCountry(a *assumptions) country {
	c := country{assumptions: a}
	c.week = a.of("lspmessages") / a.of("messagesperquestion") * a.of("growth")
	c.day = c.week * a.of("workingday")
	c.hour = c.day * a.of("peakhour")
	c.peak = c.hour / time.Hour.Seconds()
	pharmacies := a.number("pharmacies") + a.number("dispensinggps")
	others := a.number("nodes") - a.number("hospitals") - a.number("gppractices") - pharmacies
	c.classes = []class{
		{"a hospital", a.number("hospitals"), a.of("askhospitals"), a.of("subhospitals"), a.number("hospitalcircle")},
		{"a GP practice", a.number("gppractices"), a.of("askgps"), a.of("subgps"), a.number("circle")},
		{"a pharmacy", pharmacies, a.of("askpharmacies"), a.of("subpharmacies"), a.number("circle")},
		{
			"any other", others, 1 - a.of("askhospitals") - a.of("askgps") - a.of("askpharmacies"),
			1 - a.of("subhospitals") - a.of("subgps") - a.of("subpharmacies"), a.number("circle"),
		},
	}
	return c
}

// vendors are the same data holders on a few nodes.
func (c country) vendors() []class {
	return []class{{"a vendor", c.number("vendors"), 1, 1, c.number("circle") * c.number("nodes") / max(1, c.number("vendors"))}}
}

// all are the classes, and that of the vendors' nodes.
func (c country) all() []class {
	return append(c.classes[:len(c.classes):len(c.classes)], c.vendors()...)
}

// rate is how many questions one node of a class gets in a second of the busiest hour.
func (c country) rate(of class) float64 { return c.peak * of.asked / float64(of.nodes) }

// isKept is how likely it is that a node's connection to Mitz is still there for the next question,
// when it is kept for so long.
func (c country) isKept(of class, idle time.Duration) float64 {
	return 1 - math.Exp(-c.rate(of)*idle.Seconds())
}

// subscriptions is how many there are.
func (c country) subscriptions() float64 { return c.of("patients") * c.of("dataholders") }

// asked and subscribed return classes as the simulation wants them.
func asked(classes []class) (nodes []simulation.NodeClass) {
	for _, each := range classes {
		nodes = append(nodes, simulation.NodeClass{Name: each.name, Nodes: each.nodes, Share: each.asked, Circle: each.circle})
	}
	return nodes
}

func subscribed(classes []class) (nodes []simulation.NodeClass) {
	for _, each := range classes {
		nodes = append(nodes, simulation.NodeClass{Name: each.name, Nodes: each.nodes, Share: each.subs})
	}
	return nodes
}
