// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"bytes"
	"errors"
	"slices"
)

// open opens the log and the head of its chain, and finds where the chain goes on.
func (w *writer) open(path string, sync syncFunc) error {
	if err := Check(path); err != nil {
		return err // before anything is made beside it
	}
	head, known, err := openHead(path + headSuffix)
	if err != nil {
		return err
	}
	file, err := openFile(path, sync)
	if err != nil {
		return errors.Join(err, head.Close())
	}
	end, err := readEnding(file)
	if err == nil {
		w.place, err = resume(path, known, end)
	}
	if err != nil {
		return errors.Join(err, file.Close(), head.Close())
	}
	w.file, w.head, w.rest, w.torn = file, head, end.rest, end.torn
	return nil
}

// follow goes on in the file that is at the path now. The chain goes on too, with what was
// unfinished at the end of the former file.
func (w *writer) follow(path string, sync syncFunc) error {
	file, err := openFile(path, sync)
	if err != nil {
		return err
	}
	end, err := readEnding(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if w.torn && w.rest != nil {
		w.rest = slices.Concat(w.rest, []byte{'\n'}) // the end of a file ends a line
	}
	if end.rest != nil {
		w.rest = slices.Concat(w.rest, end.rest)
	}
	err = w.file.Close()
	w.file, w.torn = file, end.torn
	return err
}

// sealed are the lines of a batch.
type sealed struct {
	content []byte
	ends    []int   // of each entry's line in the content
	places  []Place // of each entry
}

// seal makes the lines of a batch, which follow what is in the file. They are valid until
// the next call.
func (w *writer) seal(batch []*pending) sealed {
	lines := sealed{content: w.buffer[:0]}
	if w.torn {
		lines.content = append(lines.content, '\n')
	}
	place, unfinished := w.place, w.rest
	for _, p := range batch {
		if len(p.event) > 0 {
			lines.content, place = appendSealed(lines.content, p.event, place, unfinished)
			unfinished = nil
		}
		lines.ends = append(lines.ends, len(lines.content))
		lines.places = append(lines.places, place)
	}
	w.buffer = lines.content
	return lines
}

// wrote takes in that n bytes of the lines are in the file, and returns how many entries are.
// An entry is, also when its line end is not.
func (w *writer) wrote(lines sealed, n int) (whole int) {
	for whole < len(lines.ends) && lines.ends[whole]-1 <= n {
		whole++
	}
	added := lines.content[:n]
	if whole > 0 && lines.places[whole-1] != w.place {
		w.place, w.rest = lines.places[whole-1], nil
		added = lines.content[min(lines.ends[whole-1], n):n]
		w.head.keep(w.place)
	} else if w.torn && w.rest == nil {
		added = bytes.TrimPrefix(added, []byte{'\n'}) // the line end of the last entry
	}
	if len(added) > 0 {
		w.rest = append(slices.Clone(w.rest), added...)
	}
	if n > 0 {
		w.torn = lines.content[n-1] != '\n'
	}
	return whole
}
