// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/commandtest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// TestExplainHowMitzTellsOfChanges runs the command on a node of which Mitz is told.
func TestExplainHowMitzTellsOfChanges(t *testing.T) {
	section, err := os.ReadFile(testdata(t, "builtin.yaml"))
	require.NoError(t, err)
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	dir := t.TempDir()
	files, err := identity.WriteFiles(dir)
	require.NoError(t, err)
	key, header := filepath.Join(dir, "patients.key"), filepath.Join(dir, "header")
	require.NoError(t, os.WriteFile(key, withdrawal.NewKeys().Lines(), 0o600))
	require.NoError(t, os.WriteFile(header, []byte("SAML c2VjcmV0"), 0o600))
	node := commandtest.LaxNode + "tls: {offload: incoming, certheader: X-SSL-CERT}\n" +
		strings.Replace(string(section), "{scope: birth-care,", "{scope: birth-care, subscribe: true,", 1) +
		"  withdrawal:\n    keyfile: " + strconv.Quote(key) + "\n    notifyurl: https://node.example/mitz/notify/\n"
	explained := func(t *testing.T, more string) string {
		t.Helper()
		output, _, err := command.Run(t, node+more)
		require.NoError(t, err)
		for _, file := range []string{files.TrustStore, header} { // which are as long as they are
			output = strings.ReplaceAll(output, file, "FILE")
		}
		return strings.Join(strings.Fields(output), " ")
	}
	t.Run("as little as may be", func(t *testing.T) {
		output := explained(t, "")
		assert.Contains(t, output, "changes Mitz tells them at https://node.example/mitz/notify/<secret>, with a secret for each patient and data holder "+
			"without a client certificate: whoever knows a secret can post there subscribing gateway system none, source system none "+
			"RPZAC001 permitted together: N6, Z3 RPZAC003")
		assert.Contains(t, output, "WARNING: mitz.withdrawal.gatewaysystem: is not given")
		assert.Equal(t, 1, strings.Count(output, "afterwards Mitz is asked, once for each patient and data holder, to tell this node"), "one profile of two subscribes")
	})
	t.Run("all there is", func(t *testing.T) {
		output := explained(t, "    gatewaysystem: 2.999.1\n    sourcesystem: urn:oid:2.999.1.2\n    authorizationfile: "+strconv.Quote(header)+
			"\n    notifytruststorefile: "+strconv.Quote(files.TrustStore)+"\n    notifycertnames: [mitz.example, notify.mitz.example]\n"+
			"    providercategories: [{code: RPZAC001, facilitytypes: [Z3]}]\n")
		assert.Contains(t, output, "with a client certificate of mitz.example or notify.mitz.example, under a root in FILE, which your proxy puts in the header X-SSL-CERT "+
			"subscribing gateway system 2.999.1, source system 2.999.1.2 with the header Authorization that is in FILE "+
			"RPZAC001 permitted together: Z3")
		assert.NotContains(t, output, "RPZAC003")
		assert.NotContains(t, output, "c2VjcmV0")
	})
}
