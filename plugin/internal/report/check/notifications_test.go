// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"context"
	"net"
	"net/netip"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWhereMitzIsToldToPost(t *testing.T) {
	const notifyURL = "https://node.example/mitz/notify"
	found := func(addresses ...string) lookup {
		return func(_ context.Context, network, host string) (all []netip.Addr, err error) {
			assert.Equal(t, []string{"ip", "node.example"}, []string{network, host})
			for _, each := range addresses {
				all = append(all, netip.MustParseAddr(each))
			}
			return all, nil
		}
	}
	for _, tc := range []struct {
		name, address string
		find          lookup
		verdict       verdict
		text          string
	}{
		{"a name that is known", notifyURL, found("192.0.2.1", "::ffff:192.0.2.2"), verdictOK, "node.example is 192.0.2.1, 192.0.2.2 (TIME)"},
		{"a name that is not known", notifyURL, func(context.Context, string, string) ([]netip.Addr, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "node.example", IsNotFound: true}
		}, verdictWarning, "node.example could not be looked up from here (TIME)"},
		{"an address", "https://192.0.2.1:8443/mitz/notify", nil, verdictOK, "192.0.2.1 is an address: there is nothing to look up"},
		{"an address of version 6", "https://[2001:db8::1]/mitz/notify", nil, verdictOK, "2001:db8::1 is an address: there is nothing to look up"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			told := notificationsFinding(t.Context(), tc.address, tc.find)
			assert.Equal(t, tc.verdict, told.verdict)
			assert.Equal(t, tc.text, regexp.MustCompile(`\d+(\.\d+)? m?s\b`).ReplaceAllString(told.text, "TIME"))
			assert.Equal(t, []string{"Mitz is told to post to " + tc.address + "/<secret>. Whether it can is not tried."}, told.details)
			assert.Equal(t, tc.verdict == verdictWarning, told.advice != "")
		})
	}
	t.Run("DNS that says nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			told := notificationsFinding(t.Context(), notifyURL, func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
			assert.Equal(t, verdictWarning, told.verdict)
			assert.Equal(t, lookupTime, time.Since(began))
		})
	})
}
