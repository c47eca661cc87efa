// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscription

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Request is what a subscription asks for.
type Request struct {
	Patient                     consent.BSN
	BirthDate                   string // of the patient, as FHIR writes a date; empty: not known
	DataHolder                  consent.DataHolder
	GatewaySystem, SourceSystem string // OIDs, dotted; empty: it is not named
	NotifyURL                   string // to which Mitz posts
	Payload                     string // the media type of what it posts
}

const (
	maxOID = 128
	maxURL = 2048
)

var (
	oidShape = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]*))+$`)
	urlShape = regexp.MustCompile(`^[!-~]+$`) // visible ASCII: others write the rest in several ways
)

// Validate reports every problem of a request, without its value. A plain address is one of
// http.
func (r Request) Validate(plain bool) error {
	var problems []error
	problem := func(found bool, text string) {
		if found {
			problems = append(problems, errors.New(text))
		}
	}
	_, uraErr := consent.ParseURA(string(r.DataHolder.URA))
	_, typeErr := consent.ParseFacilityType(string(r.DataHolder.FacilityType))
	problem(r.Patient.IsZero(), "patient: missing")
	problem(r.BirthDate != "" && !IsDate(r.BirthDate), "birth date: not a year, month or day")
	problem(uraErr != nil, "data holder: not a URA: eight digits")
	problem(typeErr != nil, "data holder: not an organisation type")
	problem(r.GatewaySystem != "" && !IsOID(r.GatewaySystem), "gateway system: not an OID")
	problem(r.SourceSystem != "" && !IsOID(r.SourceSystem), "source system: not an OID")
	problem(r.Payload != MediaXML && r.Payload != MediaJSON, "payload: neither FHIR XML nor FHIR JSON")
	if err := CheckNotifyURL(r.NotifyURL, plain); err != nil {
		problems = append(problems, fmt.Errorf("notify URL: %w", err))
	}
	problem(r.names(r.NotifyURL), "notify URL: holds the patient's number")
	return errors.Join(problems...)
}

// IsDate reports whether s is a date as FHIR has them (FHIR R4 section 2.24.0.1): of some
// patients only the year is known.
func IsDate(s string) bool {
	for _, layout := range []string{"2006", "2006-01", time.DateOnly} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// IsOID reports whether s is an OID, dotted.
func IsOID(s string) bool { return len(s) <= maxOID && oidShape.MatchString(s) }

// CheckNotifyURL says what is wrong with an address to which Mitz is to post, without its value.
// A plain address is one of http.
func CheckNotifyURL(address string, plain bool) error {
	parsed, err := url.Parse(address)
	switch {
	case address == "":
		return errors.New("missing")
	case err != nil || len(address) > maxURL || !urlShape.MatchString(address) || parsed.Hostname() == "":
		return errors.New("not a URL of the form https://host/path")
	case parsed.User != nil || parsed.RawQuery != "" || parsed.ForceQuery || strings.Contains(address, "#"):
		return errors.New("only scheme, host and path")
	case parsed.Scheme == "https", parsed.Scheme == "http" && plain:
		return nil
	default:
		return errors.New("not https")
	}
}
