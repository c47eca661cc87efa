// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// digitRuns finds what could be a patient's number in a text.
var digitRuns = regexp.MustCompile(`[0-9]+`)

// redactBSN replaces what has the form of a patient's number: nine digits, no more,
// that pass the eleven test. One in eleven other nine-digit numbers is replaced too.
func redactBSN(text string) string {
	return digitRuns.ReplaceAllStringFunc(text, func(run string) string {
		if consent.IsBSN(run) {
			return consent.BSN{}.String()
		}
		return run
	})
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
		switch value := value.(type) {
		case string:
			entry.Data[key] = redactBSN(value)
		case bool, int, int64, float64:
		default:
			if text := fmt.Sprint(value); redactBSN(text) != text {
				entry.Data[key] = redactBSN(text)
			}
		}
	}
	return nil
}

// withoutBSN replaces an error of the node that repeats a patient's number, which
// it does with what a requester sent.
func withoutBSN(err error) error {
	if err == nil || redactBSN(err.Error()) == err.Error() {
		return err
	}
	withheld := oauth.OAuth2Error{Code: oauth.ServerError, Description: "details withheld: they hold a patient's number"}
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
