// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"time"
)

// lookup finds the addresses of a host, as [net.Resolver.LookupNetIP] does.
type lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

// lookupTime is how long DNS may take.
const lookupTime = 5 * time.Second

// notificationsFinding says where Mitz is told to post, and whether that can be found from here.
// It fails nothing: Mitz may see other names than this machine, and nobody connects.
func notificationsFinding(ctx context.Context, notifyURL string, find lookup) finding {
	result := finding{
		step: "notifications", verdict: verdictOK,
		details: []string{"Mitz is told to post to " + notifyURL + "/<secret>. Whether it can is not tried."},
	}
	parsed, err := url.Parse(notifyURL)
	if err != nil {
		return result // which no configuration has
	}
	host := harmless(parsed.Hostname())
	if _, err := netip.ParseAddr(parsed.Hostname()); err == nil {
		result.text = host + " is an address: there is nothing to look up"
		return result
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	began := time.Now()
	found, err := find(ctx, "ip", parsed.Hostname())
	took := tookWords(time.Since(began))
	if err != nil {
		result.verdict, result.text = verdictWarning, fmt.Sprintf("%s could not be looked up from here (%s)", host, took)
		result.advice = "Look for a typing error in mitz.withdrawal.notifyurl. If the name is known outside alone, there is nothing to do."
		return result
	}
	var addresses []string
	for _, each := range found {
		addresses = append(addresses, each.Unmap().String())
	}
	result.text = fmt.Sprintf("%s is %s (%s)", host, listWords(addresses), took)
	return result
}
