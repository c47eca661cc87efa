// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
)

// How many subscriptions a page has.
const (
	maxLimit     = 1000
	defaultLimit = 100
)

// pageAsked reads which page is asked for. A parameter that is not known is refused: it could be
// a patient's number, which belongs in no address.
func pageAsked(query string) (after string, limit int, err error) {
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return "", 0, problem(http.StatusBadRequest, "the parameters cannot be read")
	}
	limit = defaultLimit
	for name, values := range parameters {
		var valid bool
		switch name {
		case "after":
			after, valid = readID(values[0])
		case "limit":
			limit, valid = readLimit(values[0])
		default:
			return "", 0, problem(http.StatusBadRequest, "the parameters are after and limit")
		}
		if !valid || len(values) > 1 {
			return "", 0, problem(http.StatusBadRequest, fmt.Sprintf("after is once what next was, and limit once a number from 1 to %d", maxLimit))
		}
	}
	return after, limit, nil
}

func readLimit(s string) (int, bool) {
	limit, err := strconv.ParseUint(s, 10, 16)
	return int(limit), err == nil && limit >= 1 && limit <= maxLimit
}

// view is what is told of a subscription. Who the patient is, nothing tells.
type view struct {
	ID       string              `json:"id"`
	State    subscriptions.State `json:"state"`
	Since    time.Time           `json:"since"`
	Attempts int                 `json:"attempts"`
	Failure  *string             `json:"failure"`
}

// listView are subscriptions in the order in which they were asked for.
type listView struct {
	Subscriptions []view `json:"subscriptions"`
}

// pageView is a page of a data holder's subscriptions.
type pageView struct {
	Counts        map[subscriptions.State]int `json:"counts"`
	OldestWaiting *time.Time                  `json:"oldestWaiting"`
	Subscriptions []view                      `json:"subscriptions"`
	Next          *string                     `json:"next"`
}

func viewOf(s subscriptions.Subscription) view {
	return view{ID: s.ID, State: s.State, Since: s.Since.UTC(), Attempts: s.Attempts, Failure: unlessEmpty(s.Failure)}
}

func viewsOf(all []subscriptions.Subscription) []view {
	views := make([]view, 0, len(all))
	for _, each := range all {
		views = append(views, viewOf(each))
	}
	return views
}

func pageViewOf(page subscriptions.Page) pageView {
	told := pageView{
		Counts: map[subscriptions.State]int{}, Subscriptions: viewsOf(page.Subscriptions), Next: unlessEmpty(page.Next),
	}
	for _, state := range subscriptions.States() {
		told.Counts[state] = page.Counts.By[state]
	}
	if oldest := page.Counts.Oldest.UTC(); !oldest.IsZero() {
		told.OldestWaiting = &oldest
	}
	return told
}

// isEmpty reports whether there is no subscription, on this page or another.
func (p pageView) isEmpty() bool {
	for _, count := range p.Counts {
		if count > 0 {
			return false
		}
	}
	return len(p.Subscriptions) == 0
}

// unlessEmpty returns nil for an empty text, which JSON has as null.
func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
