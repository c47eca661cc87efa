// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
)

func newLogger(active bool) (*logrus.Logger, *bytes.Buffer) {
	var isActive atomic.Bool
	isActive.Store(active)
	var out bytes.Buffer
	logger := logrus.New()
	logger.SetOutput(&out)
	logger.SetLevel(logrus.TraceLevel)
	logger.AddHook(NewHook(&isActive))
	return logger, &out
}

type (
	stringer  struct{ number string }
	hidden    struct{ Number string }
	marshaler struct{}
	bytesKind []byte
	textKind  string
	numeric   int64
	nilError  struct{ message string }
)

func (s stringer) String() string              { return s.number }
func (hidden) String() string                  { return "hidden" }
func (marshaler) MarshalJSON() ([]byte, error) { return []byte(`"` + testBSN + `"`), nil }
func (numeric) String() string                 { return "a number" }
func (e *nilError) Error() string              { return e.message }
func pointerTo(text string) *string            { return &text }
func linked(text string) map[string]*url.URL   { return map[string]*url.URL{"a": {Path: text}} }
func wrapped(text string) error                { return fmt.Errorf("wrapped: %w", errors.New(text)) }
func nested(value any) map[string]any          { return map[string]any{"a": []any{map[string]any{"b": value}}} }

func TestHookWhateverHoldsTheNumber(t *testing.T) {
	formatters := map[string]logrus.Formatter{"text": &logrus.TextFormatter{}, "JSON": &logrus.JSONFormatter{}}
	for name, value := range map[string]any{
		"a text": testBSN, "a kind of text": textKind(testBSN), "a pointer to a text": pointerTo(testBSN),
		"an error": errors.New(testBSN), "an error in an error": wrapped(testBSN), "joined errors": errors.Join(errors.New("a"), errors.New(testBSN)),
		"a stringer": stringer{testBSN}, "a pointer to a stringer": &stringer{testBSN}, "what a stringer hides": hidden{testBSN}, "a marshaler": marshaler{},
		"bytes": []byte(testBSN), "a kind of bytes": bytesKind(testBSN), "raw JSON": json.RawMessage(`{"a":"` + testBSN + `"}`),
		"lists of bytes": [][]byte{[]byte(testBSN)}, "a whole number": 900186021, "a kind of whole number": numeric(900186021), "an unsigned number": uint32(900186021),
		"a number with a point": 900186021.0, "a JSON number": json.Number(testBSN), "a URL": url.URL{RawQuery: testBSN}, "a pointer to a URL": &url.URL{Path: testBSN},
		"a list": []any{"a", testBSN}, "headers": map[string][]string{"Authorization": {testBSN}}, "a key of a map": map[string]int{testBSN: 1},
		"a nested text": nested(testBSN), "a nested number": nested(900186021.0), "a nested pointer": nested(pointerTo(testBSN)), "a map of pointers": linked(testBSN),
		"nested bytes": nested([]byte(testBSN)), "a structure": struct{ A, B any }{1, testBSN}, "an escaped text": url.QueryEscape("\"") + testBSN,
	} {
		for form, formatter := range formatters {
			t.Run(name+" as "+form, func(t *testing.T) {
				logger, out := newLogger(true)
				logger.SetFormatter(formatter)
				logger.WithField("field", value).Info("message")
				assert.NotContains(t, out.String(), testBSN)
				assert.NotContains(t, out.String(), "9.00186021e+08")
				assert.NotContains(t, out.String(), "57 48 48 49 56 54 48 50 49")
				assert.False(t, Holds(strings.ReplaceAll(out.String(), "field", "")), out.String())
			})
		}
	}
}

