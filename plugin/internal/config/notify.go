// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authorization"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/notify"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// notifyPath is where the node takes notifications, on its public port. A slash and the secret
// of a subscription follow it.
var notifyPath = strings.TrimSuffix(withdrawal.PathPrefix, "/")

// plain leaves out what may be written and says nothing: the end of an address, and that an OID
// is one.
func (w Withdrawal) plain() Withdrawal {
	w.NotifyURL = strings.TrimRight(w.NotifyURL, "/")
	w.GatewaySystem = strings.TrimPrefix(w.GatewaySystem, urnOID)
	w.SourceSystem = strings.TrimPrefix(w.SourceSystem, urnOID)
	return w
}

const urnOID = "urn:oid:"

// validateNotify says what is wrong with how Mitz is to tell this node of changes. The section
// is plain.
func (s Section) validateNotify() []error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	w := s.Withdrawal
	if w.NotifyURL == "" {
		for i, profile := range s.Profiles {
			if profile.Subscribe {
				problem("profiles[%d].subscribe: needs withdrawal.notifyurl, the address at which Mitz reaches this node", i)
			}
		}
	} else {
		problems = append(problems, checkNotifyURL(w.NotifyURL, s.Strict))
		if w.KeyFile == "" {
			problem("withdrawal.keyfile: required with withdrawal.notifyurl: what Mitz is told must hold after a restart, and on every node; " +
				"make the file with 'nuts-mitz mitz key <file>'")
		}
	}
	for _, system := range [][2]string{{"gatewaysystem", w.GatewaySystem}, {"sourcesystem", w.SourceSystem}} {
		if system[1] != "" && !mitzclient.IsOID(system[1]) {
			problem("withdrawal.%s: not an OID: numbers with dots between them, such as 2.999.1", system[0])
		}
	}
	return problems
}

// checkNotifyURL looks at an address as Mitz is told it, with a secret after it.
func checkNotifyURL(address string, strict bool) error {
	err := mitzclient.CheckNotifyURL(address+"/"+strings.Repeat("x", withdrawal.PathLength), true)
	switch {
	case err != nil:
		return fmt.Errorf("withdrawal.notifyurl: %w", err)
	case strict && !strings.HasPrefix(strings.ToLower(address), "https:"):
		return errors.New("withdrawal.notifyurl: must be https in strict mode")
	default:
		return nil
	}
}

// notifyCertificate reads which client certificate a notification must come with, and the trust
// store that it is checked against; nil: none.
func (s Section) notifyCertificate(tls core.TLSConfig, hooks notify.TrustHooks) (*notify.Certificate, *notify.TrustStore, error) {
	w := s.Withdrawal
	if w.NotifyTrustStoreFile == "" && len(w.NotifyCertNames) == 0 {
		return nil, nil, nil
	}
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New(text)) }
	certificate := &notify.Certificate{Names: w.NotifyCertNames, Header: tls.ClientCertHeaderName}
	switch {
	case w.NotifyTrustStoreFile == "":
		problem("withdrawal.notifytruststorefile: required with withdrawal.notifycertnames: the roots of Mitz's certificate, in PEM")
	case len(w.NotifyCertNames) == 0:
		problem("withdrawal.notifycertnames: required with withdrawal.notifytruststorefile: others than Mitz have certificates under these roots too")
	}
	for i, name := range w.NotifyCertNames {
		if name == "" || strings.TrimSpace(name) != name {
			problem(fmt.Sprintf("withdrawal.notifycertnames[%d]: not a name as it is in a certificate: a DNS name, or the common name", i))
		}
	}
	if tls.Offload != core.OffloadIncomingTLS || tls.ClientCertHeaderName == "" {
		problem("withdrawal.notifytruststorefile: needs the node's own tls.offload: incoming and tls.certheader, the header in which your proxy " +
			"puts the certificate of the client: the node does not end TLS itself")
	}
	var store *notify.TrustStore
	if w.NotifyTrustStoreFile != "" {
		var err error
		if store, err = notify.OpenTrustStore(w.NotifyTrustStoreFile, hooks); err != nil {
			problem("withdrawal.notifytruststorefile: " + err.Error())
		} else {
			certificate.Roots = store.Roots
		}
	}
	return certificate, store, errors.Join(problems...)
}

// subscriptions says how the link subscribes.
func (s Section) subscriptions() (mitzclient.SubscriptionConfig, error) {
	config := mitzclient.SubscriptionConfig{PlainHTTP: !s.Strict}
	if s.Withdrawal.AuthorizationFile == "" {
		return config, nil
	}
	file, err := authorization.Open(s.Withdrawal.AuthorizationFile)
	if err != nil {
		return config, fmt.Errorf("withdrawal.authorizationfile: %w", err)
	}
	config.Authorize = func(ctx context.Context) (string, error) { return file.Header(ctx) }
	return config, nil
}

// notifyWarnings are about how Mitz is to tell this node of changes.
func (s Section) notifyWarnings() []string {
	w := s.Withdrawal
	warnings := w.unused()
	if w.NotifyURL == "" {
		return warnings
	}
	address, err := url.Parse(w.NotifyURL)
	if err != nil {
		return warnings // which is told as a problem
	}
	if !strings.HasSuffix(address.Path, notifyPath) {
		warnings = append(warnings, "withdrawal.notifyurl: does not end in "+notifyPath+", where this node takes notifications: they arrive only if a proxy puts that in the place of this path")
	}
	if s.Strict && isThisMachine(address.Hostname()) {
		warnings = append(warnings, "withdrawal.notifyurl: is an address of this machine alone, which Mitz cannot reach")
	}
	for _, system := range [][2]string{{"gatewaysystem", w.GatewaySystem}, {"sourcesystem", w.SourceSystem}} {
		if system[1] == "" {
			warnings = append(warnings, "withdrawal."+system[0]+": is not given, and Mitz may refuse subscriptions without it")
		}
	}
	return warnings
}

// unused warns of what is given and nothing is done with. Without an address nobody is
// subscribed, though Mitz may notify of subscriptions from before; without a key it cannot.
func (w Withdrawal) unused() (warnings []string) {
	for _, each := range []struct {
		key, needs string
		isUnused   bool
		because    string
	}{
		{"gatewaysystem", "notifyurl", w.GatewaySystem != "" && w.NotifyURL == "", "nobody is subscribed"},
		{"sourcesystem", "notifyurl", w.SourceSystem != "" && w.NotifyURL == "", "nobody is subscribed"},
		{"authorizationfile", "notifyurl", w.AuthorizationFile != "" && w.NotifyURL == "", "nobody is subscribed"},
		{"notifytruststorefile", "keyfile", w.NotifyTrustStoreFile != "" && w.KeyFile == "", "this node takes no notifications"},
		{"providercategories", "keyfile", len(w.ProviderCategories) > 0 && w.KeyFile == "", "this node takes no notifications"},
	} {
		if each.isUnused {
			warnings = append(warnings, fmt.Sprintf("withdrawal.%s: of no use without withdrawal.%s: %s", each.key, each.needs, each.because))
		}
	}
	return warnings
}

func isThisMachine(host string) bool {
	address := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || address.IsLoopback() || address.IsUnspecified()
}
