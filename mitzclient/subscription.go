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
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/subscription"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
)

// Subscription asks Mitz to tell a data holder when a patient's consent changes. It also
// registers the organisation with Mitz as a data holder of this patient. However it is printed,
// nothing of it shows.
type Subscription struct {
	Patient    consent.BSN
	BirthDate  string // of the patient: 1980-01-31, or the month or year alone; empty when it is not known
	DataHolder consent.DataHolder
	// The systems of the data holder, as OIDs with dots: by which Mitz reaches it, and in
	// which the data are. Empty: it is not named. The public clients that were seen to run name
	// both, and Mitz may refuse what names none.
	GatewaySystem, SourceSystem string
	// NotifyURL is to which Mitz posts notifications, see [ReadNotification]. Who knows it can
	// post there too: give each subscription one that cannot be guessed. It may not hold the
	// patient's number.
	NotifyURL string
	Payload   string // the form of a notification: FHIRXML, also when empty, or FHIRJSON
}

// IsBirthDate reports whether s is a birth date as a [Subscription] can have it.
func IsBirthDate(s string) bool { return subscription.IsDate(s) }

// IsOID reports whether s is an OID with dots, as the systems of a [Subscription] are.
func IsOID(s string) bool { return subscription.IsOID(s) }

// CheckNotifyURL says what is wrong with an address to which Mitz is to post; nil: a
// [Subscription] may have it. plainHTTP allows one of http. The error does not repeat it.
func CheckNotifyURL(address string, plainHTTP bool) error {
	return subscription.CheckNotifyURL(address, plainHTTP)
}

// Format prints "[subscription]" for every verb and flag.
func (s Subscription) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[subscription]") }

// LogValue returns "[subscription]" to log/slog.
func (s Subscription) LogValue() slog.Value { return slog.StringValue("[subscription]") }

// Subscribe subscribes a data holder to a patient's consent, and returns the id by which Mitz
// knows the subscription. The same again gives the same id. Mitz accepts it here; it may be in
// force only later.
//
// It sends at most two messages, the second when the first failed in a way that may pass: to
// subscribe twice does no harm. The error is an [*Error]. With status 429 or 503 it may say when
// to try again.
func (l *Link) Subscribe(ctx context.Context, s Subscription) (id string, err error) {
	if s.Payload == "" {
		s.Payload = FHIRXML
	}
	request := subscription.Request(s)
	o := l.subscriptions
	if err := request.Validate(o.config.PlainHTTP); err != nil {
		return "", &Error{Code: InvalidSubscription, cause: err}
	}
	message := wire.Message{
		URL: o.url, ContentType: o.config.Format + "; charset=utf-8", Accept: o.config.Format,
		Body: subscription.Encode(o.config.Format, request),
	}
	failure := o.Do(ctx, link.Call{
		By: string(s.DataHolder.URA),
		Send: func(ctx context.Context) *link.Failure {
			return o.send(ctx, message, func(header http.Header) *link.Failure {
				var err error
				if id, err = request.ID(header["Location"]); err != nil {
					return &link.Failure{Code: link.MalformedAnswer, Detail: "location", Cause: err}
				}
				return nil
			}, http.StatusAccepted, http.StatusCreated)
		},
	})
	if failure != nil {
		return "", errorOf(failure)
	}
	return id, nil
}

// EndSubscription ends the subscription of this id. It sends at most two messages, as
// [Link.Subscribe] does. A subscription that Mitz does not know is an error: [HTTPStatus] with
// detail "not_found". It is "not_fhir" when that answer is not in FHIR: something before Mitz can
// have given it, and the subscription can still be there.
func (l *Link) EndSubscription(ctx context.Context, id string) error {
	if !subscription.IsID(id) {
		return &Error{Code: InvalidSubscription, cause: errors.New("id: not one of a subscription")}
	}
	o := l.subscriptions
	message := wire.Message{Method: http.MethodDelete, URL: o.url + "/" + id, Accept: o.config.Format}
	again := false
	failure := o.Do(ctx, link.Call{
		Send: func(ctx context.Context) *link.Failure {
			failure := o.send(ctx, message, nil, http.StatusNoContent, http.StatusOK, http.StatusAccepted)
			// The first message may have arrived and its answer not: then the second finds nothing.
			if again && failure != nil && failure.Detail == detailNotFound {
				return nil
			}
			return failure
		},
		Repeating: func(*link.Failure) { again = true },
	})
	if failure != nil {
		return errorOf(failure)
	}
	return nil
}

