// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"bytes"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
)

func TestSecretHook(t *testing.T) {
	var out bytes.Buffer
	logger := logrus.New()
	logger.SetOutput(&out)
	logger.AddHook(SecretHook{})
	logger.Info("Config: \nmitz.tls.password -> geheim1\nmitz.tls.passwordfile -> /a/file\nmitz.pin -> geheim2\nmitz.withdrawal.authorization -> SAML geheim3\nother.password -> theirs\n")
	assert.NotContains(t, out.String(), "geheim")
	assert.Contains(t, out.String(), "mitz.tls.password -> (redacted)")
	assert.Contains(t, out.String(), "/a/file")
	assert.Contains(t, out.String(), "other.password -> theirs", "the node's own keys are the node's business")
}
