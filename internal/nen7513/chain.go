// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Each line of the file is an AuditEvent in one JSON object. Its last members are the seal:
//
//	,"id":"<chain>.<number>","extension":[{"url":"<chainURL>","extension":[
//	{"url":"previous","valueString":"<hash of the entry before>"},
//	{"url":"hash","valueString":"<SHA-256 of all bytes of this line before this value>"}]}]}
//
// without the line breaks. Hashes are in lower case hexadecimal. docs/operations.md has the
// rule for who verifies it.
const (
	chainURL     = "https://github.com/nuts-mitz/nuts-mitz/audit-chain"
	sealID       = `,"id":"`
	sealPrevious = `","extension":[{"url":"` + chainURL + `","extension":[{"url":"previous","valueString":"`
	sealSkipped  = `"},{"url":"unfinished","valueString":"`
	sealHash     = `"},{"url":"hash","valueString":"`
	sealEnd      = `"}]}]}`

	hashLength   = 2 * sha256.Size // in hexadecimal
	chainLength  = 36              // of a uuid
	numberLength = 20              // of the largest number, in digits
	// maxSeal is how much a seal adds to an entry, in bytes.
	maxSeal = len(sealID) + chainLength + 1 + numberLength + len(sealPrevious) + len(sealSkipped) + len(sealHash) + 3*hashLength + len(sealEnd)

	// maxLine bounds a line, in bytes.
	maxLine = 1 << 20
)

// noHash stands for the entry before the first one of a chain.
var noHash = strings.Repeat("0", hashLength)

// Place is an entry in a chain.
type Place struct {
	Chain  string // a uuid
	Number uint64 // 1 is the first entry; 0: there is none yet
	Hash   string // of the entry, in hexadecimal
}

// String returns the place as it is logged and given on a command line: the number, a colon
// and the hash in groups of eight. Nine digits in a row would be taken for a patient's number
// in a log, and be redacted.
func (p Place) String() string {
	groups := slices.Collect(slices.Chunk([]byte(p.Hash), 8))
	return strconv.FormatUint(p.Number, 10) + ":" + string(bytes.Join(groups, []byte{'-'}))
}

// ParsePlace reads what [Place.String] returns. The place is of no chain in particular.
func ParsePlace(text string) (Place, error) {
	number, hash, _ := strings.Cut(text, ":")
	hash = strings.ReplaceAll(hash, "-", "")
	parsed, err := strconv.ParseUint(number, 10, 64)
	if err != nil || parsed == 0 || !isHash(hash) {
		return Place{}, errors.New("not an entry's number, a colon and its hash, as the node logs them")
	}
	return Place{Number: parsed, Hash: hash}, nil
}

// seal is what the end of a line says of its place.
type seal struct {
	Place
	previous string // the hash of the entry before
	// unfinished is the hash of the lines before this entry that are no entries, which a crash
	// left; empty: there are none.
	unfinished string
}

// appendSealed appends the entry as a line that follows the place before, and returns its
// own place. The lines in between that are no entries are unfinished; nil: there are none.
func appendSealed(lines, event []byte, before Place, unfinished []byte) ([]byte, Place) {
	start := len(lines)
	lines = append(lines, event[:len(event)-1]...) // without its last brace
	lines = append(lines, sealID...)
	lines = append(lines, before.Chain...)
	lines = append(lines, '.')
	lines = strconv.AppendUint(lines, before.Number+1, 10)
	lines = append(lines, sealPrevious...)
	lines = append(lines, before.Hash...)
	if unfinished != nil {
		lines = append(lines, sealSkipped...)
		lines = append(lines, hashOf(bytes.TrimSuffix(unfinished, []byte{'\n'}))...)
	}
	lines = append(lines, sealHash...)
	place := Place{before.Chain, before.Number + 1, hashOf(lines[start:])}
	lines = append(lines, place.Hash...)
	lines = append(lines, sealEnd...)
	return append(lines, '\n'), place
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// The errors about a line that is not a whole entry.
var (
	errNoEntry = errors.New("not a whole entry")
	errAltered = errors.New("the entry is not as it was written: its hash is another")
)

// parseSealed reads the seal of a line, without its line end. The seal is returned with
// [errAltered] too, as far as it can be read.
func parseSealed(line []byte) (seal, error) {
	hashAt := len(line) - len(sealEnd) - hashLength
	start := bytes.LastIndex(line, []byte(sealID))
	if start < 0 || hashAt < start {
		return seal{}, errNoEntry
	}
	rest, ends := strings.CutSuffix(string(line[start+len(sealID):]), sealEnd)
	id, rest, hasPrevious := strings.Cut(rest, sealPrevious)
	chain, number, hasNumber := strings.Cut(id, ".")
	previous, hash, hasHash := strings.Cut(rest, sealHash)
	parsed := seal{Place: Place{Chain: chain, Hash: hash}, previous: previous}
	if before, skipped, found := strings.Cut(previous, sealSkipped); found {
		parsed.previous, parsed.unfinished = before, skipped
	}
	var err error
	parsed.Number, err = strconv.ParseUint(number, 10, 64)
	whole := ends && hasPrevious && hasNumber && hasHash && err == nil && parsed.Number > 0 && len(chain) == chainLength &&
		strconv.FormatUint(parsed.Number, 10) == number && isHash(parsed.previous) && isHash(hash) &&
		(parsed.unfinished == "" || isHash(parsed.unfinished))
	switch {
	case !whole:
		return seal{}, errNoEntry
	case hashOf(line[:hashAt]) != hash:
		return parsed, errAltered
	default:
		return parsed, nil
	}
}

// isHash reports whether the text is a SHA-256 in lower case hexadecimal.
func isHash(text string) bool {
	return len(text) == hashLength && strings.Trim(text, "0123456789abcdef") == ""
}
