// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pages

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/words"
)

// view is what a template shows.
type view struct {
	Language string
	Other    string // the other language
	Path     string // of this page, after the language
	Page     string // its name
	Message  string // key of words, on a page that says just this
	scene.State
	Who      *scene.Person // whose page this is; nil: nobody's
	Stories  []stories.Story
	Story    *stories.Story // the one that this page is about
	Run      *stories.Run   // of that story; nil: it was not played last
	Playing  bool
	Lanes    lanes
	Conducts []string
}

// view looks at everything for a page. It reports whether there is such a page.
func (p *Pages) view(r *http.Request, language, page string) (view, bool) {
	v := view{
		Language: language, Page: page, State: p.living.State(r.Context()), Stories: stories.All(), Conducts: scene.Behaviours(),
		Path: strings.TrimPrefix(r.URL.Path, "/"+language),
	}
	for _, other := range words.Languages() {
		if other != language {
			v.Other = other
		}
	}
	if page == "message" {
		v.Path = "/"
		return v, true
	}
	run := p.player.Run()
	v.Playing = run != nil && !run.Ended
	v.Run = run
	ok := p.whose(&v, r) && p.which(&v, r)
	since := max(0, p.bus.Last()-shownLanes)
	if v.Run != nil && page != "behind" && r.PathValue("part") != "alllanes" {
		since = v.Run.First
	}
	v.Lanes = lanesOf(p.bus.Since(since), v.State)
	return v, ok
}

// shownLanes is how many messages are shown of those without a story.
const shownLanes = 40

// whose finds the patient whose page it is: the first one, when the address has none.
func (p *Pages) whose(v *view, r *http.Request) bool {
	who := r.PathValue("who")
	if who == "" && v.Page == "patient" && len(v.Patients) > 0 {
		who = v.Patients[0].Key
	}
	if who == "" {
		return true
	}
	at := slices.IndexFunc(v.Patients, func(each scene.Person) bool { return each.Key == who })
	if at < 0 {
		return false
	}
	v.Who = &v.Patients[at]
	return true
}

// which finds the story that the page is about.
func (p *Pages) which(v *view, r *http.Request) bool {
	key := r.PathValue("story")
	if key == "" {
		return true
	}
	at := slices.IndexFunc(v.Stories, func(each stories.Story) bool { return each.Key == key })
	if at < 0 {
		return false
	}
	v.Story = &v.Stories[at]
	if v.Run != nil && v.Run.Story != key {
		v.Run = nil
	}
	return true
}

// Views are the pages that the first one leads to.
func (view) Views() []string {
	return []string{"requester", "wallet", "patient", "dataholder", "behind"}
}

// Beliefs are what a data holder believes of a requester.
func (view) Beliefs() []string {
	return []string{"organisation", "type", "professional", "relation", "consent", "registration"}
}

// Active marks the page in the navigation.
func (v view) Active(page string) bool {
	return v.Page == page || v.Page == "login" && page == "wallet" || v.Page == "story" && page == "stories"
}

// Proofs are what the practice can have in its wallet.
func (view) Proofs() []string { return scene.Proofs() }

// Proof is one in the practice's wallet; nil: it is not there.
func (v view) Proof(name string) *scene.Proof {
	for i := range v.Wallet {
		if v.Wallet[i].Name == name {
			return &v.Wallet[i]
		}
	}
	return nil
}

// Name returns the name of a patient.
func (v view) Name(key string) string {
	for _, each := range v.Patients {
		if each.Key == key {
			return each.Name
		}
	}
	return ""
}

// HolderName returns the name of a data holder.
func (v view) HolderName(key string) string {
	if key == scene.Centre {
		return v.Centre
	}
	return v.Hospital
}

// Kinds are the types of organisation that a patient can choose about.
func (v view) Kinds() []string {
	var all []string
	for _, each := range scene.Kinds() {
		all = append(all, string(each))
	}
	return all
}

// Categories are the data categories that a patient can choose about.
func (v view) Categories() []string {
	var all []string
	for _, each := range scene.Categories() {
		all = append(all, string(each))
	}
	return all
}

// Choice is what the patient whose page it is decided.
func (v view) Choice(kind, category string) string {
	for _, each := range v.Choices {
		if v.Who != nil && each.Patient == v.Who.Key && each.Kind == kind && each.Category == category {
			return each.Decision
		}
	}
	return scene.None
}

// Others are the decisions that a patient can take instead of one.
func (view) Others(decision string) []string {
	return slices.DeleteFunc([]string{scene.Permit, scene.Deny, scene.None}, func(each string) bool { return each == decision })
}

// Asked are the questions about the patient whose page it is.
func (v view) Asked() (about []scene.Question) {
	for _, each := range v.Questions {
		if v.Who != nil && each.Patient == v.Who.Key {
			about = append(about, each)
		}
	}
	return about
}

// maxDecisions is how many decisions are shown.
const maxDecisions = 12

// Decisions are the entries of the log that tell how requests ended.
func (v view) Decisions() (all []scene.Entry) {
	for _, each := range v.Audit {
		if slices.Contains([]string{"token-issued", "token-refused", "tokens-revoked"}, each.Action) && len(all) < maxDecisions {
			all = append(all, each)
		}
	}
	return all
}

// Did is the key of the words for a decision. What Mitz told is also there after consent was given:
// keys end of whoever has none, if there are any.
func (v view) Did(entry scene.Entry) string {
	if entry.Action == "tokens-revoked" && entry.Code == "notification" {
		return "did.choices-changed"
	}
	return "did." + entry.Action
}

// StepState is the state of a step of the story on this page.
func (v view) StepState(i int) string {
	if v.Run == nil || i >= len(v.Run.Steps) {
		return stories.Waiting
	}
	return v.Run.Steps[i]
}

// lanes is a sequence diagram: who takes part, and the messages between them.
type lanes struct {
	Parties  []events.Party
	Messages []message
}

// message is one arrow of the diagram.
type message struct {
	events.Event
	First, Last int  // columns from 1, from left to right
	Left        bool // it goes to the left
	Apart       bool // it is none, but tells what was done to the demo
	Who         string
}

// Span is how many columns it goes across.
func (m message) Span() int { return m.Last - m.First + 1 }

// lanesOf draws events, with only those who take part in them.
func lanesOf(all []events.Event, state scene.State) lanes {
	var drawn lanes
	for _, party := range events.Order() {
		if slices.ContainsFunc(all, func(each events.Event) bool { return each.From != each.To && (each.From == party || each.To == party) }) {
			drawn.Parties = append(drawn.Parties, party)
		}
	}
	for _, each := range all {
		from, to := slices.Index(drawn.Parties, each.From)+1, slices.Index(drawn.Parties, each.To)+1
		one := message{Event: each, First: min(from, to), Last: max(from, to), Left: to < from, Apart: each.From == each.To}
		for _, person := range state.Patients {
			if person.Key == each.About {
				one.Who = person.Name
			}
		}
		drawn.Messages = append(drawn.Messages, one)
	}
	return drawn
}
