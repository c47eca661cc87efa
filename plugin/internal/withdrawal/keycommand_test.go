// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeyCommand(t *testing.T) {
	run := func(arguments ...string) error {
		command := KeyCommand()
		command.SetArgs(arguments)
		command.SetOut(&bytes.Buffer{})
		command.SilenceUsage, command.SilenceErrors = true, true
		return command.Execute()
	}
	file := filepath.Join(t.TempDir(), "patients.key")
	require.Error(t, run("--rotate", file), "there is nothing to rotate")
	require.EqualError(t, run(), "name the one file to make or to change, such as 'mitz key patients.key'")
	require.Error(t, run(file, file))
	require.NoError(t, run(file))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	keys, err := LoadKeys(file)
	require.NoError(t, err)
	assert.Len(t, keys.all, 1)

	require.ErrorContains(t, run("--use", file), "add another first")
	require.ErrorContains(t, run(file), "--add")
	same, err := LoadKeys(file)
	require.NoError(t, err)
	assert.Equal(t, keys, same, "a key was lost")

	require.NoError(t, os.Chmod(file, 0o640))
	require.NoError(t, run("--rotate", file))
	rotated, err := LoadKeys(file)
	require.NoError(t, err)
	assert.Equal(t, keys.all, rotated.all[1:])
	info, err = os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm(), "who could read it still can")

	require.NoError(t, run("--add", file))
	added, err := LoadKeys(file)
	require.NoError(t, err)
	assert.Equal(t, rotated.all, added.all[:2], "the key in use is the same")
	require.NoError(t, run("--use", file))
	used, err := LoadKeys(file)
	require.NoError(t, err)
	assert.Equal(t, append([][keySize]byte{added.all[2]}, rotated.all...), used.all)
	require.NoError(t, run("--add", file))
	require.ErrorContains(t, run("--add", file), "4 keys already", "no key is lost")
	require.Error(t, run("--add", "--use", file))

	left, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	assert.Len(t, left, 1, "a file was left behind")
	require.Error(t, run(), "no file is named")
}