// SubscriptionCircuit says whether subscriptions reach Mitz, as [Link.Circuit] does for
// consults. The two have nothing to do with each other.
func (l *Link) SubscriptionCircuit() CircuitState {
	return CircuitState(l.subscriptions.State())
}

// subscriptions is the operation of subscribing and of ending that.
type subscriptions struct {
	*link.Operation
	config SubscriptionConfig
	url    string
	line   *wire.Line
}

func newSubscriptions(client *Client) *subscriptions {
	config := client.config.Subscriptions
	return &subscriptions{
		Operation: link.New(config.budget(), link.Hooks{}),
		config:    config, url: client.config.Endpoint + config.Path + "/Subscription",
		line: client.peer.Line(config.AtOnce, nil),
	}
}

// send sends a message once; read reads a good answer's header, and may be nil.
func (o *subscriptions) send(ctx context.Context, m wire.Message, read func(http.Header) *link.Failure, good ...int) *link.Failure {
	m.RequestID = newRequestID()
	via := o.line.Connections()
	if via.Expired(time.Now()) {
		return &link.Failure{Code: link.TLS, Detail: "certificate_expired", RequestID: m.RequestID}
	}
	var failure *link.Failure
	if m.Authorization, failure = authorized(ctx, m.RequestID, o.config.Authorize); failure != nil {
		return failure
	}
	header, failure := o.line.Change(ctx, via, m, good...)
	if failure == nil && read != nil {
		failure = read(header)
	}
	if failure != nil {
		failure.RequestID, failure.Attempts = m.RequestID, 1
		if failure.Code == link.HTTPStatus {
			failure.Detail = statusDetail(failure.Status, failure.IsFHIR)
		}
	}
	return failure
}

// authorized returns the header Authorization of a message, empty where nobody makes one.
func authorized(ctx context.Context, requestID string, authorize func(context.Context) (string, error)) (string, *link.Failure) {
	if authorize == nil {
		return "", nil
	}
	authorization, err := authorize(ctx)
	switch {
	case ctx.Err() != nil:
		return "", link.Ended(ctx, "authorization")
	case err != nil:
		return "", &link.Failure{Code: link.Code(NoAuthorization), RequestID: requestID, Cause: err}
	case !isHeader(authorization):
		return "", &link.Failure{Code: link.Code(NoAuthorization), Detail: "form", RequestID: requestID}
	default:
		return authorization, nil
	}
}

const maxAuthorization = 64 << 10

// isHeader reports whether a header may have this value (RFC 9110, section 5.5).
func isHeader(value string) bool {
	return value != "" && len(value) <= maxAuthorization &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}

const (
	detailNotFound = "not_found"
	detailNotFHIR  = "not_fhir"
)

// statusDetail says what a status of an answer means, by the ones that Mitz's guide names: each
// with an OperationOutcome. A proxy in maintenance, or another path, gives some of them too.
func statusDetail(status int, isFHIR bool) string {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
		if !isFHIR {
			return detailNotFHIR
		}
	}
	switch status {
	case http.StatusBadRequest:
		return "bad_request"
	case http.StatusUnauthorized, http.StatusForbidden:
		return "unauthorized"
	case http.StatusNotFound, http.StatusGone:
		return detailNotFound
	case http.StatusUnprocessableEntity:
		return "unprocessable"
	case http.StatusTooManyRequests:
		return "throttled"
	}
	if status >= http.StatusInternalServerError {
		return "unavailable"
	}
	return ""
}