func TestHook(t *testing.T) {
	write := func(logger *logrus.Logger) {
		for _, level := range []logrus.Level{logrus.ErrorLevel, logrus.TraceLevel} {
			logger.WithFields(logrus.Fields{testBSN: "a key", "number": 12}).Log(level, "message about "+testBSN)
		}
	}
	t.Run("messages, keys and every level", func(t *testing.T) {
		logger, out := newLogger(true)
		write(logger)
		assert.NotContains(t, out.String(), testBSN)
		assert.Contains(t, out.String(), "message about [BSN]")
		assert.Contains(t, out.String(), "number=12")
		assert.Contains(t, out.String(), "a key")
	})
	t.Run("the stock node's log stays as it is", func(t *testing.T) {
		logger, out := newLogger(false)
		write(logger)
		assert.Contains(t, out.String(), testBSN)
	})
	t.Run("what holds no number keeps its type", func(t *testing.T) {
		logger, out := newLogger(true)
		logger.SetFormatter(&logrus.JSONFormatter{})
		logger.WithFields(logrus.Fields{"a": []int{1, 2}, "b": true, "c": nil, "d": 1.5, "took": time.Duration(900186021), "at": time.Unix(0, 900186021).UTC()}).Info("message")
		assert.Contains(t, out.String(), `"a":[1,2],"at":"1970-01-01T00:00:00.900186021Z","b":true,"c":null,"d":1.5`)
		assert.Contains(t, out.String(), `"took":900186021`)
	})
	t.Run("what cannot be printed stops nothing", func(t *testing.T) {
		logger, out := newLogger(true)
		var absent *nilError
		logger.WithFields(logrus.Fields{"a": make(chan int), "b": func() {}, "c": absent}).Info("message")
		assert.Contains(t, out.String(), "message")
	})
	t.Run("messages and fields are cut", func(t *testing.T) {
		logger, out := newLogger(true)
		long := strings.Repeat("a", 1<<20)
		logger.WithFields(logrus.Fields{"a": long, "b": errors.New(long), "c": []string{long}, "d": stringer{long}}).Info(long)
		assert.Less(t, out.Len(), 5*(MaxText+lookahead))
		assert.Equal(t, 5, strings.Count(out.String(), "[cut: 1024 KiB]"))
	})
}

// hostile are texts that keep a careless reader busy.
var hostile = map[string]string{
	"letters": "a", "digits": "9", "parts of a JWT": strings.Repeat("a", 20) + ".", "short parts": "aaaa.", "percents": "%", "escapes": "%39", "escapes of escapes": "%25",
	"backslashes": "\\", "character references": "&#57;", "references without end": "&#", "groups": "900.", "numbers": testBSN + " ", "numbers in base64": "OTAwMTg2MDIx",
	"digits in base64": "MDAw", "digits of another script": "９", "Chinese": "中", "no UTF-8": "\xff", "full-width, escaped": "%EF%BC%99",
}

// processorTime is what this process has used: how busy the machine is makes little difference.
func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestCostOfALongField holds the cost of one field of 1 MB against what the log itself needs
// for it. The least of some runs is taken, of both.
func TestCostOfALongField(t *testing.T) {
	least := func(run func()) time.Duration {
		least := time.Hour
		for range 5 {
			began := processorTime()
			run()
			least = min(least, processorTime()-began)
		}
		return least
	}
	for name, piece := range hostile {
		t.Run(name, func(t *testing.T) {
			long := strings.Repeat(piece, 1<<20/len(piece))
			stock, _ := newLogger(false)
			ours, _ := newLogger(true)
			alone := least(func() { stock.WithField("uri", long).Info("message") })
			redacted := least(func() { ours.WithField("uri", long).Info("message") })
			t.Logf("%v without, %v with", alone, redacted)
			assert.Less(t, redacted, max(alone, 20*time.Millisecond))
		})
	}
}

func BenchmarkText(b *testing.B) {
	texts := map[string]string{"honest": "/oauth2/hospital-east/token did:web:example.com:iam:123e4567-e89b-12d3-a456-426614174000"}
	for name, piece := range hostile {
		texts[name] = strings.Repeat(piece, 1<<20/len(piece))
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Text(text)
			}
		})
	}
}
