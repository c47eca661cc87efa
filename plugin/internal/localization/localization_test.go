// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package localization

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
)

// world is all that a localizer works with.
type world struct {
	located    mitzclient.Locations
	failing    error // of Mitz
	unrecorded error
	directory  map[consent.URA][]Node
	unread     error // why a discovery service cannot be read
	lookedUp   []consent.URA
	told       []string
}

func (w *world) Locate(ctx context.Context, _ consent.LocationQuery) (mitzclient.Locations, error) {
	w.told = append(w.told, "asked with "+ctx.Value(key{}).(string))
	return w.located, w.failing
}

func (w *world) Nodes(ctx context.Context, ura consent.URA) ([]Node, error) {
	deadline, ends := ctx.Deadline()
	assert.True(strictly{}, ends && time.Until(deadline) <= directoryTime, "a discovery service is not waited for without end")
	w.lookedUp = append(w.lookedUp, ura)
	return w.directory[ura], w.unread
}

type key struct{}

func (w *world) Locating(ctx context.Context, subject string, _ consent.LocationQuery) (context.Context, func(mitzclient.Locations, error) error) {
	w.told = append(w.told, "locating for "+subject)
	return context.WithValue(ctx, key{}, "the recorder's context"), func(found mitzclient.Locations, err error) error {
		w.told = append(w.told, "ended")
		assert.Equal(strictly{}, w.located, found)
		assert.Equal(strictly{}, w.failing, err)
		return w.unrecorded
	}
}

func (w *world) DirectoryFailed(err error) { w.told = append(w.told, "directory: "+err.Error()) }

// strictly panics on a failed assertion.
type strictly struct{}

func (strictly) Errorf(format string, _ ...any) { panic(format) }

func newLocalizer(t *testing.T, w *world) *Localizer {
	t.Helper()
	requests := drain.New()
	requests.Open()
	l, err := New(Parts{Mitz: w, Directory: w, Recorder: w, Requests: requests})
	require.NoError(t, err)
	return l
}

func location(ura consent.URA, source string, categories ...consent.Category) mitzclient.Location {
	return mitzclient.Location{DataHolder: ura, Gateway: "2.999.1", Source: source, Categories: categories}
}

func TestWhatMitzTellsOfADataHolderIsPutTogether(t *testing.T) {
	w := &world{
		located: mitzclient.Locations{RequestID: "id", Locations: []mitzclient.Location{
			location("", "2.999.9"), location("00000660", "2.999.1", "GGC012", "GGC002"), location("00000659", "2.999.1", "GGC002"),
			location("00000660", "2.999.1", "GGC002"), location("00000660", "2.999.2", "GGC013"),
		}},
		directory: map[consent.URA][]Node{"00000660": {{DID: "did:web:a.example"}, {DID: "did:web:b.example", AuthorizationServer: "https://b.example"}}},
	}
	l := newLocalizer(t, w)
	found, err := l.Locate(t.Context(), "gp-west", consent.LocationQuery{})
	require.NoError(t, err)
	assert.Zero(t, l.parts.Requests.Close(0, 0), "it is over: a stop does not wait for it")
	assert.Equal(t, Found{RequestID: "id", DataHolders: []DataHolder{
		{URA: "00000659", Categories: []consent.Category{"GGC002"}, Systems: []System{{"2.999.1", "2.999.1", []consent.Category{"GGC002"}}}, Nodes: []Node{}},
		{URA: "00000660", Categories: []consent.Category{"GGC002", "GGC012", "GGC013"}, Systems: []System{
			{"2.999.1", "2.999.1", []consent.Category{"GGC002", "GGC012"}}, {"2.999.1", "2.999.2", []consent.Category{"GGC013"}},
		}, Nodes: w.directory["00000660"]},
		{Categories: nil, Systems: []System{{"2.999.1", "2.999.9", nil}}, Nodes: []Node{}},
	}}, found)
	assert.Equal(t, []consent.URA{"00000659", "00000660"}, w.lookedUp)
	assert.Equal(t, []string{"locating for gp-west", "asked with the recorder's context", "ended"}, w.told)
}

func TestWithoutADirectoryTheAnswerIsOfUseStill(t *testing.T) {
	w := &world{
		located: mitzclient.Locations{Locations: []mitzclient.Location{location("00000659", ""), location("00000660", "")}},
		unread:  errors.New("no such table"),
	}
	found, err := newLocalizer(t, w).Locate(t.Context(), "gp-west", consent.LocationQuery{})
	require.NoError(t, err)
	require.Len(t, found.DataHolders, 2)
	assert.Nil(t, found.DataHolders[0].Nodes)
	assert.Nil(t, found.DataHolders[1].Nodes)
	assert.Len(t, w.lookedUp, 1)
	assert.Contains(t, w.told, "directory: no such table")
}

func TestOnlySoManyAreLookedUp(t *testing.T) {
	w := &world{}
	for i := range maxLookUps + 5 {
		w.located.Locations = append(w.located.Locations, location(consent.URA("00000"+strconv.Itoa(100+i)), ""))
	}
	found, err := newLocalizer(t, w).Locate(t.Context(), "gp-west", consent.LocationQuery{})
	require.NoError(t, err)
	assert.Len(t, w.lookedUp, maxLookUps)
	assert.NotNil(t, found.DataHolders[maxLookUps-1].Nodes)
	assert.Nil(t, found.DataHolders[maxLookUps].Nodes)
}

func TestNothingIsToldThatCouldNotBeRecordedOrAsked(t *testing.T) {
	failing := &mitzclient.Error{Code: mitzclient.Timeout}
	for name, w := range map[string]*world{
		"Mitz does not answer":    {failing: failing},
		"it could not be written": {unrecorded: errors.New("no space left"), located: mitzclient.Locations{Locations: []mitzclient.Location{location("00000659", "")}}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := newLocalizer(t, w).Locate(t.Context(), "gp-west", consent.LocationQuery{})
			require.Error(t, err)
			assert.Zero(t, found)
			assert.Empty(t, w.lookedUp)
		})
	}
	l, err := New(Parts{Mitz: &world{}, Directory: &world{}, Recorder: &world{}, Requests: drain.New()})
	require.NoError(t, err)
	_, err = l.Locate(t.Context(), "gp-west", consent.LocationQuery{})
	require.ErrorIs(t, err, ErrNotRunning)
	_, err = New(Parts{})
	require.Error(t, err)
}
