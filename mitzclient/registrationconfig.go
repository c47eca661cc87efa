// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
)

// How registering consents is bounded when nothing is configured.
const (
	DefaultRegistrationTimeout = 30 * time.Second
	DefaultRegistrationsAtOnce = 4
)

// RegistrationConfig says how a [Link] registers consents. The zero value is one that does not.
// It has a budget of its own: whatever becomes of a registration, consults do not notice.
type RegistrationConfig struct {
	// Endpoint is the base URL of Mitz's FHIR service for consents, which is reached with the
	// TLS files of the Link, and so has the scheme of its endpoint. Empty: there is none.
	Endpoint string
	Timeout  time.Duration // for one call, all waiting and a retry included; 0 is DefaultRegistrationTimeout
	// AtOnce is how many calls there are at once, and connections beside those of others. One
	// data holder has at most half of them. 0 is DefaultRegistrationsAtOnce.
	AtOnce int
	// Authorize returns the header Authorization of one message, see
	// [SubscriptionConfig.Authorize]; nil: there is none.
	Authorize func(ctx context.Context) (string, error)
}

func (c RegistrationConfig) validate(endpoint *url.URL) (RegistrationConfig, error) {
	var problems []error
	c.Endpoint = strings.TrimRight(c.Endpoint, "/")
	if c.Endpoint != "" {
		parsed, err := ParseEndpoint(c.Endpoint)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("registrations.%w", err))
		case endpoint != nil && parsed.Scheme != endpoint.Scheme:
			problems = append(problems, errors.New("registrations.endpoint: not of the scheme of the endpoint, with which it shares its TLS"))
		}
	}
	if c.Timeout < 0 {
		problems = append(problems, errors.New("registrations.timeout: negative"))
	}
	if c.AtOnce < 0 {
		problems = append(problems, errors.New("registrations.atonce: negative"))
	}
	c.Timeout = cmp.Or(c.Timeout, DefaultRegistrationTimeout)
	c.AtOnce = cmp.Or(c.AtOnce, DefaultRegistrationsAtOnce)
	return c, errors.Join(problems...)
}

// budget has no message sent again. Consent may have been withdrawn since the first: who calls
// looks, and calls again.
func (c RegistrationConfig) budget() link.Budget {
	return link.Budget{Timeout: c.Timeout, AtOnce: c.AtOnce}
}
