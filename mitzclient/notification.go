// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"errors"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/notification"
)

// MaxNotification is how large a notification may be, in bytes.
const MaxNotification = 1 << 20

// Notification is what Mitz tells a subscriber: what a patient permits and refuses at a data
// holder. It is no decision about a request: ask the closed query for that. It tells the whole
// of each data category that it names, so count a kind of care provider that it does not name
// there as not permitted. Of other categories it tells nothing.
//
// Who sent it, the notification does not prove: its sender is known by the connection, or by
// an address that only Mitz was told.
type Notification struct {
	Patient    consent.BSN
	DataHolder consent.DataHolder
	Changed    time.Time                      // when the youngest consent in it was given or withdrawn
	Categories map[consent.Category]Providers // for each data category that it names
}

// Providers are the kinds of care providers for whom the data of a category are permitted and
// refused. Each is in one of the two, once; both are sorted.
type Providers struct {
	Permitted, Refused []consent.ProviderCategory
}

// NotificationError says why a notification was refused. Its text is fixed by its code.
type NotificationError struct {
	Code string // stable and in snake_case, such as for a metric

	text string
}

// Error returns the code's fixed text.
func (e *NotificationError) Error() string { return e.text }

// NotificationCodes returns every code of a [NotificationError], in order.
func NotificationCodes() []string {
	var codes []string
	for _, code := range notification.Codes() {
		codes = append(codes, string(code))
	}
	slices.Sort(codes)
	return codes
}

// ReadNotification reads what Mitz posts to a subscriber: a FHIR R4 transaction Bundle in XML
// or JSON, as the header Content-Type says. What can be read in two ways is refused, and so is
// what it does not know and might change the meaning. The error is a [*NotificationError], and
// holds nothing of the message.
func ReadNotification(contentType string, body []byte) (Notification, error) {
	told, err := notification.Decode(fhirMedia(contentType), body)
	if refusal, ok := errors.AsType[*notification.Error](err); ok {
		return Notification{}, &NotificationError{Code: string(refusal.Code), text: refusal.Error()}
	}
	read := Notification{
		Patient: told.Patient, DataHolder: told.DataHolder, Changed: told.Changed,
		Categories: make(map[consent.Category]Providers, len(told.Categories)),
	}
	for category, providers := range told.Categories {
		read.Categories[category] = Providers(*providers)
	}
	return read, nil
}

// fhirMedia returns a media type without its parameters, or nothing when those say something
// else than FHIR R4 in UTF-8 (FHIR R4 section 3.1.0.1.10).
func fhirMedia(contentType string) string {
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	for name, value := range parameters {
		switch {
		case name == "charset" && strings.EqualFold(value, "utf-8"):
		case name == "fhirversion" && (value == "4.0" || value == "4.0.1"):
		default:
			return ""
		}
	}
	return media
}
