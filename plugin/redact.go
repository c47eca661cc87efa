// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// What a patient's number can look like in a log. The node logs URLs, quoted texts and
// whole credentials, so a number can stand behind an escape, be escaped itself, be
// written with separators, or be inside a JWT.
var (
	digitRun     = regexp.MustCompile(`[0-9]+`)
	escapedRun   = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|[0-9]+`)
	encodedRun   = regexp.MustCompile(`(?:(?:%3)?[0-9])+`)
	separatedRun = regexp.MustCompile(`\b[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{3}\b|\b[0-9]{4}[ .-][0-9]{2}[ .-][0-9]{3}\b`)
	separators   = strings.NewReplacer(" ", "", ".", "", "-", "", "%3", "")
	jwtRun       = regexp.MustCompile(`[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]{20,}){1,4}(?:\.[A-Za-z0-9_-]*){0,3}`)
)

// leastJWT is the length of the shortest text in which jwtRun finds anything: most
// fields of a log line are shorter.
const leastJWT = 20 + 1 + 20

// redactBSN replaces what has the form of a patient's number: nine digits, no more,
// that pass the eleven test. One in eleven other nine-digit numbers is replaced too. A
// JWT is replaced as a whole.
func redactBSN(text string) string {
	if len(text) >= leastJWT {
		text = jwtRun.ReplaceAllLiteralString(text, "[JWT]")
	}
	if !mayHoldNumber(text) {
		return text
	}
	for _, run := range []*regexp.Regexp{digitRun, escapedRun, encodedRun, separatedRun} {
		text = run.ReplaceAllStringFunc(text, func(match string) string {
			if consent.IsBSN(separators.Replace(match)) {
				return consent.BSN{}.String()
			}
			return match
		})
	}
	return text
}

// mayHoldNumber tells whether there are nine digits with nothing but separators between
// them. It is quick: nearly every field of a log line has none.
func mayHoldNumber(text string) bool {
	digits := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c != ' ' && c != '.' && c != '-' && c != '%':
			digits = 0
		}
		if digits >= 9 {
			return true
		}
	}
	return false
}

// redactionHook is the safety net under the whole node's log: the node itself logs
// what requesters send (a URL, a scope, a claim in an error), and no patient's number
// may be among it. What this software logs holds none to begin with.
type redactionHook struct {
	active *atomic.Bool
}

var _ logrus.Hook = redactionHook{}

func (redactionHook) Levels() []logrus.Level { return logrus.AllLevels }

// Fire changes the entry, which logrus made for this line alone.
func (h redactionHook) Fire(entry *logrus.Entry) error {
	if !h.active.Load() {
		return nil
	}
	entry.Message = redactBSN(entry.Message)
	for key, value := range entry.Data {
		text := textOf(value)
		if redacted := redactBSN(text); redacted != text {
			entry.Data[key] = redacted
		}
		if redacted := redactBSN(key); redacted != key {
			entry.Data[redacted] = entry.Data[key]
			delete(entry.Data, key)
		}
	}
	return nil
}

// textOf gives the text that a field may be printed as.
func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []byte:
		return string(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case error:
		return value.Error()
	default:
		return fmt.Sprint(value)
	}
}

// standardLog takes what libraries write to Go's standard log, which no hook sees, into the
// node's own. What net/http quotes there of an answer that nobody asked for is left out.
type standardLog struct{}

func (standardLog) Write(line []byte) (int, error) {
	text, _, _ := strings.Cut(string(line), " starting with ")
	log().Warn(strings.TrimSpace(text))
	return len(line), nil
}

// withoutBSN replaces an error of the node that repeats a patient's number, which
// it does with what a requester sent.
func withoutBSN(err error) error {
	if err == nil || redactBSN(err.Error()) == err.Error() {
		return err
	}
	withheld := oauth.OAuth2Error{Code: oauth.ServerError, Description: "details withheld: they may hold a patient's number"}
	var oauthErr oauth.OAuth2Error
	if errors.As(err, &oauthErr) {
		withheld.Code, withheld.RedirectURI = oauthErr.Code, oauthErr.RedirectURI
	}
	return withheld
}

// configLine finds a setting of ours that looks like a secret in the configuration
// that the node logs when it starts.
var configLine = regexp.MustCompile(`(?m)^(mitz\.\S+) -> .*$`)

// secretHook keeps a secret out of the log that an operator put into the mitz
// section by mistake: the node logs its configuration before an engine can refuse it.
type secretHook struct{}

var _ logrus.Hook = secretHook{}

func (secretHook) Levels() []logrus.Level { return logrus.AllLevels }

func (secretHook) Fire(entry *logrus.Entry) error {
	if !strings.HasPrefix(entry.Message, "Config:") {
		return nil
	}
	entry.Message = configLine.ReplaceAllStringFunc(entry.Message, func(line string) string {
		key, _, _ := strings.Cut(line, " -> ")
		if strings.HasSuffix(key, "file") || !secretKey.MatchString(key) {
			return line
		}
		return key + " -> (redacted)"
	})
	return nil
}
