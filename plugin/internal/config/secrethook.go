// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"regexp"
	"strings"

	"github.com/sirupsen/logrus"
)

// configLine matches a setting of ours in the configuration that the node logs when it
// starts.
var configLine = regexp.MustCompile(`(?m)^(mitz\.\S+) -> .*$`)

// SecretHook keeps a secret out of the log that an operator put into the section by mistake:
// the node logs its configuration before an engine can refuse it.
type SecretHook struct{}

var _ logrus.Hook = SecretHook{}

// Levels returns all of them.
func (SecretHook) Levels() []logrus.Level { return logrus.AllLevels }

// Fire replaces what looks like a secret in the node's own text of its configuration.
func (SecretHook) Fire(entry *logrus.Entry) error {
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
