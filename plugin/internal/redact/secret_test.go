// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// secretPath returns the secret of a subscription.
func secretPath(t *testing.T) string {
	t.Helper()
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	secret, err := withdrawal.NewKeys().Path(patient, "00000659", "a")
	require.NoError(t, err)
	return secret
}

func TestSecretPaths(t *testing.T) {
	secret := secretPath(t)
	for _, tc := range []struct{ name, text, expected string }{
		{"a path", "/mitz/notify/" + secret, "/mitz/notify/[secret]"},
		{"a URL", "https://node.example/mitz/notify/" + secret + "?x=1#y", "https://node.example/mitz/notify/[secret]?x=1#y"},
		{"in a line", `uri="/mitz/notify/` + secret + `" status=404`, `uri="/mitz/notify/[secret]" status=404`},
		{"in a line without quotation marks", "uri=/mitz/notify/" + secret + " status=404", "uri=/mitz/notify/[secret] status=404"},
		{"in quoted JSON", `{\"uri\":\"/mitz/notify/` + secret + `\"}`, `{\"uri\":\"/mitz/notify/[secret]\"}`},
		{"two", "/mitz/notify/" + secret + " and /mitz/notify/" + secret, "/mitz/notify/[secret] and /mitz/notify/[secret]"},
		{"behind a prefix of a proxy", "/nuts/mitz/notify/" + secret, "/nuts/mitz/notify/[secret]"},
		{"behind another prefix", "/hooks/" + secret + "/", "/hooks/[secret]/"},
		{"in a path that is almost right", "/mitz//notify/" + secret, "/mitz//notify/[secret]"},
		{"in a path in capitals", "/MITZ/NOTIFY/" + secret, "/MITZ/NOTIFY/[secret]"},
		{"with a part behind it", "/mitz/notify/" + secret + "/x", "/mitz/notify/[secret]"},
		{"that was cut", "/mitz/notify/" + secret[:20], "/mitz/notify/[secret]"},
		{"that is too long", "/mitz/notify/" + secret + secret, "/mitz/notify/[secret]"},
		{"that is none", "/mitz/notify/guess,1;é(2)", "/mitz/notify/[secret]"},
		{"of which a part is escaped", "/mitz/notify/" + url.PathEscape(secret[:9]+"/"+secret[9:]), "/mitz/notify/[secret]"},
		{"of which each letter is escaped", "/mitz/notify/" + everyByteEscaped(secret), "/mitz/notify/[secret]"},
		{"of which the path is escaped", url.QueryEscape("https://node.example/mitz/notify/"+secret) + "&a=b", "https%3A%2F%2Fnode.example%2Fmitz%2Fnotify%2F[secret]"},
		{"of which the path is escaped twice", url.QueryEscape(url.QueryEscape("/mitz/notify/" + secret)), "%252Fmitz%252Fnotify%252F[secret]"},
		{"of which a letter of the path is escaped", "/mitz/%6eotify/" + secret, "/mitz/%6eotify/[secret]"},
		{"of which the whole is escaped", everyByteEscaped("/mitz/notify/" + secret), everyByteEscaped("/mitz/notify/") + "[secret]"},
		{"the address alone stays", "/mitz/notify/ and /mitz/notify and /mitz/notify/?x", "/mitz/notify/ and /mitz/notify and /mitz/notify/?x"},
		{"the route stays readable", "POST /mitz/notify/:secret", "POST /mitz/notify/[secret]"},
		{"what is as long elsewhere stays", "did:jwk:" + secret, "did:jwk:" + secret},
		{"what is shorter in another path stays", "/oauth2/" + secret[1:], "/oauth2/" + secret[1:]},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.expected, Text(tc.text))
			assert.Equal(t, tc.expected, Text(Text(tc.text)), "and stays so")
		})
	}
}

func everyByteEscaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteString("%" + strconv.FormatUint(uint64(text[i]), 16))
	}
	return b.String()
}

// TestTheNodesLogOfARequest writes what the node's HTTP server writes of a request, at any level.
func TestTheNodesLogOfARequest(t *testing.T) {
	secret := secretPath(t)
	for name, formatter := range map[string]logrus.Formatter{"text": &logrus.TextFormatter{}, "JSON": &logrus.JSONFormatter{}} {
		logger, out := newLogger(true)
		logger.SetFormatter(formatter)
		for _, uri := range []string{"/mitz/notify/" + secret, "/mitz/notify/" + secret + "?a=b", "//mitz/notify/" + secret, "/x/" + secret} {
			logger.WithFields(logrus.Fields{
				"remote_ip": "127.0.0.1", "method": "POST", "uri": uri, "status": 404, "headers": map[string][]string{"Referer": {uri}},
			}).Info("HTTP request")
			logger.WithField("operation", "POST "+uri).Debug(uri)
		}
		assert.NotContains(t, out.String(), secret, name)
		assert.NotContains(t, out.String(), secret[:20], name)
		assert.Contains(t, out.String(), "/mitz/notify/[secret]", name)
	}
}

// TestASecretAcrossTheCut: no part of one is left.
func TestASecretAcrossTheCut(t *testing.T) {
	secret := secretPath(t)
	for before := MaxText - len(secret) - len(withdrawal.PathPrefix) - 2; before < MaxText+2; before++ {
		text := Text(strings.Repeat(" ", before) + withdrawal.PathPrefix + secret + strings.Repeat(" ", 1<<20))
		assert.NotContains(t, text, secret[:4], "%d", before)
	}
}
