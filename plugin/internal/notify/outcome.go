// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"cmp"
	"net/http"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// Outcome is how a notification ended: a stable code, which metrics carry. Beside those of this
// package there are the codes of a [mitzclient.NotificationError].
type Outcome string

// The outcomes.
const (
	Accepted        Outcome = "accepted"         // what is not permitted any more has ended
	UnknownPath     Outcome = "unknown_path"     // the path is none of ours, or of no data holder of ours
	NoCertificate   Outcome = "no_certificate"   // without the client certificate that is wanted
	Mismatch        Outcome = "mismatch"         // about another patient or data holder than the path
	Guessing        Outcome = "guessing"         // after many by the path that were about others
	TooLarge        Outcome = "too_large"        // more than mitzclient.MaxNotification
	Incomplete      Outcome = "incomplete"       // the sender hung up, or took too long
	ContentEncoding Outcome = "content_encoding" // compressed
	Busy            Outcome = "busy"             // too many at once
	NotRunning      Outcome = "not_running"      // the node starts or stops
	Failed          Outcome = "failed"           // the session database did not answer: tokens may live
	Panicked        Outcome = "panic"            // while it was handled
)

// Codes of the client's that are used here too.
const (
	unknownMediaType Outcome = "unknown_media_type" // in another form than FHIR's
	malformed        Outcome = "malformed"
)

// Outcomes returns all of them.
func Outcomes() []Outcome {
	all := []Outcome{
		Accepted, UnknownPath, NoCertificate, Mismatch, Guessing, TooLarge, Incomplete, ContentEncoding, Busy, NotRunning, Failed, Panicked,
	}
	for _, code := range mitzclient.NotificationCodes() {
		all = append(all, Outcome(code))
	}
	return all
}

// reply is what an outcome is answered with.
type reply struct {
	status int
	issue  string // the kind of the problem (FHIR R4, value set issue-type)
	text   string
	later  bool // the same may be sent again
}

// replies has those that are not malformed.
var replies = map[Outcome]reply{
	Accepted:         {status: http.StatusCreated},
	UnknownPath:      {http.StatusNotFound, "not-found", "there is no such subscription", false},
	NoCertificate:    {http.StatusForbidden, "forbidden", "a client certificate is wanted, and this is none that is accepted", false},
	Mismatch:         {http.StatusNotFound, "not-found", "there is no such subscription: the notification is about another patient or data holder", false},
	Guessing:         {http.StatusServiceUnavailable, "throttled", "too many notifications about another patient or data holder", true},
	TooLarge:         {http.StatusRequestEntityTooLarge, "too-long", "the notification is larger than 1 MiB", false},
	Incomplete:       {http.StatusBadRequest, "incomplete", "the notification did not arrive completely, or not in time", false},
	ContentEncoding:  {http.StatusUnsupportedMediaType, "not-supported", "a notification may not be compressed", false},
	unknownMediaType: {http.StatusUnsupportedMediaType, "not-supported", "a notification is application/fhir+xml or application/fhir+json", false},
	Busy:             {http.StatusServiceUnavailable, "throttled", "too many notifications at once", true},
	NotRunning:       {http.StatusServiceUnavailable, "transient", "the node starts or stops", true},
	Failed:           {http.StatusServiceUnavailable, "transient", "what the notification says could not be done", true},
	Panicked:         {http.StatusInternalServerError, "exception", "what the notification says could not be done", true},
}

// reply returns what is answered. A notification that is malformed is refused in the words of
// its code, which repeat nothing of it.
func (o Outcome) reply(refusal error) reply {
	if known, found := replies[o]; found {
		return known
	}
	text := "the notification cannot be understood"
	if refusal != nil {
		text = cmp.Or(refusal.Error(), text)
	}
	return reply{status: http.StatusBadRequest, issue: "invalid", text: text}
}
