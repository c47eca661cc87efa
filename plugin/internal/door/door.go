// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"errors"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"
)

// Door stands before the handlers of the node's OAuth endpoints.
type Door struct {
	rules   Rules
	refused func(Reason)
}

// New makes a door with these rules. It calls refused for each request that it refuses.
func New(rules Rules, refused func(Reason)) *Door { return &Door{rules: rules, refused: refused} }

// Before gives a handler that is called only for what the door lets through. A refusal is
// an [oauth.OAuth2Error].
func (d *Door) Before(handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		// As the node sets it for its own errors, for those that come before.
		c.Set(core.ErrorWriterContextKey, &oauth.Oauth2ErrorWriter{})
		err := d.rules.Screen(c)
		if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
			d.refused(refusal.Reason)
			return refusal.Answer
		}
		return handle(c)
	}
}
