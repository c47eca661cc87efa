// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// locationQuery is by the requester of the closed query's question, about the patient whose
// consents count.
func locationQuery(t testing.TB) consent.LocationQuery {
	patient, err := consent.ParseBSN("900186021")
	require.NoError(t, err)
	return consent.LocationQuery{Patient: patient, Requester: question(t).Requester, Purpose: consent.PurposeTreatment}
}

// locatable is a simulator in which two data holders may share with the requester.
func locatable(t testing.TB, change ...func(*Config)) *simulated {
	mitz := simulate(t, Hooks{})
	for _, each := range []mitztest.Consent{
		{DataHolder: "00000659", Category: "GGC002"}, {DataHolder: "00000659", Category: "GGC012"}, {DataHolder: "00000660", Category: "GGC002"},
	} {
		each.Patient, each.RequesterType, each.Decision = "900186021", "G3", consent.Permit
		require.NoError(t, mitz.Record(each))
	}
	if change != nil {
		cfg := mitz.client.config
		for _, each := range change {
			each(&cfg)
		}
		cfg.TLS = nil
		mitz.Link.Close()
		var err error
		mitz.Link, err = NewLink(cfg, Hooks{})
		require.NoError(t, err)
		t.Cleanup(mitz.Link.Close)
	}
	return mitz
}

func TestLocate(t *testing.T) {
	mandated := &consent.ProfessionalID{Root: consent.RootAGB, Extension: "01123456"}
	for name, under := range map[string]*consent.ProfessionalID{"in person": nil, "under mandate": mandated} {
		t.Run(name, func(t *testing.T) {
			mitz := locatable(t)
			q := locationQuery(t)
			q.Requester.Mandated = under
			var told []string
			found, err := mitz.Locate(asking(t, func(_ context.Context, id string) error {
				require.Empty(t, mitz.LocationQueries(), "it has left already")
				told = append(told, id)
				return nil
			}), q)
			require.NoError(t, err, mitz.Refusals())
			queries := mitz.LocationQueries()
			require.Len(t, queries, 1)
			require.Equal(t, Locations{
				RequestID: queries[0].RequestID, Attempts: 1, Locations: []Location{
					{Gateway: "2.999.1", Source: "2.999.1.2", DataHolder: "00000659", Categories: []consent.Category{"GGC002", "GGC012"}},
					{Gateway: "2.999.1", Source: "2.999.1.2", DataHolder: "00000660", Categories: []consent.Category{"GGC002"}},
				},
			}, found)
			require.Equal(t, []string{found.RequestID}, told)
			require.Equal(t, q.Requester, queries[0].Requester)
			require.Equal(t, q.Purpose, queries[0].Purpose)
			require.False(t, queries[0].Signed)
		})
	}
}

func TestLocateFindsNobody(t *testing.T) {
	mitz := simulate(t, Hooks{})
	found, err := mitz.Locate(t.Context(), locationQuery(t))
	require.NoError(t, err)
	require.Equal(t, []Location{}, found.Locations)
}

func TestASignedAssertionIsTakenAndAnAlteredOneIsNot(t *testing.T) {
	var certificate tls.Certificate
	mitz := locatable(t, func(cfg *Config) {
		certificate = cfg.TLS.Certificates[0]
		cfg.Locations.Certificate = &certificate
	})
	mitz.RequireSignedAssertions(true)
	found, err := mitz.Locate(t.Context(), locationQuery(t))
	require.NoError(t, err, mitz.Refusals())
	require.Len(t, found.Locations, 2)
	require.True(t, mitz.LocationQueries()[0].Signed)

	other, err := mitztest.NewIdentity()
	require.NoError(t, err)
	stranger := other.ClientTLS().Certificates[0]
	mitz = locatable(t, func(cfg *Config) { cfg.Locations.Certificate = &stranger })
	_, err = mitz.Locate(t.Context(), locationQuery(t))
	requireCode(t, FaultSender, failureOf(t, err))
	require.Contains(t, mitz.Refusals()[0].Reason, "not of an issuer that is trusted")
}

func TestNothingIsLocatedByAFaultOfMitz(t *testing.T) {
	for _, behaviour := range mitztest.AllLocatingFaults() {
		if behaviour == (mitztest.Locating{Behaviour: mitztest.Hanging}) {
			continue // see TestALocationQueryEndsWithItsCaller
		}
		t.Run(behaviour.String(), func(t *testing.T) {
			mitz := locatable(t)
			mitz.Misbehave(behaviour)
			found, err := mitz.Locate(t.Context(), locationQuery(t))
			failure := failureOf(t, err)
			require.Empty(t, found.Locations)
			require.Equal(t, failure.RequestID, found.RequestID)
			require.NotEmpty(t, failure.RequestID)
			require.NotContains(t, failure.Error(), "900186021")
			require.Equal(t, StateClosed, mitz.Circuit(), "consults go on")
		})
	}
}

