// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"
	stdlog "log"
	"testing"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const testBSN = "900186021"

func TestWithoutBSN(t *testing.T) {
	t.Run("an error without a patient's number stays the same", func(t *testing.T) {
		err := oauth.OAuth2Error{Code: oauth.InvalidScope, Description: "unsupported scope (x)"}
		assert.Equal(t, err, withoutBSN(err))
		assert.NoError(t, withoutBSN(nil))
	})
	t.Run("an OAuth error keeps its code", func(t *testing.T) {
		err := withoutBSN(fmt.Errorf("wrapped: %w", oauth.OAuth2Error{
			Code: oauth.InvalidScope, Description: "unsupported", InternalError: errors.New("conflict " + testBSN),
		}))
		var oauthErr oauth.OAuth2Error
		require.ErrorAs(t, err, &oauthErr)
		assert.Equal(t, oauth.InvalidScope, oauthErr.Code)
		assert.NotContains(t, err.Error(), testBSN)
	})
	t.Run("any other error becomes a server error", func(t *testing.T) {
		var oauthErr oauth.OAuth2Error
		require.ErrorAs(t, withoutBSN(errors.New(testBSN)), &oauthErr)
		assert.Equal(t, oauth.ServerError, oauthErr.Code)
		assert.NotContains(t, oauthErr.Error(), testBSN)
	})
}

func TestStandardLog(t *testing.T) {
	out := captureLog(t)
	standard := stdlog.New(standardLog{}, "", 0)
	standard.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "<p>"+testBSN+"</p>", nil)
	assert.Contains(t, out.String(), `msg="Unsolicited response received on idle HTTP channel"`)
	assert.NotContains(t, out.String(), testBSN)
}
