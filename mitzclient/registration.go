// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/registration"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
)

// ConsentRegistration is a patient's permission that a care organisation recorded under the Mitz
// agreements, and that a data holder registers at Mitz. However it is printed, nothing of it
// shows.
type ConsentRegistration struct {
	ID             string // a uuid, by which Mitz recognises a registration that is sent again
	Patient        consent.BSN
	DataHolder     consent.DataHolder
	Categories     []consent.Category     // the patient permits to show these
	RequesterTypes []consent.FacilityType // to organisations of these types
	Requester      consent.URA            // that recorded it
	Professional   consent.Professional   // who recorded it
	RecordedAt     time.Time
	Identification string // how the patient was identified, such as wid: letters, digits, dots and dashes
	Agreement      string // the version of the Mitz agreements, such as 3.8, likewise
}

// Format prints "[registration]" for every verb and flag.
func (r ConsentRegistration) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[registration]") }

// LogValue returns "[registration]" to log/slog.
func (r ConsentRegistration) LogValue() slog.Value { return slog.StringValue("[registration]") }

// RegisterConsent registers a consent, as the transaction OTV-TR-0150 does. Mitz accepts it here:
// it is in force only later, see [Link.UnprocessedConsents]. The same again, under the same ID,
// changes nothing.
//
// It sends at most two messages, the second when the first failed in a way that may pass. The
// error is an [*Error]. With status 429 or 503 it may say when to try again.
func (l *Link) RegisterConsent(ctx context.Context, r ConsentRegistration) error {
	o := l.registrations
	if o == nil {
		return &Error{Code: InvalidRegistration, cause: errNoRegistrations}
	}
	request := registration.Request(r)
	if err := request.Validate(); err != nil {
		return &Error{Code: InvalidRegistration, cause: err}
	}
	message := wire.Message{
		URL: o.config.Endpoint + "/", ContentType: registration.Media + "; charset=utf-8", Accept: registration.Media,
		Body: registration.Encode(request),
	}
	return o.do(ctx, r.DataHolder.URA, message, func(body []byte) error { return registration.DecodeAnswer(body, request) })
}

// UnprocessedConsents returns how many consents that Mitz accepted for a data holder are not in
// force yet: its processing status. The error is an [*Error].
func (l *Link) UnprocessedConsents(ctx context.Context, dataHolder consent.URA) (unprocessed int, err error) {
	o := l.registrations
	if o == nil {
		return 0, &Error{Code: InvalidRegistration, cause: errNoRegistrations}
	}
	if _, err := consent.ParseURA(string(dataHolder)); err != nil {
		return 0, &Error{Code: InvalidRegistration, cause: errors.New("data holder: not a URA: eight digits")}
	}
	message := wire.Message{
		Method: http.MethodGet, URL: o.config.Endpoint + "/Consent/$processingStatus?providerid=" + url.QueryEscape(string(dataHolder)),
		Accept: registration.Media,
	}
	err = o.do(ctx, dataHolder, message, func(body []byte) (err error) {
		unprocessed, err = registration.DecodeStatus(body)
		return err
	})
	return unprocessed, err
}

// RegistrationCircuit says whether registrations reach Mitz, as [Link.Circuit] does for consults.
// The two have nothing to do with each other.
func (l *Link) RegistrationCircuit() CircuitState {
	if l.registrations == nil {
		return StateClosed
	}
	return CircuitState(l.registrations.State())
}

var errNoRegistrations = errors.New("the link has no endpoint for registrations")

// registrations is the operation of registering consents.
type registrations struct {
	*link.Operation
	config RegistrationConfig
	line   *wire.Line
}

// newRegistrations returns nil where there is no endpoint.
func newRegistrations(client *Client) *registrations {
	config := client.config.Registrations
	if config.Endpoint == "" {
		return nil
	}
	return &registrations{
		Operation: link.New(config.budget(), link.Hooks{}), config: config, line: client.peer.Line(config.AtOnce, nil),
	}
}

// do sends a message on behalf of a data holder, and reads the body of a good answer.
func (o *registrations) do(ctx context.Context, dataHolder consent.URA, m wire.Message, read func(body []byte) error) error {
	failure := o.Do(ctx, link.Call{
		By:   string(dataHolder),
		Send: func(ctx context.Context) *link.Failure { return o.send(ctx, m, read) },
	})
	if failure != nil {
		return errorOf(failure)
	}
	return nil
}

// send sends a message once.
func (o *registrations) send(ctx context.Context, m wire.Message, read func(body []byte) error) *link.Failure {
	m.RequestID = newRequestID()
	via := o.line.Connections()
	if via.Expired(time.Now()) {
		return &link.Failure{Code: link.TLS, Detail: "certificate_expired", RequestID: m.RequestID}
	}
	var failure *link.Failure
	if m.Authorization, failure = authorized(ctx, m.RequestID, o.config.Authorize); failure != nil {
		return failure
	}
	body, failure := o.line.Post(ctx, via, m)
	if failure == nil {
		if err := read(body); err != nil {
			failure = &link.Failure{Code: link.MalformedAnswer, Detail: "fhir", Cause: err}
		}
	}
	if failure != nil {
		failure.RequestID, failure.Attempts = m.RequestID, 1
		if failure.Code == link.HTTPStatus {
			failure.Detail = statusDetail(failure.Status, len(body) > 0)
		}
	}
	return failure
}