func TestALocationQueryEndsWithItsCaller(t *testing.T) {
	mitz := locatable(t)
	mitz.Misbehave(mitztest.Locating{Behaviour: mitztest.Hanging})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_ = mitz.WaitForLocationQueries(t.Context(), 1)
		cancel()
	}()
	_, err := mitz.Locate(ctx, locationQuery(t))
	requireCode(t, Canceled, failureOf(t, err))
	require.NoError(t, mitz.WaitForCancelled(t.Context(), 1))
}

func TestWhatServersInTheFieldSendIsLocatedToo(t *testing.T) {
	for _, variant := range mitztest.AllVariants() {
		t.Run(variant.String(), func(t *testing.T) {
			mitz := locatable(t)
			mitz.Misbehave(mitztest.Locating{Behaviour: variant})
			found, err := mitz.Locate(t.Context(), locationQuery(t))
			require.NoError(t, err)
			require.Len(t, found.Locations, 2)
		})
	}
}

func TestALocationQueryIsSentAgainWhenItFailedInPassing(t *testing.T) {
	mitz := locatable(t)
	mitz.MisbehaveOnce(mitztest.Locating{Behaviour: mitztest.HTTPStatus(503)})
	var failed string
	found, err := mitz.Locate(WithTrace(t.Context(), &Trace{Retrying: func(e *Error) { failed = e.RequestID }}), locationQuery(t))
	require.NoError(t, err)
	require.Equal(t, 2, found.Attempts)
	queries := mitz.LocationQueries()
	require.Len(t, queries, 2, "each with an assertion of its own")
	require.Equal(t, queries[0].RequestID, failed)
	require.Equal(t, queries[1].RequestID, found.RequestID)
}

func TestALocationQueryThatCannotBeRecordedIsNotSent(t *testing.T) {
	mitz := locatable(t)
	_, err := mitz.Locate(asking(t, func(context.Context, string) error { return errors.New("no space left") }), locationQuery(t))
	requireCode(t, Unrecorded, failureOf(t, err))
	require.Empty(t, mitz.LocationQueries())
}

func TestLocationQueriesHaveABudgetOfTheirOwn(t *testing.T) {
	t.Run("about one patient on behalf of one requester", func(t *testing.T) {
		mitz := locatable(t, func(cfg *Config) { cfg.Locations.QueriesPerMinute = 2 })
		for range 2 {
			_, err := mitz.Locate(t.Context(), locationQuery(t))
			require.NoError(t, err)
		}
		_, err := mitz.Locate(t.Context(), locationQuery(t))
		requireCode(t, TooManyQueries, failureOf(t, err))
		require.Len(t, mitz.LocationQueries(), 2)
		_, err = mitz.Consult(t.Context(), question(t, "GGC002"))
		require.NoError(t, err)
	})
	t.Run("and a circuit", func(t *testing.T) {
		mitz := locatable(t)
		mitz.Misbehave(mitztest.Locating{Behaviour: mitztest.ReceiverFault})
		for i := range 2 * openAfter {
			q := locationQuery(t)
			q.Requester.URA = []consent.URA{"00000020", "00000021"}[i%2]
			_, err := mitz.Locate(t.Context(), q)
			require.Error(t, err)
		}
		require.Equal(t, StateOpen, mitz.LocationCircuit())
		require.Equal(t, StateClosed, mitz.Circuit())
		_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
		require.NoError(t, err)
	})
}

func TestWhatIsNoLocationQueryIsNotSent(t *testing.T) {
	mitz := locatable(t)
	q := locationQuery(t)
	q.Requester.Responsible.Role = "900186021"
	_, err := mitz.Locate(t.Context(), q)
	failure := failureOf(t, err)
	requireCode(t, InvalidQuestion, failure)
	require.ErrorContains(t, errors.Unwrap(failure), "responsible professional's role")
	require.NotContains(t, errors.Unwrap(failure).Error(), "900186021")

	mitz = locatable(t, func(cfg *Config) { cfg.Locations.Issuer = "" })
	_, err = mitz.Locate(t.Context(), locationQuery(t))
	requireCode(t, InvalidQuestion, failureOf(t, err))
	require.Zero(t, mitz.Received())
}

func TestALocationConfigThatIsWrongMakesNoLink(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil   func(*LocationConfig)
		problem string
	}{
		"issuer":      {func(c *LocationConfig) { c.Issuer = "hospital east" }, "locations.issuer: neither an https URL"},
		"certificate": {func(c *LocationConfig) { c.Certificate = &tls.Certificate{} }, "locations.certificate: a certificate with an RSA key"},
		"path":        {func(c *LocationConfig) { c.Path = "/a/../b" }, "locations.path"},
		"timeout":     {func(c *LocationConfig) { c.Timeout = -1 }, "locations.timeout"},
		"at once":     {func(c *LocationConfig) { c.AtOnce = -1 }, "locations.atonce"},
		"frequency":   {func(c *LocationConfig) { c.QueriesPerMinute = math.MinInt }, "locations.queriesperminute"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Endpoint: "http://127.0.0.1:1"}
			tt.spoil(&cfg.Locations)
			_, err := NewLink(cfg, Hooks{})
			require.ErrorContains(t, err, tt.problem)
		})
	}
}

// failureOf returns the error of a call as what it is.
func failureOf(t testing.TB, err error) *Error {
	t.Helper()
	failure, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	return failure
}
