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
	var add, use, rotate bool
	command := &cobra.Command{
		Use:   "key <file>",
		Short: "Makes the file for mitz.withdrawal.keyfile, under whose keys patients are known without their numbers",
		Long: "Makes a file with a random key, for mitz.withdrawal.keyfile. All nodes that share their sessions\n" +
			"have the same file. To replace the key there, have every node read the new one before any uses it:\n\n" +
			"1. With --add, put a new key behind those that are there. Give the file to every node, and restart them.\n" +
			"2. With --use, put that key in front. Give the file to every node, and restart them.\n" +
			"3. An hour later remove the lines behind it; where patients are subscribed, not before none waits.\n\n" +
			"For a node that shares its sessions with no other, --rotate does the first two at once.",
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) != 1 {
				return errors.New("name the one file to make or to change, such as 'mitz key patients.key'")
			}
			return nil
		},
		RunE: func(command *cobra.Command, arguments []string) error {
			file := arguments[0]
			var done string
			var err error
			switch {
			case add:
				done, err = "A new key is last in %s. Restart every node with this file before you put the key in use.\n", replaceKeys(file, (*Keys).Added)
			case use:
				done, err = "The key that was last is in front in %s, and in use by each node that starts with this file.\n", replaceKeys(file, (*Keys).LastInUse)
			case rotate:
				done, err = "A new key is in front in %s.\n", replaceKeys(file, func(k *Keys) (*Keys, error) { return k.Rotated(), nil })
			default:
				done, err = "Made %s. Give the same file to every node that shares its sessions.\n", createKeys(file)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(command.OutOrStdout(), done, file)
			return err
		},
	}
	command.Flags().BoolVar(&add, "add", false, "Put a new key behind those in the file.")
	command.Flags().BoolVar(&use, "use", false, "Put the last key in the file in front.")
	command.Flags().BoolVar(&rotate, "rotate", false, "Put a new key in front of those in the file, for a node that shares its sessions with no other.")
	command.MarkFlagsMutuallyExclusive("add", "use", "rotate")
	return command
}

// createKeys never writes over a file.
func createKeys(name string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: --add puts a new key in it", name)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(NewKeys().Lines())
	return errors.Join(err, file.Sync(), file.Close())
}

// replaceKeys replaces the file as a whole, so that no crash loses a key.
func replaceKeys(name string, change func(*Keys) (*Keys, error)) error {
	keys, err := LoadKeys(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if keys, err = change(keys); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	beside, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(beside.Name()) }() // when it was not given the name
	_, err = beside.Write(keys.Lines())
	if err := errors.Join(err, beside.Sync(), beside.Close()); err != nil {
		return err
	}
	former, err := os.Stat(name)
	if err != nil {
		return err
	}
	// Who could read it still can: the node's user is not who replaces a key.
	if err := errors.Join(giveTo(beside.Name(), former), os.Chmod(beside.Name(), former.Mode().Perm())); err != nil {
		return err
	}
	return os.Rename(beside.Name(), name)
}
