// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"cmp"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/saml"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/tlsfile"
)

// Defaults of [LocationConfig].
const (
	DefaultLocationPath    = "/openautorisatievraag"
	DefaultLocationTimeout = 10 * time.Second
	DefaultLocationsAtOnce = 16
)

// LocationConfig says how a [Link] asks the open query. Its zero value asks none.
type LocationConfig struct {
	// Issuer is the organisation that says who asks: an https URL, or urn:oid: and an OID.
	// Without one, [Link.Locate] fails with [InvalidQuestion].
	Issuer string
	// Certificate is the one, with its RSA key, with which the organisation signs what it says;
	// nil: it does not sign. See [LoadSigning].
	Certificate *tls.Certificate
	Path        string        // of the service, under the endpoint; empty is DefaultLocationPath
	Timeout     time.Duration // for one call, all waiting and a retry included; 0 is DefaultLocationTimeout
	// AtOnce is how many calls there are at once, and connections beside those of consults. One
	// requester has at most half of them. 0 is DefaultLocationsAtOnce.
	AtOnce int
	// QueriesPerMinute is how often a Link asks about one patient on behalf of one requester,
	// retries included; 0 is DefaultQueriesPerMinute.
	QueriesPerMinute int

	signer *saml.Signer // made of Certificate
}

// CheckIssuer says what is wrong with the name of an organisation that a [LocationConfig] can
// have; nil: nothing. The error does not repeat it.
func CheckIssuer(issuer string) error { return saml.CheckIssuer(issuer) }

// LoadSigning reads the certificate and key with which an organisation signs, in one PEM file,
// the key RSA and not encrypted. The error names no configuration key.
func LoadSigning(file string) (tls.Certificate, error) { return tlsfile.Signing(file) }

// validate fills the defaults and reports every problem.
func (c LocationConfig) validate() (LocationConfig, error) {
	var problems []error
	problem := func(found bool, text string) {
		if found {
			problems = append(problems, errors.New(text))
		}
	}
	c.Path = cmp.Or(strings.TrimRight(c.Path, "/"), DefaultLocationPath)
	problem(!pathShape.MatchString(c.Path), "locations.path: not a path of the form /a/b")
	problem(c.Timeout < 0, "locations.timeout: negative")
	problem(c.AtOnce < 0, "locations.atonce: negative")
	problem(c.QueriesPerMinute < 0 || c.QueriesPerMinute > math.MaxInt32, "locations.queriesperminute: negative, or more than can be counted")
	if c.Issuer != "" {
		if err := CheckIssuer(c.Issuer); err != nil {
			problems = append(problems, fmt.Errorf("locations.issuer: %w", err))
		}
	}
	if c.Certificate != nil {
		key, isRSA := c.Certificate.PrivateKey.(*rsa.PrivateKey)
		if isRSA && len(c.Certificate.Certificate) > 0 {
			c.signer = saml.NewSigner(key, c.Certificate.Certificate[0])
		} else {
			problem(true, "locations.certificate: a certificate with an RSA key is needed to sign")
		}
	}
	c.Timeout = cmp.Or(c.Timeout, DefaultLocationTimeout)
	c.AtOnce = cmp.Or(c.AtOnce, DefaultLocationsAtOnce)
	c.QueriesPerMinute = cmp.Or(c.QueriesPerMinute, DefaultQueriesPerMinute)
	return c, errors.Join(problems...)
}

// budget is what open queries may spend on a [Link]. One changes nothing at Mitz, so it is asked
// again when it failed in passing.
func (c LocationConfig) budget() link.Budget {
	return link.Budget{Timeout: c.Timeout, AtOnce: c.AtOnce, PerMinute: c.QueriesPerMinute, Again: link.InPassing}
}
