// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAuthorization(t *testing.T) {
	t.Run("each message has its own", func(t *testing.T) {
		var headers []string
		made := 0
		mitz := register(t, func(w http.ResponseWriter, r *http.Request, n int32) {
			headers = append(headers, r.Header.Get("Authorization"))
			if n == 1 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			accepted(w)
		}, func(c *Config) {
			c.Subscriptions.Authorize = func(context.Context) (string, error) { made++; return fmt.Sprintf("SAML %d", made), nil }
		})
		_, err := mitz.Subscribe(t.Context(), subscriptionOf(t))
		require.NoError(t, err)
		require.Equal(t, []string{"SAML 1", "SAML 2"}, headers)
	})
	errKey := errors.New("no key")
	for _, tc := range []struct {
		name   string
		make   func(context.Context) (string, error)
		detail string
		cause  error
	}{
		{"that cannot be made", func(context.Context) (string, error) { return "", errKey }, "", errKey},
		{"that is empty", func(context.Context) (string, error) { return "", nil }, "form", nil},
		{"that would be two headers", func(context.Context) (string, error) { return "SAML x\r\nX: y", nil }, "form", nil},
		{"that is too long", func(context.Context) (string, error) { return strings.Repeat("a", 64<<10+1), nil }, "form", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mitz := register(t, func(w http.ResponseWriter, _ *http.Request, _ int32) { accepted(w) },
				func(c *Config) { c.Subscriptions.Authorize = tc.make })
			_, err := mitz.Subscribe(t.Context(), subscriptionOf(t))
			requireRefused(t, Error{Code: NoAuthorization, Detail: tc.detail}, err)
			require.Equal(t, tc.cause, errors.Unwrap(err))
			require.Zero(t, mitz.messages.Load())
			require.Equal(t, StateClosed, mitz.SubscriptionCircuit())
		})
	}
	t.Run("when nobody waits for it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		mitz := register(t, func(w http.ResponseWriter, _ *http.Request, _ int32) { accepted(w) }, func(c *Config) {
			c.Subscriptions.Authorize = func(ctx context.Context) (string, error) { cancel(); return "", ctx.Err() }
		})
		_, err := mitz.Subscribe(ctx, subscriptionOf(t))
		requireRefused(t, Error{Code: Canceled, Detail: "authorization"}, err)
	})
}

func TestASubscriptionShowsNothing(t *testing.T) {
	s := subscriptionOf(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		require.Equal(t, "[subscription]", fmt.Sprintf(verb, s))
		require.NotContains(t, fmt.Sprintf(verb, struct{ S Subscription }{s}), "s3cret")
	}
	require.Equal(t, "[subscription]", s.LogValue().String())
}

func TestSubscriptionConfig(t *testing.T) {
	good, err := SubscriptionConfig{}.validate()
	require.NoError(t, err)
	require.Equal(t, SubscriptionConfig{Path: "/abonnementen/fhir", Format: FHIRXML, Timeout: 10 * time.Second, AtOnce: 16}, good)
	_, err = SubscriptionConfig{Path: "/a/../b", Format: "xml", Timeout: -1, AtOnce: -1}.validate()
	require.EqualError(t, err, "subscriptions.path: not a path of the form /a/b\nsubscriptions.format: neither FHIR XML nor FHIR JSON\n"+
		"subscriptions.timeout: negative\nsubscriptions.atonce: negative")
	for path, valid := range map[string]bool{"/fhir": true, "/a/b.c/": true, "fhir": false, "/a?b": false, "/a//b": false, "/%41": false, "/.a": false} {
		_, err := SubscriptionConfig{Path: path}.validate()
		require.Equal(t, valid, err == nil, path)
	}
	_, err = New(Config{Endpoint: "http://127.0.0.1:1", Subscriptions: SubscriptionConfig{AtOnce: -1}})
	require.EqualError(t, err, "subscriptions.atonce: negative")
}
