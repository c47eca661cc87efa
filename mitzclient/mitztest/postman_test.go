// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestAnEndedSubscriptionIsToldNothing(t *testing.T) {
	h := newHolder(t)
	id := h.subscribe(t, "/notify/1", mediaXML)
	h.Misbehave(NotifyingLate)
	h.permits(t, "J8", "GGC002", consent.Permit)
	send(t, h.Simulator, endRequest(t, h.Simulator, id))
	h.Behave()
	require.NoError(t, h.WaitForNotifications(patience(t), 1))
	assert.Equal(t, "the subscription was ended", h.Notifications()[0].Problem)
	h.permits(t, "J8", "GGC002", consent.Deny)
	assert.Empty(t, h.arrivals)
}

func TestWhyNothingArrivedIsToldWithoutTheSecret(t *testing.T) {
	var log lockedBuffer
	stranger, err := NewIdentity()
	require.NoError(t, err)
	h := newHolder(t, func(cfg *Config) {
		cfg.Notify = &http.Transport{TLSClientConfig: stranger.ClientTLS()}
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	h.subscribe(t, "/notify/secret", mediaXML)
	h.permits(t, "J8", "GGC002", consent.Permit)
	require.NoError(t, h.WaitForNotifications(patience(t), 1))
	got := h.Notifications()[0]
	assert.Zero(t, got.Status)
	assert.Contains(t, got.Problem, "certificate")
	assert.Contains(t, log.String(), "msg=subscribed id="+got.Subscription)
	assert.Contains(t, log.String(), "msg=notification subscription="+got.Subscription)
	for _, hidden := range []string{"secret", patient} {
		assert.NotContains(t, log.String()+got.Problem, hidden)
	}
}

func TestWaitingUntilEverybodyIsTold(t *testing.T) {
	h := newHolder(t)
	h.subscribe(t, "/notify/1", mediaXML)
	h.subscribe(t, "/notify/2", mediaXML)
	require.NoError(t, h.WaitUntilTold(patience(t)), "nobody has to be told")
	h.permits(t, "J8", "GGC002", consent.Permit)
	h.permits(t, "J8", "GGC012", consent.Permit)
	require.NoError(t, h.WaitUntilTold(patience(t)))
	assert.Len(t, h.Notifications(), 4)
	h.Misbehave(NotifyingLate)
	h.permits(t, "J8", "GGC002", consent.Deny)
	require.NoError(t, h.WaitUntilTold(patience(t)), "what is kept back is not on its way")
}

func TestNotificationsStayOnLoopback(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"with an identity's configuration": func(*Config) {},
		"without a transport":              func(cfg *Config) { cfg.Notify = nil },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHolder(t, change)
			h.url = "https://192.0.2.1:9"
			h.subscribe(t, "/notify/1", mediaXML)
			h.permits(t, "J8", "GGC002", consent.Permit)
			require.NoError(t, h.WaitForNotifications(patience(t), 1))
			assert.Contains(t, h.Notifications()[0].Problem, "notifications go to loopback addresses only")
		})
	}
}

func TestMoreThanMayWaitIsGivenUp(t *testing.T) {
	h := newHolder(t)
	h.postman.limit = 2
	h.subscribe(t, "/notify/1", mediaXML)
	h.Misbehave(NotifyingLate)
	for range 3 {
		h.permits(t, "J8", "GGC002", consent.Permit)
	}
	assert.Len(t, h.Notifications(), 1)
	assert.Equal(t, "too many wait", h.Notifications()[0].Problem)
	h.Behave()
	require.NoError(t, h.WaitForNotifications(patience(t), 3))
	h.permits(t, "J8", "GGC002", consent.Permit)
	require.NoError(t, h.WaitForNotifications(patience(t), 4))
	assert.Equal(t, 201, h.Notifications()[3].Status, "there is room again")
}

func TestCloseEndsNotificationsToo(t *testing.T) {
	h := newHolder(t)
	before := goleak.IgnoreCurrent()
	s, err := Start(identity(t).Config())
	require.NoError(t, err)
	gone := make(chan struct{})
	h.answers = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); close(gone) }
	r := subscribeRequest(t, s, mediaJSON, h.subscription(t, "/notify/1", mediaXML))
	c := client(t, identity(t).ClientTLS())
	_, err = do(t, c, r)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, s.Record(decisionOf("J8", "GGC002", consent.Permit)))
	}
	h.next(t)
	s.Close()
	<-gone
	c.CloseIdleConnections()
	require.NoError(t, s.Record(decisionOf("J8", "GGC002", consent.Deny)))
	s.Behave()
	leaks.VerifyNone(t, before, goleak.IgnoreAnyFunction("net/http.(*conn).serve"))
	assert.Empty(t, h.arrivals)
	assert.Empty(t, s.Notifications())
}
