// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/tls"
	"errors"
	"math"
	"net/url"
	"strings"
	"time"
)

// Defaults of [Config].
const (
	DefaultTimeout          = 3 * time.Second
	DefaultMaxConnections   = 64
	DefaultQueriesPerMinute = 10
)

// Config says where Mitz is and how to reach it.
type Config struct {
	Endpoint       string        // base URL, such as https://mitz.example/tst-us/mitz
	Timeout        time.Duration // for one whole consult, all waiting and a retry included; 0 is DefaultTimeout
	Files          *TLSFiles     // what to load TLS from, see LoadTLS; a Link loads it again when it changes
	TLS            *tls.Config   // in place of Files; one of both is required with https, none without
	MaxConnections int           // consults and connections at once; consults beyond it wait; 0 is DefaultMaxConnections
	// QueriesPerMinute is how often a Link asks about one patient on behalf of one
	// requester, retries included; 0 is DefaultQueriesPerMinute.
	QueriesPerMinute int
	// Subscriptions is for what a Link does beside consults. It changes nothing of those.
	Subscriptions SubscriptionConfig
	// Registrations is for registering consents, likewise.
	Registrations RegistrationConfig
	// Locations is for the open query, likewise.
	Locations LocationConfig
}

// validate loads the files, fills the defaults and reports every problem, each naming its key. An
// http endpoint passes: whether it may be used is for the caller to judge.
func (c Config) validate() (Config, error) {
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New(text)) }

	c.Endpoint = strings.TrimRight(c.Endpoint, "/")
	endpoint, err := ParseEndpoint(c.Endpoint)
	switch {
	case err != nil:
		problems = append(problems, err)
	case endpoint.Scheme == "https" && c.TLS == nil && c.Files == nil:
		problem("tls: required with an https endpoint")
	case endpoint.Scheme == "http" && (c.TLS != nil || c.Files != nil):
		problem("tls: of no use with an http endpoint")
	}
	if c.TLS != nil && c.Files != nil {
		problem("tls: both ready and in files")
	} else if c.Files != nil {
		c.TLS, err = LoadTLS(*c.Files)
		problems = append(problems, err)
	}
	if c.Timeout < 0 {
		problem("timeout: negative")
	}
	if c.MaxConnections < 0 {
		problem("maxconnections: negative")
	}
	if c.QueriesPerMinute < 0 || c.QueriesPerMinute > math.MaxInt32 {
		problem("queriesperminute: negative, or more than can be counted")
	}
	c.Subscriptions, err = c.Subscriptions.validate()
	problems = append(problems, err)
	c.Registrations, err = c.Registrations.validate(endpoint)
	problems = append(problems, err)
	c.Locations, err = c.Locations.validate()
	problems = append(problems, err)
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = DefaultMaxConnections
	}
	if c.QueriesPerMinute == 0 {
		c.QueriesPerMinute = DefaultQueriesPerMinute
	}
	return c, errors.Join(problems...)
}

// ParseEndpoint reads a base URL of Mitz, https or http. The error does not repeat it: it may
// hold a password.
func ParseEndpoint(endpoint string) (*url.URL, error) {
	parsed, err := url.Parse(endpoint)
	switch {
	case endpoint == "":
		return nil, errors.New("endpoint: missing")
	case err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http":
		return nil, errors.New("endpoint: not a URL of the form https://host/path")
	case parsed.User != nil || parsed.RawQuery != "" || parsed.ForceQuery || strings.Contains(endpoint, "#"):
		return nil, errors.New("endpoint: only scheme, host and path")
	case endsInAService(endpoint):
		return nil, errors.New("endpoint: ends in the path of a service, which is added to it")
	default:
		return parsed, nil
	}
}

func endsInAService(endpoint string) bool {
	endpoint = strings.TrimRight(endpoint, "/")
	return strings.HasSuffix(endpoint, closedQueryPath) || strings.HasSuffix(endpoint, DefaultLocationPath)
}
