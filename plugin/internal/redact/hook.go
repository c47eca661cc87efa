// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
)

// Hook takes patients' numbers out of every line of a log while it is active. Add it before
// any hook that sends lines elsewhere.
type Hook struct {
	active *atomic.Bool
}

var _ logrus.Hook = Hook{}

// NewHook returns a hook that works while active is true.
func NewHook(active *atomic.Bool) Hook { return Hook{active} }

// Levels returns all of them.
func (Hook) Levels() []logrus.Level { return logrus.AllLevels }

// Fire changes the entry, which logrus made for this line alone.
func (h Hook) Fire(entry *logrus.Entry) error {
	if !h.active.Load() {
		return nil
	}
	entry.Message = Text(entry.Message)
	var renamed []string
	for key, value := range entry.Data {
		if redacted, changed := field(value); changed {
			entry.Data[key] = redacted
		}
		if Text(key) != key {
			renamed = append(renamed, key)
		}
	}
	for _, key := range renamed {
		entry.Data[Text(key)] = entry.Data[key]
		delete(entry.Data, key)
	}
	return nil
}

// field reports whether a value may not be logged as it is, and returns the text to log in its
// place.
func field(value any) (redacted string, changed bool) {
	texts := []string{""}
	switch value := value.(type) {
	case nil, bool, time.Time, time.Duration: // nanoseconds are nine digits, and nobody's number
		return "", false
	case string:
		texts[0] = value
	case error:
		texts[0] = fmt.Sprint(value) // and not Error(), which may panic
	default:
		texts = textsOf(value)
	}
	for _, text := range texts {
		if redacted := Text(text); redacted != text {
			return redacted, true
		}
	}
	return "", false
}

// textsOf returns the texts that a value may be printed as: the node's formatters use fmt or
// encoding/json, and what one hides the other may show (behind a pointer, or in a method).
func textsOf(value any) []string {
	kind := reflect.ValueOf(value)
	switch kind.Kind() {
	case reflect.Float32, reflect.Float64:
		return []string{strconv.FormatFloat(kind.Float(), 'f', -1, 64), fmt.Sprint(value)}
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return []string{numeral(kind), fmt.Sprint(value)}
	case reflect.Slice:
		if kind.Type().Elem().Kind() == reflect.Uint8 {
			return []string{string(kind.Bytes()), fmt.Sprint(value)}
		}
	}
	texts := []string{fmt.Sprint(value)}
	if encoded, err := json.Marshal(value); err == nil {
		texts = append(texts, string(encoded))
	}
	return texts
}

// numeral returns a whole number as it is, whatever its type prints.
func numeral(value reflect.Value) string {
	switch {
	case value.CanInt():
		return strconv.FormatInt(value.Int(), 10)
	case value.CanUint():
		return strconv.FormatUint(value.Uint(), 10)
	default:
		return ""
	}
}
