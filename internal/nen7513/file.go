// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// fileMode lets nobody but the node's own user read patients' numbers.
	fileMode fs.FileMode = 0o600
	// groupBits are those that Kubernetes adds for a volume's fsGroup, at every mount.
	groupBits fs.FileMode = 0o070
)

// syncFunc waits until what was written to a file, or changed in a directory, is on disk.
type syncFunc func(*os.File) error

func openFile(path string, sync syncFunc) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, fileMode)
	if err != nil {
		return nil, err
	}
	if err := prepare(file, sync); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return file, nil
}

// Check reports whether a file that is there already can be such a log, and whether there
// is a directory for one that is not. It makes and changes nothing.
func Check(path string) error {
	info, err := os.Stat(path)
	if err == nil {
		err = checkMode(info)
	} else if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// checkMode accepts a file that its group has access to when it is our own: see [tighten].
func checkMode(info fs.FileInfo) error {
	excess := info.Mode().Perm() &^ fileMode
	switch {
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	case excess == 0, excess&^groupBits == 0 && isOurs(info):
		return nil
	case excess&^groupBits == 0:
		return fmt.Errorf("its group has access (mode %04o), as a volume's fsGroup gives it, and it holds patients' numbers: "+
			"it belongs to another user, so this node cannot take the access away. Make the node's user its owner, or chmod 600 it", info.Mode().Perm())
	default:
		return fmt.Errorf("others than its owner have access (mode %04o): it holds patients' numbers. "+
			"See who has read it, and chmod 600 it", info.Mode().Perm())
	}
}

// tighten takes the access of its group away from a file of our own. A volume with an
// fsGroup adds it again at every mount, by this pod or by another one.
func tighten(file *os.File, info fs.FileInfo) error {
	if info.Mode().Perm()&^fileMode == 0 {
		return nil
	}
	if err := checkMode(info); err != nil {
		return err
	}
	if err := file.Chmod(fileMode); err != nil {
		return fmt.Errorf("its group has access (mode %04o), and that cannot be taken away: %w", info.Mode().Perm(), err)
	}
	return nil
}

func prepare(file *os.File, sync syncFunc) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := checkMode(info); err != nil {
		return err
	}
	if err := tighten(file, info); err != nil {
		return err
	}
	if info.Size() == 0 {
		return syncDirectory(file.Name(), sync) // it may be new
	}
	return nil
}

// syncDirectory waits until the name of a new file is on disk: a power loss would
// otherwise lose the whole file, however often the file itself was synced.
func syncDirectory(path string, sync syncFunc) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(sync(directory), directory.Close())
}

// movedAway reports whether the path leads to another file than the open one, or to none:
// logs were rotated. The mode of one that is still in place is tightened.
func movedAway(file *os.File, path string) (bool, error) {
	current, err := file.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(path)
	switch {
	case err == nil && os.SameFile(current, named):
		return false, tighten(file, current)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	default:
		return true, nil
	}
}
