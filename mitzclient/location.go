// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/location"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/saml"
)

// Locator asks Mitz where data of a patient are that a requester may see. A call may be made
// from many goroutines; it ends when ctx does. An error is an [*Error].
type Locator interface {
	Locate(ctx context.Context, q consent.LocationQuery) (Locations, error)
}

var _ Locator = (*Link)(nil)

// Locations is what Mitz answered to a [consent.LocationQuery].
type Locations struct {
	// RequestID is the uuid under which Mitz knows the query, as in [Answer]. Beside an error it
	// is set too.
	RequestID string
	Attempts  int // how many queries were begun, as in [Answer]
	// Locations are in the order of the answer. There are none where no data holder may share
	// with the requester, or none has data: Mitz does not tell which.
	Locations []Location
}

// Location is where data of the patient are that the requester may see. The same source may
// occur for several data holders.
type Location struct {
	Gateway    string // OID, with dots, of the system by which the data are reached
	Source     string // OID, with dots, of the system in which they are; empty: not told
	DataHolder consent.URA
	Categories []consent.Category // what may be seen, none twice; empty: not told
}

// Locate asks the open query (IHE XCPD, Patient Location Query): which data holders may share a
// patient's data with a requester. It needs an issuer, see [LocationConfig].
//
// Every query is recorded and shown to the patient: a [Trace] is told of each before it leaves.
// It sends at most two queries, the second only when the first failed in passing. It has limits
// and a circuit of its own: what becomes of it changes nothing of [Link.Consult].
func (l *Link) Locate(ctx context.Context, q consent.LocationQuery) (Locations, error) {
	o := l.locations
	if err := o.validate(q); err != nil {
		return Locations{}, &Error{Code: InvalidQuestion, cause: err}
	}
	var found Locations
	failure := o.Do(ctx, link.Call{
		By: string(q.Requester.URA), About: q.Patient,
		Send:      func(ctx context.Context) *link.Failure { return o.ask(ctx, q, &found) },
		Repeating: func(failed *link.Failure) { ContextTrace(ctx).retrying(errorOf(failed)) },
	})
	if failure != nil {
		return Locations{RequestID: failure.RequestID, Attempts: failure.Attempts}, errorOf(failure)
	}
	return found, nil
}

// LocationCircuit says whether open queries reach Mitz, as [Link.Circuit] does for consults. The
// two have nothing to do with each other.
func (l *Link) LocationCircuit() CircuitState { return CircuitState(l.locations.State()) }

const locationContentType = mediaType + `; charset=UTF-8; action="` + location.ActionRequest + `"`

// locations is the operation of asking the open query ("open autorisatievraag").
type locations struct {
	*link.Operation
	inquiry
	issuer string
	signer *saml.Signer // nil: assertions are not signed
	now    func() time.Time
	random io.Reader
}

func newLocations(client *Client, overdue func()) *locations {
	config := client.config.Locations
	return &locations{
		Operation: link.New(config.budget(), link.Hooks{}),
		inquiry: inquiry{
			url: client.config.Endpoint + config.Path, contentType: locationContentType,
			line: client.peer.Line(config.AtOnce, overdue), timeout: config.Timeout,
		},
		issuer: config.Issuer, signer: config.signer, now: time.Now, random: rand.Reader,
	}
}

func (o *locations) validate(q consent.LocationQuery) error {
	if o.issuer == "" {
		return errors.New("no issuer is configured, by which the organisation says who asks")
	}
	return q.Validate()
}

// ask sends one query, and fills what was found. It is called once more for a query that is sent
// again: each has an assertion of its own.
func (o *locations) ask(ctx context.Context, q consent.LocationQuery, found *Locations) *link.Failure {
	id := newRequestID()
	message, err := o.encode(id, q)
	if err != nil {
		return &link.Failure{Code: link.Code(InvalidQuestion), RequestID: id, Cause: err}
	}
	return o.send(ctx, id, message, func() {
		found.RequestID = id
		found.Attempts++
	}, func(body []byte) *link.Failure {
		response, err := location.DecodeResponse(body)
		if err != nil {
			return unreadable(err)
		}
		located, err := response.Match(id, q.Patient)
		found.Locations = make([]Location, 0, len(located))
		for _, each := range located {
			found.Locations = append(found.Locations, Location(each))
		}
		return mismatched(err)
	})
}

// encode writes the message, with an assertion of who asks.
func (o *locations) encode(id string, q consent.LocationQuery) ([]byte, error) {
	assertionID, err := saml.NewID(o.random)
	if err != nil {
		return nil, err
	}
	assertion, err := saml.Encode(saml.Assertion{
		ID: assertionID, Issuer: o.issuer, IssuedAt: o.now(), Requester: q.Requester, Purpose: q.Purpose,
	})
	if err == nil && o.signer != nil {
		assertion, err = o.signer.Sign(assertion)
	}
	if err != nil {
		return nil, err
	}
	return location.EncodeRequest(location.Header{MessageID: id, To: o.url, Assertion: assertion}, q.Patient)
}
