// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consent

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// redacted is what every printed form of a BSN reads.
const redacted = "[BSN]"

// errBSN says what is wrong without repeating the value.
var errBSN = errors.New("not a BSN: nine digits that pass the eleven test")

// BSN is a patient's citizen service number ("burgerservicenummer"). However it
// is printed, logged or marshalled, it reads "[BSN]"; only [BSN.Expose] gives the
// digits. The zero value is no number.
//
// Compare with [BSN.Equal], not with ==.
type BSN struct {
	// A pointer, because fmt prints an unexported field without asking its
	// methods: of a BSN inside another type's unexported field only an address shows.
	digits *string
}

// ParseBSN reads nine digits that pass the eleven test (Besluit BSN, article 1:
// 9a+8b+7c+6d+5e+4f+3g+2h-i is a multiple of eleven). The error never holds the value.
func ParseBSN(s string) (BSN, error) {
	if !IsBSN(s) {
		return BSN{}, errBSN
	}
	return BSN{digits: &s}, nil
}

// IsBSN reports whether s has the form of a BSN: nine digits, not all zero, that
// pass the eleven test.
func IsBSN(s string) bool {
	if len(s) != 9 || s == "000000000" {
		return false
	}
	sum := 0
	for i := range 9 {
		digit := int(s[i]) - '0'
		if digit < 0 || digit > 9 {
			return false
		}
		weight := 9 - i
		if i == 8 {
			weight = -1
		}
		sum += weight * digit
	}
	return sum%11 == 0
}

// Expose returns the nine digits. It is for the encoders of messages to Mitz, for the
// claim that tells the local record server whom a token is about, for the audit log that
// NEN 7513 asks for, for what is encrypted until it is sent to Mitz again, and for what
// Mitz's simulator tells of itself, and for nothing else: a test keeps the list of its
// callers.
func (b BSN) Expose() string {
	if b.digits == nil {
		return ""
	}
	return *b.digits
}

// Keyed returns a hash of the number and of what is beside it, under a key (HMAC-SHA-256, RFC
// 2104): two are equal when both are, and without the key it tells nothing. It is for who
// must recognise a patient without knowing the number.
func (b BSN) Keyed(key [32]byte, beside string) [32]byte {
	mac := hmac.New(sha256.New, key[:])
	if b.digits != nil {
		_, _ = io.WriteString(mac, *b.digits)
	}
	_, _ = mac.Write([]byte{0})
	_, _ = io.WriteString(mac, beside)
	return [32]byte(mac.Sum(nil))
}

// IsZero reports whether there is no number.
func (b BSN) IsZero() bool { return b.digits == nil }

// Equal reports whether both are the same number. No number equals nothing, not
// even another absent one.
func (b BSN) Equal(other BSN) bool {
	return b.digits != nil && other.digits != nil && *b.digits == *other.digits
}

// IsIn reports whether the number stands in a text, as nine digits in a row. Nothing of the text is
// kept.
func (b BSN) IsIn(text string) bool { return b.digits != nil && strings.Contains(text, *b.digits) }

// Format prints "[BSN]" for every verb and flag.
func (b BSN) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String returns "[BSN]".
func (b BSN) String() string { return redacted }

// MarshalText returns "[BSN]"; it also serves encoding/json and encoding/xml.
func (b BSN) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[BSN]" to log/slog.
func (b BSN) LogValue() slog.Value { return slog.StringValue(redacted) }
