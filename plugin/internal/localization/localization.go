// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package localization

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
)

// Node is one that says it answers for a data holder, on the word of an issuer that is trusted
// for that. There may be several, and one need not be the data holder's own choice.
type Node struct {
	DID                 string
	AuthorizationServer string // its URL; empty: it does not tell one
}

// Directory knows nodes by the organisations that they answer for. It may be slow: it ends when
// ctx does.
type Directory interface {
	Nodes(ctx context.Context, ura consent.URA) ([]Node, error)
}

// Recorder is told of a query before it leaves, and how it ended. The context that it returns is
// for the query. When ended fails, what was found may not be shown.
type Recorder interface {
	Locating(ctx context.Context, subject string, q consent.LocationQuery) (asking context.Context, ended func(mitzclient.Locations, error) error)
	// DirectoryFailed is told that a discovery service could not be read.
	DirectoryFailed(err error)
}

// System is where a data holder has data.
type System struct {
	Gateway, Source string // OIDs; the source may be empty
	Categories      []consent.Category
}

// DataHolder is one that may share data with the requester.
type DataHolder struct {
	URA        consent.URA // empty: Mitz does not tell whose systems these are
	Categories []consent.Category
	Systems    []System
	// Nodes are those that are known; nil: nobody could look.
	Nodes []Node
}

// Found is what was found.
type Found struct {
	RequestID   string // under which Mitz knows the query
	DataHolders []DataHolder
}

// ErrNotRunning is returned before the node has started and when it stops.
var ErrNotRunning = errors.New("the node starts or stops")

// Parts are what a [Localizer] works with. All are needed.
type Parts struct {
	Mitz      mitzclient.Locator
	Directory Directory
	Recorder  Recorder
	Requests  *drain.Drain // what a stop of the node waits for
}

// Localizer finds out where data are. It is safe for concurrent use.
type Localizer struct{ parts Parts }

// New makes a localizer. It fails without all parts.
func New(parts Parts) (*Localizer, error) {
	if parts.Mitz == nil || parts.Directory == nil || parts.Recorder == nil || parts.Requests == nil {
		return nil, errors.New("localization: a part is missing")
	}
	return &Localizer{parts}, nil
}

// Locate asks Mitz, on behalf of a subject of this node. The error is a [*mitzclient.Error],
// [ErrNotRunning], or what kept it from being recorded.
func (l *Localizer) Locate(ctx context.Context, subject string, q consent.LocationQuery) (Found, error) {
	ctx, done, running := l.parts.Requests.Begin(ctx)
	if !running {
		return Found{}, ErrNotRunning
	}
	defer done()
	asking, ended := l.parts.Recorder.Locating(ctx, subject, q)
	located, err := l.parts.Mitz.Locate(asking, q)
	if unrecorded := ended(located, err); unrecorded != nil {
		return Found{}, unrecorded
	}
	if err != nil {
		return Found{}, err
	}
	found := Found{RequestID: located.RequestID, DataHolders: together(located.Locations)}
	l.lookUp(ctx, found.DataHolders)
	return found, nil
}

const (
	// directoryTime is how long all data holders of one answer are looked up.
	directoryTime = 5 * time.Second
	// maxLookUps is how many of them are.
	maxLookUps = 100
)

// lookUp finds the nodes of data holders, as far as that is quick. Without them an answer is
// still of use.
func (l *Localizer) lookUp(ctx context.Context, holders []DataHolder) {
	ctx, cancel := context.WithTimeout(ctx, directoryTime)
	defer cancel()
	for i := range holders[:min(len(holders), maxLookUps)] {
		holder := &holders[i]
		if holder.URA == "" {
			holder.Nodes = []Node{}
			continue
		}
		nodes, err := l.parts.Directory.Nodes(ctx, holder.URA)
		if err != nil {
			l.parts.Recorder.DirectoryFailed(err)
			return
		}
		holder.Nodes = append([]Node{}, nodes...)
	}
}

// together puts what Mitz tells of one data holder together, each system once. Data holders are
// in the order of their numbers, one that is not told last.
func together(locations []mitzclient.Location) []DataHolder {
	holders := []DataHolder{}
	for _, each := range locations {
		at := slices.IndexFunc(holders, func(h DataHolder) bool { return h.URA == each.DataHolder })
		if at < 0 {
			at = len(holders)
			holders = append(holders, DataHolder{URA: each.DataHolder})
		}
		holders[at].add(each)
	}
	slices.SortFunc(holders, func(a, b DataHolder) int {
		if (a.URA == "") != (b.URA == "") {
			return cmp.Compare(b.URA, a.URA)
		}
		return cmp.Compare(a.URA, b.URA)
	})
	return holders
}

func (h *DataHolder) add(l mitzclient.Location) {
	h.Categories = union(h.Categories, l.Categories)
	at := slices.IndexFunc(h.Systems, func(s System) bool { return s.Gateway == l.Gateway && s.Source == l.Source })
	if at < 0 {
		at = len(h.Systems)
		h.Systems = append(h.Systems, System{Gateway: l.Gateway, Source: l.Source})
	}
	h.Systems[at].Categories = union(h.Systems[at].Categories, l.Categories)
}

func union(a, b []consent.Category) []consent.Category {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
