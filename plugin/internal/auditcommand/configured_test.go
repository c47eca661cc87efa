// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package auditcommand_test

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/commandtest"
)

// TestTheConfiguredFileIsRead runs the command as a part of a whole node.
func TestTheConfiguredFileIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	log, err := nen7513.Open(file, nen7513.Hooks{})
	require.NoError(t, err)
	require.NoError(t, log.Append(t.Context(), nen7513.Entry{Action: nen7513.Query}))
	audit := func(section string) (string, error) {
		output, _, err := commandtest.Command{Name: "audit"}.Run(t, commandtest.LaxNode+section, "verify")
		return output, err
	}
	section := func(file string) string {
		return "mitz: {endpoint: 'http://127.0.0.1', audit: {file: " + strconv.Quote(file) + "}, dataholders: [{subject: a, ura: '00000659', facilitytype: V6}]," +
			" profiles: [{scope: birth-care, categories: [GGC002], purpose: TREAT}], trust: {organization: holder, facilitytype: holder, practitioner: holder, enrollment: holder}}"
	}
	t.Run("also while a node writes it", func(t *testing.T) {
		output, err := audit(section(file))
		require.NoError(t, err)
		assert.Contains(t, output, "Entries that follow each other: 1, from number 1 to 1\n")
	})
	require.NoError(t, log.Close())
	for name, each := range map[string][2]string{
		"none is configured": {section(""), "no audit file is configured (mitz.audit.file)"},
		"nothing is guarded": {"", "there is no mitz section in nuts.yaml, and so no audit file"},
	} {
		t.Run("it is an error that "+name, func(t *testing.T) {
			_, err := audit(each[0])
			assert.EqualError(t, err, each[1]+": give one with --file")
		})
	}
	t.Run("a configuration that is wrong is told", func(t *testing.T) {
		_, err := audit("mitz: {auditt: {}}")
		assert.ErrorContains(t, err, "unable to configure mitz")
	})
}
