// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/subscription"
)

// The forms of FHIR, as media types.
const (
	FHIRXML  = subscription.MediaXML
	FHIRJSON = subscription.MediaJSON
)

// Defaults of [SubscriptionConfig].
const (
	DefaultSubscriptionPath    = "/abonnementen/fhir"
	DefaultSubscriptionTimeout = 10 * time.Second
	DefaultSubscriptionsAtOnce = 16
)

// SubscriptionConfig says how a [Link] subscribes. Its zero value is ready for use.
type SubscriptionConfig struct {
	Path    string        // of the FHIR service, under the endpoint; empty is DefaultSubscriptionPath
	Format  string        // of what is sent: FHIRXML, also when empty, or FHIRJSON
	Timeout time.Duration // for one call, all waiting and a retry included; 0 is DefaultSubscriptionTimeout
	// AtOnce is how many calls there are at once, and connections beside those of consults. One
	// data holder has at most half of them. 0 is DefaultSubscriptionsAtOnce.
	AtOnce int
	// PlainHTTP allows a NotifyURL of http, such as in a test.
	PlainHTTP bool
	// Authorize returns the header Authorization of one message, such as "SAML" and a signed
	// assertion in base64; nil: there is none. It is called before each message, and ends when
	// ctx does. When it fails, nothing is sent.
	Authorize func(ctx context.Context) (string, error)
}

var pathShape = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

// validate fills the defaults and reports every problem.
func (c SubscriptionConfig) validate() (SubscriptionConfig, error) {
	var problems []error
	problem := func(found bool, text string) {
		if found {
			problems = append(problems, errors.New(text))
		}
	}
	c.Path = cmp.Or(strings.TrimRight(c.Path, "/"), DefaultSubscriptionPath)
	c.Format = cmp.Or(c.Format, FHIRXML)
	problem(!pathShape.MatchString(c.Path), "subscriptions.path: not a path of the form /a/b")
	problem(c.Format != FHIRXML && c.Format != FHIRJSON, "subscriptions.format: neither FHIR XML nor FHIR JSON")
	problem(c.Timeout < 0, "subscriptions.timeout: negative")
	problem(c.AtOnce < 0, "subscriptions.atonce: negative")
	c.Timeout = cmp.Or(c.Timeout, DefaultSubscriptionTimeout)
	c.AtOnce = cmp.Or(c.AtOnce, DefaultSubscriptionsAtOnce)
	return c, errors.Join(problems...)
}

// budget is what subscriptions may spend on a [Link].
func (c SubscriptionConfig) budget() link.Budget {
	return link.Budget{Timeout: c.Timeout, AtOnce: c.AtOnce, Again: link.Harmless}
}
