// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// KeyCommand returns the command that makes the file for mitz.withdrawal.keyfile.
func KeyCommand() *cobra.Command {
	var rotate bool
	command := &cobra.Command{
		Use:   "key <file>",
		Short: "Makes the file for mitz.withdrawal.keyfile, under whose keys patients are known without their numbers",
		Long: "Makes a file with a random key, for mitz.withdrawal.keyfile. All nodes that share their sessions\n" +
			"have the same file. With --rotate it puts a new key in front of those that are there. To replace a\n" +
			"key: rotate the file, give it to every node and restart them, and an hour later remove the line of\n" +
			"the former key.",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			file := arguments[0]
			if rotate {
				if err := rotateKeys(file); err != nil {
					return err
				}
				_, err := fmt.Fprintf(command.OutOrStdout(), "A new key is in front in %s.\n", file)
				return err
			}
			if err := createKeys(file); err != nil {
				return err
			}
			_, err := fmt.Fprintf(command.OutOrStdout(), "Made %s. Give the same file to every node that shares its sessions.\n", file)
			return err
		},
	}
	command.Flags().BoolVar(&rotate, "rotate", false, "Put a new key in front of those in the file.")
	return command
}

// createKeys never writes over a file.
func createKeys(name string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: --rotate puts a new key in it", name)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(NewKeys().Lines())
	return errors.Join(err, file.Sync(), file.Close())
}

// rotateKeys replaces the file as a whole, so that no crash loses a key.
func rotateKeys(name string) error {
	keys, err := LoadKeys(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	beside, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(beside.Name()) }() // when it was not given the name
	_, err = beside.Write(keys.Rotated().Lines())
	if err := errors.Join(err, beside.Sync(), beside.Close()); err != nil {
		return err
	}
	former, err := os.Stat(name)
	if err != nil {
		return err
	}
	// Who could read it still can: the node's user is not who rotates.
	if err := errors.Join(giveTo(beside.Name(), former), os.Chmod(beside.Name(), former.Mode().Perm())); err != nil {
		return err
	}
	return os.Rename(beside.Name(), name)
}
