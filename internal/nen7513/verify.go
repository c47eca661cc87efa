// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"os"
	"slices"
)

// Fault is what is wrong with a chain.
type Fault string

// The faults.
const (
	FaultAltered   Fault = "altered"   // an entry has other bytes than were written
	FaultRemoved   Fault = "removed"   // entries are missing before this one
	FaultReordered Fault = "reordered" // the entry that belongs here comes later
	FaultInserted  Fault = "inserted"  // the entry does not belong here
	FaultNoEntry   Fault = "no-entry"  // the line is no whole entry, and no entry after it tells of it
	FaultNewChain  Fault = "new-chain" // another chain begins, or goes on
	FaultSignature Fault = "signature" // a signature is wrong, or vouches for another chain than this
	FaultKey       Fault = "key"       // a signature is by another key than the pinned ones
	FaultUnsigned  Fault = "unsigned"  // keys are pinned, and there is no signature
	FaultMissing   Fault = "missing"   // an entry that must be in the files is not
)

// Break is the first fault in a chain.
type Break struct {
	Fault  Fault
	File   string // empty: it is about all of them
	Line   int
	Detail string // more about it; may be empty
}

// Report is what was found in a chain.
type Report struct {
	Entries    int // that follow each other, from the first
	Signatures int // of them, with a signature that is right
	Earlier    int // of them, with a signature about entries that are not in the files
	Unfinished int // lines that a crash left, as the entry after them says
	First      Place
	Last       Place
	Signed     Place    // the last entry for which a signature vouches; zero: there is none
	Keys       []string // the thumbprints of the keys that signed
	Break      *Break   // nil: the chain is whole
}

// Expected is what must be true of a chain besides.
type Expected struct {
	Keys   []string // thumbprints, one of which every signature is by; none: any key
	Places []Place  // numbers and hashes of entries that must be in the files
}

// keptHashes is how many hashes are kept, for signatures: one vouches for an entry shortly
// before it.
const keptHashes = 1 << 17

// verifier follows a chain.
type verifier struct {
	expected Expected
	report   Report
	hashes   []string
	oldest   uint64 // the number of the first of the hashes

	skipped     int       // lines since the last entry that are no whole entries
	skippedHash hash.Hash // of them
	skippedAt   *Break    // the fault of the first of them

	awaited Place // after a gap: the entry that is missing
	kept    Place // the entry up to which the node knows that it wrote; zero: that is not known
}

// Verify follows the chain through files, oldest first, and visits every line. The entry of
// which the file beside the last one tells must be among them. The error is about reading
// them, or visit's; what is wrong with the chain is in the report.
func Verify(files []string, expected Expected, visit func(Line) error) (Report, error) {
	v := &verifier{expected: expected}
	if len(files) > 0 {
		v.keep(files[len(files)-1])
	}
	err := eachLine(files, func(line Line) error {
		v.next(line)
		return visit(line)
	})
	v.end()
	return v.report, err
}

// keep expects the entry of which the file beside the log tells. The node writes that after
// the log: so it is read before the log, which the node may be writing.
func (v *verifier) keep(path string) {
	content, err := os.ReadFile(path + headSuffix)
	if err != nil {
		return // a copy, or a file that was rotated away, has none beside it
	}
	if v.kept = parseHead(content); v.kept.Number > 0 {
		v.expected.Places = append(slices.Clone(v.expected.Places), v.kept)
	}
}

func (v *verifier) next(line Line) {
	sealed, err := parseSealed(line.Content)
	if v.report.Break != nil {
		// The first fault is known. Where entries are missing, they may come later.
		if err == nil && v.report.Break.Fault == FaultRemoved && sealed.Place.Number == v.awaited.Number && sealed.previous == v.awaited.Hash {
			v.report.Break.Fault = FaultReordered
		}
		return
	}
	if line.long {
		err = errNoEntry
	}
	if err != nil {
		v.skip(line, err)
		return
	}
	if v.follows(line, sealed) {
		v.accept(line, sealed)
	}
}

// skip keeps a line that is no whole entry. The next entry must tell of it.
func (v *verifier) skip(line Line, err error) {
	if v.skipped == 0 {
		v.skippedHash = sha256.New()
		fault := FaultNoEntry
		if errors.Is(err, errAltered) {
			fault = FaultAltered
		}
		v.skippedAt = &Break{Fault: fault, File: line.File, Line: line.Number}
	} else {
		v.skippedHash.Write([]byte{'\n'})
	}
	v.skippedHash.Write(line.Content)
	v.skipped++
	if !line.ended {
		v.skippedAt.Detail = "the last line of the file has no end: a crash left it, it was cut off, or it is being written"
	}
}

