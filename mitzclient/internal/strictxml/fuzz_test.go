// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictxml

import (
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzReader checks that no bytes make the reader panic or read on without end, and that a
// second reader reads the very same in what it accepts.
func FuzzReader(f *testing.F) {
	f.Add(document)
	files, err := filepath.Glob(filepath.Join("testdata", "hostile", "*.xml"))
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		hostile, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(string(hostile))
	}
	f.Add("<text a='&#13;&amp;'>a\r\nb\rc</text>")
	f.Add("<name xmlns='urn:a' xmlns:b='urn:b'> b:c\n</name>")
	f.Fuzz(func(t *testing.T, document string) {
		lines, refusal := outline(new(Reader), document)
		if refusal != "" {
			if refusal != "hidden" {
				require.NotEmpty(t, refusal.Text())
			}
			return
		}
		again, err := outlineAgain(document)
		require.NoError(t, err, "what the reader accepts must be well-formed to others")
		for i := range lines {
			lines[i] = asOthersRead(lines[i])
		}
		for i := range again {
			again[i] = oneLineEnd.Replace(again[i])
		}
		require.Equal(t, again, lines)
	})
}

// oneLineEnd does what the reader leaves to its caller (XML 1.0, section 2.11).
var oneLineEnd = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// asOthersRead replaces the references in values of XML attributes, which [Reader.Attribute]
// refuses, and makes line ends one.
func asOthersRead(line string) string {
	return oneLineEnd.Replace(html.UnescapeString(oneLineEnd.Replace(line)))
}
