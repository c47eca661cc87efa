// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"bytes"
	"errors"
	"fmt"
	stdlog "log"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const testBSN = "900186021"

func TestRedactBSN(t *testing.T) {
	for _, tc := range []struct{ name, text, expected string }{
		{"a patient's number", testBSN, "[BSN]"},
		{"within a text", "bsn|" + testBSN + ", again x" + testBSN + "x", "bsn|[BSN], again x[BSN]x"},
		{"longer and shorter numbers stay", "1" + testBSN + " 90018602", "1" + testBSN + " 90018602"},
		{"nine digits that fail the eleven test stay", "900186022", "900186022"},
		{"no digits", "nothing here", "nothing here"},
		{"behind a percent escape", "scope=%22" + testBSN + "%22&a=%20" + testBSN, "scope=%22[BSN]%22&a=%20[BSN]"},
		{"behind a percent sign that is none", "100%" + testBSN, "100%[BSN]"},
		{"behind an escape in a quoted text", `\x00` + testBSN + ` \u0026` + testBSN, `\x00[BSN] \u0026[BSN]`},
		{"in percent escapes itself", "%39%30%30%31%38%36%30%32%31 and 9%3001860%321", "[BSN] and [BSN]"},
		{"with separators", "900.186.021 900 186 021 9001.86.021", "[BSN] [BSN] [BSN]"},
		{"in a JWT", "credential=eyJhbGciOiJFUzI1NiJ9.eyJic24iOiI5MDAxODYwMjEifQ.c2ln end", "credential=[JWT] end"},
		{"in a JWT that begins with a space", "credential=eyAiYWxnIjogIkVTMjU2IiB9.eyAiYnNuIjogIjkwMDE4NjAyMSIgfQ.c2lnbmF0dXJl end", "credential=[JWT] end"},
		{"a date stays", "2026-03-01 12:00:00", "2026-03-01 12:00:00"},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.expected, redactBSN(tc.text)) })
	}
}

func newHookedLogger(active bool) (*logrus.Logger, *bytes.Buffer) {
	var isActive atomic.Bool
	isActive.Store(active)
	var out bytes.Buffer
	logger := logrus.New()
	logger.SetOutput(&out)
	logger.SetLevel(logrus.TraceLevel)
	logger.AddHook(secretHook{})
	logger.AddHook(redactionHook{active: &isActive})
	return logger, &out
}

func TestRedactionHook(t *testing.T) {
	write := func(logger *logrus.Logger) {
		entry := logger.WithFields(logrus.Fields{
			"uri": "/oauth2/" + testBSN, "headers": map[string][]string{"Authorization": {testBSN}},
			"pointer": &url.URL{Path: testBSN}, "number": 12, "int": 900186021, "float": 900186021.0,
			"bytes": []byte(testBSN), testBSN: "a key", "list": []any{testBSN},
		}).WithError(errors.New("conflicting values " + testBSN))
		for _, level := range []logrus.Level{logrus.ErrorLevel, logrus.TraceLevel} {
			entry.Log(level, "message about "+testBSN)
		}
	}
	t.Run("no patient's number comes through, whatever holds it", func(t *testing.T) {
		logger, out := newHookedLogger(true)
		write(logger)
		assert.NotContains(t, out.String(), testBSN)
		assert.Contains(t, out.String(), "message about [BSN]")
		assert.Contains(t, out.String(), "number=12")
	})
	t.Run("the stock node's log stays as it is", func(t *testing.T) {
		logger, out := newHookedLogger(false)
		write(logger)
		assert.Contains(t, out.String(), testBSN)
	})
}

func TestSecretHook(t *testing.T) {
	logger, out := newHookedLogger(false)
	logger.Info("Config: \nmitz.tls.password -> geheim1\nmitz.tls.passwordfile -> /a/file\nmitz.pin -> geheim2\nother.password -> theirs\n")
	assert.NotContains(t, out.String(), "geheim")
	assert.Contains(t, out.String(), "mitz.tls.password -> (redacted)")
	assert.Contains(t, out.String(), "/a/file")
	assert.Contains(t, out.String(), "other.password -> theirs", "the node's own keys are the node's business")
}

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