// follows reports whether the entry follows the one before.
func (v *verifier) follows(line Line, sealed seal) bool {
	first, last := v.report.Entries == 0, v.report.Last
	broken := func(fault Fault, detail string) bool {
		v.report.Break = &Break{fault, line.File, line.Number, detail}
		return false
	}
	switch {
	case v.skipped > 0 && sealed.unfinished != hex.EncodeToString(v.skippedHash.Sum(nil)):
		v.report.Break = v.skippedAt
		return false
	case first && sealed.Number == 1 && sealed.previous != noHash:
		return broken(FaultInserted, "it is the first of its chain, and names one before it")
	case first && sealed.Number == 1 && sealed.unfinished != "" && v.skipped == 0:
		return broken(FaultRemoved, "it tells of lines before it that are not there")
	case first:
		return true
	case sealed.Chain != last.Chain:
		return broken(FaultNewChain, "")
	case sealed.Number <= last.Number:
		return broken(FaultInserted, "its number was there before")
	case sealed.Number > last.Number+1:
		v.awaited = Place{Number: last.Number + 1, Hash: last.Hash}
		return broken(FaultRemoved, "")
	case sealed.previous != last.Hash:
		return broken(FaultInserted, "it names another entry before it than the one that is there")
	case sealed.unfinished != "" && v.skipped == 0:
		return broken(FaultRemoved, "it tells of unfinished lines before it that are not there")
	default:
		return true
	}
}

// accept takes an entry into the chain, and looks at what it says of it.
func (v *verifier) accept(line Line, sealed seal) {
	if v.report.Entries == 0 {
		v.report.First, v.oldest = sealed.Place, sealed.Number
	}
	if token := signatureIn(line.Content); token != "" {
		if fault, detail := v.checkSummary(token, sealed.Place); fault != "" {
			v.report.Break = &Break{fault, line.File, line.Number, detail}
			return
		}
	}
	for _, place := range v.expected.Places {
		if place.Number == sealed.Number && place.Hash != sealed.Hash {
			v.report.Break = &Break{FaultInserted, line.File, line.Number, "another entry with this number must be here"}
			return
		}
	}
	v.expected.Places = slices.DeleteFunc(slices.Clone(v.expected.Places), func(place Place) bool { return place.Number == sealed.Number })
	v.report.Entries++
	v.report.Last = sealed.Place
	v.report.Unfinished += v.skipped
	v.skipped, v.skippedAt = 0, nil
	v.hashes = append(v.hashes, sealed.Hash)
	if len(v.hashes) > keptHashes {
		v.hashes = slices.Delete(v.hashes, 0, keptHashes/2)
		v.oldest += keptHashes / 2
	}
}

// checkSummary checks a signature that the entry at this place holds.
func (v *verifier) checkSummary(token string, place Place) (fault Fault, detail string) {
	summary, thumbprint, err := checkSignature(token)
	if err != nil {
		return FaultSignature, err.Error()
	}
	if len(v.expected.Keys) > 0 && !slices.Contains(v.expected.Keys, thumbprint) {
		return FaultKey, "its key is " + thumbprint
	}
	if !slices.Contains(v.report.Keys, thumbprint) {
		v.report.Keys = append(v.report.Keys, thumbprint)
	}
	switch {
	case summary.Chain != place.Chain:
		return FaultSignature, "it vouches for another chain"
	case summary.Number >= place.Number:
		return FaultSignature, "it vouches for an entry after it"
	case summary.Number < v.oldest:
		v.report.Earlier++
		return "", ""
	case v.hashes[summary.Number-v.oldest] != summary.Hash:
		return FaultSignature, "it vouches for other entries than these"
	}
	v.report.Signatures++
	v.report.Signed = Place{summary.Chain, summary.Number, summary.Hash}
	return "", ""
}

// end looks at what is left when all lines were read.
func (v *verifier) end() {
	if v.kept.Number < v.report.First.Number { // the log was rotated away meanwhile
		v.expected.Places = slices.DeleteFunc(v.expected.Places, func(place Place) bool { return place == v.kept })
	}
	switch {
	case v.report.Break != nil:
	case v.skipped > 0:
		v.report.Break = v.skippedAt
	case len(v.expected.Places) > 0 && v.expected.Places[0] == v.kept:
		v.report.Break = &Break{Fault: FaultMissing, Detail: "the file beside the last one, " + headSuffix + ", has the entry " + v.kept.String() + ", which is not in these files"}
	case len(v.expected.Places) > 0:
		v.report.Break = &Break{Fault: FaultMissing, Detail: "the entry " + v.expected.Places[0].String() + " is not in these files"}
	case len(v.expected.Keys) > 0 && v.report.Signatures == 0:
		v.report.Break = &Break{Fault: FaultUnsigned}
	}
}
