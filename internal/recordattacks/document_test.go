// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordattacks_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/recordattacks"
)

// TestTheDocumentListsEveryAttack: docs/recordserver.md has a row for each, and names it once.
func TestTheDocumentListsEveryAttack(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "recordserver.md"))
	require.NoError(t, err)
	attacks := recordattacks.Attacks(recordattacks.Patient{BSN: "BSN1", ID: "1"}, recordattacks.Patient{BSN: "BSN2", ID: "2"})
	seen := map[string]bool{}
	for _, attack := range attacks {
		assert.False(t, seen[attack.Name], "twice: %s", attack.Name)
		seen[attack.Name] = true
		assert.Contains(t, string(content), "\n"+row(t, attack)+"\n")
	}
	_, section, _ := strings.Cut(string(content), "\n## Attacks\n")
	section, _, _ = strings.Cut(section, "\n## ")
	const headings = 2 * 2
	assert.Equal(t, len(attacks)+headings, strings.Count(section, "\n| ")+strings.Count(section, "\n|-"), "rows of no attack")
}

// row is what the document says of an attack.
func row(t *testing.T, attack recordattacks.Attack) string {
	t.Helper()
	if attack.Presents != recordattacks.Good {
		return "| " + attack.Name + " | `" + string(attack.Want) + "` |"
	}
	body, err := url.QueryUnescape(attack.Body)
	require.NoError(t, err)
	request := "`" + strings.TrimSpace(attack.Method+" "+attack.Path) + "`"
	if body != "" {
		request += " `" + body + "`"
	}
	for name, values := range attack.Header {
		request += " `" + name + ": " + values[0] + "`"
	}
	return "| " + attack.Name + " | " + strings.ReplaceAll(request, "|", `\|`) + " | `" + string(attack.Want) + "` |"
}
