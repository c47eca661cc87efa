// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package lists reads the lists that grow from files of their own, and again when the files
// change: for whom this node answers (a vendor's answers for thousands of practices), and of
// what type requesters are.
//
// A file is checked whole before it is taken, together with what the configuration itself
// lists; until it is good, the lists before it stay in use. The package must never take a
// part of a file, and never decides: package policy does, with the lists that it is given.
package lists

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// The keys of the configuration that name the files.
const (
	DataHoldersKey   = "dataholdersfile"
	FacilityTypesKey = "facilitytypesfile"
)

const (
	// maxSize is the largest file that is read, in bytes: a hundred times 10,000 entries fit.
	maxSize = 64 << 20
	// maxProblems is how many problems of a file are told.
	maxProblems = 10
)

// Source is where the lists come from.
type Source struct {
	DataHolders   string // a file; empty: there is none
	FacilityTypes string // likewise
	// Config lists what is configured without a file.
	Config policy.Config
}

// HasFiles reports whether there is a file that can change.
func (s Source) HasFiles() bool { return s.DataHolders != "" || s.FacilityTypes != "" }

// contents are what the files held when they were read.
type contents struct {
	dataHolders, facilityTypes []byte
	err                        error
	fingerprint                fingerprint
}

// fingerprint differs when what the files hold differs, or whether they can be read.
type fingerprint [sha256.Size]byte

func (s Source) read() contents {
	var read contents
	var problems []error
	sum := sha256.New()
	for _, each := range []struct {
		key, path string
		into      *[]byte
	}{{DataHoldersKey, s.DataHolders, &read.dataHolders}, {FacilityTypesKey, s.FacilityTypes, &read.facilityTypes}} {
		if each.path == "" {
			continue
		}
		content, err := readFile(each.path)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", each.key, err))
		}
		_, _ = fmt.Fprintf(sum, "%t %x\n", err == nil, sha256.Sum256(content))
		*each.into = content
	}
	read.err, read.fingerprint = errors.Join(problems...), fingerprint(sum.Sum(nil))
	return read
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSize {
		return nil, fmt.Errorf("%s: not a file of at most %d MB", path, maxSize>>20)
	}
	content, err := os.ReadFile(path)
	if content == nil && err == nil {
		content = []byte{}
	}
	return content, err
}

// dataHolder is an entry of the file of data holders, which has the form of the list in the
// configuration.
type dataHolder struct {
	policy.DataHolderConfig `koanf:",squash"`
	Line                    int `settings:"line"`
}

// place is where an entry stands in a file.
type place struct {
	key string
	at  any // a line, or a URA
}

func (p place) String() string {
	if line, ok := p.at.(int); ok {
		return fmt.Sprintf("%s[line %d]", p.key, line)
	}
	return fmt.Sprintf("%s[%v]", p.key, p.at)
}

// parse makes lists of what was read. The error joins the problems; the lists are those
// without them.
func (s Source) parse(read contents) (*policy.Lists, error) {
	const least = 40 // bytes of an entry
	builder := policy.NewListBuilder(len(s.Config.DataHolders) + len(s.Config.FacilityTypes) + len(read.dataHolders)/least)
	builder.AddConfig(s.Config)
	var holders []dataHolder
	var types map[string]string
	var holdersErr, typesErr error
	var reading sync.WaitGroup // at once: they are long
	reading.Go(func() { holdersErr = readList(DataHoldersKey, read.dataHolders, &holders) })
	reading.Go(func() { typesErr = readList(FacilityTypesKey, read.facilityTypes, &types) })
	reading.Wait()
	if holdersErr == nil {
		for _, each := range holders {
			builder.DataHolder(place{DataHoldersKey, each.Line}, each.DataHolderConfig)
		}
	}
	if typesErr == nil {
		for _, number := range slices.Sorted(maps.Keys(types)) {
			builder.FacilityType(place{FacilityTypesKey, number}, number, types[number])
		}
	}
	made, err := builder.Build()
	return made, errors.Join(read.err, holdersErr, typesErr, few(err))
}

// readList reads what a file held, if there is one.
func readList(key string, content []byte, into any) error {
	if content == nil {
		return nil
	}
	return underKey(key, settings.ReadList(content, into))
}

// underKey puts the key of a file before the problems in it.
func underKey(key string, err error) error {
	if err == nil {
		return nil
	}
	var texts []error
	for line := range strings.SplitSeq(few(err).Error(), "\n") {
		texts = append(texts, fmt.Errorf("%s: %s", key, line))
	}
	return errors.Join(texts...)
}

// few leaves out all but the first problems.
func few(err error) error {
	if err == nil {
		return nil
	}
	texts := bytes.SplitAfter([]byte(err.Error()), []byte("\n"))
	var problems []error
	for _, text := range texts[:min(len(texts), maxProblems)] {
		problems = append(problems, errors.New(strings.TrimSuffix(string(text), "\n")))
	}
	if more := len(texts) - maxProblems; more > 0 {
		problems = append(problems, fmt.Errorf("and %d problems more", more))
	}
	return errors.Join(problems...)
}
