// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"strings"

	"github.com/nuts-foundation/nuts-node/auth/oauth"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// redactBSN replaces what has the form of a patient's number, and cuts what is long.
func redactBSN(text string) string { return redact.Text(text) }

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
