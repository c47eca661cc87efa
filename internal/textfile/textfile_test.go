// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package textfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestLine(t *testing.T) {
	for _, tt := range []struct{ name, content, expected string }{
		{"one line", "geheim", "geheim"},
		{"with a line end", "geheim\n", "geheim"},
		{"with a line end of Windows", "geheim\r\n", "geheim"},
		{"with several line ends", "geheim\r\n\n", "geheim"},
		{"with a byte order mark", "\uFEFFgeheim\r\n", "geheim"},
		{"spaces belong to it", " ge heim \n", " ge heim "},
		{"a mark within belongs to it", "ge\uFEFFheim", "ge\uFEFFheim"},
		{"other characters than ASCII", "gehéim€", "gehéim€"},
		{"nothing", "", ""},
		{"an empty line", "\r\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			line, err := Line(write(t, tt.content))
			require.NoError(t, err)
			require.Equal(t, tt.expected, line)
		})
	}
	for _, tt := range []struct {
		name, content string
		problem       error
	}{
		{"UTF-16, little end first", "\xff\xfeg\x00e\x00", errUTF16},
		{"UTF-16, big end first", "\xfe\xff\x00g\x00e", errUTF16},
		{"UTF-16 without a mark", "g\x00e\x00h\x00", errUTF16},
		{"Latin-1", "geh\xe9im", errUTF8},
		{"two lines", "geheim\nbijlage", errLines},
		{"two lines of an old Mac", "geheim\rbijlage\r", errLines},
	} {
		t.Run(tt.name+" is refused", func(t *testing.T) {
			line, err := Line(write(t, tt.content))
			require.ErrorIs(t, err, tt.problem)
			require.Empty(t, line)
			require.NotContains(t, err.Error(), "geh")
		})
	}
	t.Run("a file that is not there", func(t *testing.T) {
		_, err := Line(filepath.Join(t.TempDir(), "file"))
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

func TestRead(t *testing.T) {
	content, err := Read(write(t, "\uFEFF\uFEFF{}\r\n"))
	require.NoError(t, err)
	require.Equal(t, "\uFEFF{}\r\n", string(content), "one mark is left out, and only that")
	content, err = Read(write(t, "geh\xe9im"))
	require.NoError(t, err)
	require.Equal(t, "geh\xe9im", string(content))
}
