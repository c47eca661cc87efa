// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chained are the lines of a chain of so many entries, each with its end.
func chained(t *testing.T, entries int) []string {
	t.Helper()
	path := newPath(t)
	log := openLog(t, path)
	for i := range entries {
		require.NoError(t, log.Append(t.Context(), coded(t, fmt.Sprint("code-", i))))
	}
	require.NoError(t, log.Close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.SplitAfter(strings.TrimSuffix(string(content), "\n"), "\n")
}

// breakIn is the first fault in a file of these lines.
func breakIn(t *testing.T, expected Expected, lines ...string) *Break {
	t.Helper()
	v := &verifier{expected: expected}
	require.NoError(t, eachLineIn("audit.jsonl", strings.NewReader(strings.Join(lines, "")), func(line Line) error {
		v.next(line)
		return nil
	}))
	v.end()
	found := v.report.Break
	if found != nil && found.File != "" {
		assert.Equal(t, "audit.jsonl", found.File)
	}
	return found
}

func TestVerifyTellsTheFirstFault(t *testing.T) {
	lines := chained(t, 6)
	lines[5] += "\n"
	other := chained(t, 6)
	rewritten, _ := appendSealed(nil, []byte(`{"resourceType":"AuditEvent"}`), Place{Chain: placeOf(t, lines[0]).Chain, Number: 2, Hash: other[0][:0] + noHash}, nil)
	for _, test := range []struct {
		name  string
		lines []string
		fault Fault
		line  int
	}{
		{"an entry is altered", replaced(lines, 2, strings.Replace(lines[2], "code-2", "code-9", 1)), FaultAltered, 3},
		{"an entry is altered, and its hash with it", replaced(lines, 2, resealed(t, lines[2], "code-2", "code-9")), FaultInserted, 4},
		{"an entry is removed", slices.Delete(slices.Clone(lines), 2, 3), FaultRemoved, 3},
		{"several are", slices.Delete(slices.Clone(lines), 1, 4), FaultRemoved, 2},
		{"two are swapped", []string{lines[0], lines[2], lines[1], lines[3]}, FaultReordered, 2},
		{"one is moved to the end", []string{lines[0], lines[2], lines[3], lines[1]}, FaultReordered, 2},
		{"one is there twice", []string{lines[0], lines[1], lines[1], lines[2]}, FaultInserted, 3},
		{"one is made up", []string{lines[0], lines[1], string(rewritten), lines[2]}, FaultInserted, 3},
		{"one is of another chain", []string{lines[0], other[1], lines[1]}, FaultNewChain, 2},
		{"another chain begins", []string{lines[0], other[0]}, FaultNewChain, 2},
		{"a line is no entry", []string{lines[0], "what is this\n", lines[1]}, FaultNoEntry, 2},
		{"a line is empty", []string{lines[0], "\n", lines[1]}, FaultNoEntry, 2},
		{"an entry is not sealed", []string{lines[0], `{"resourceType":"AuditEvent"}` + "\n", lines[1]}, FaultNoEntry, 2},
		{"a line is longer than any entry", []string{lines[0], strings.Repeat("x", maxLine+1) + "\n", lines[1]}, FaultNoEntry, 2},
		{"a line is longer than any buffer", []string{lines[0], strings.Repeat("x", 5*maxLine) + "\n", lines[1]}, FaultNoEntry, 2},
		{"a line end is another", []string{lines[0], strings.TrimSuffix(lines[1], "\n") + "\r\n", lines[2]}, FaultNoEntry, 2},
		{"the first entry names one before it", []string{resealed(t, lines[0], noHash, strings.Repeat("1", hashLength))}, FaultInserted, 1},
		{"nothing is wrong", lines, "", 0},
		{"the first entries are not given", lines[3:], "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := breakIn(t, Expected{}, test.lines...)
			if test.fault == "" {
				assert.Nil(t, found)
				return
			}
			require.NotNil(t, found)
			assert.Equal(t, test.fault, found.Fault)
			assert.Equal(t, test.line, found.Line)
		})
	}
}

func placeOf(t *testing.T, line string) Place {
	t.Helper()
	sealed, err := parseSealed([]byte(strings.TrimSuffix(line, "\n")))
	require.NoError(t, err)
	return sealed.Place
}

func replaced(lines []string, at int, line string) []string {
	lines = slices.Clone(lines)
	lines[at] = line
	return lines
}

// resealed is the line with other text in it and the hash that fits.
func resealed(t *testing.T, line, before, after string) string {
	t.Helper()
	require.Contains(t, line, before)
	line = strings.Replace(strings.TrimSuffix(line, "\n"), before, after, 1)
	body := line[:len(line)-len(sealEnd)-hashLength]
	return body + hashOf([]byte(body)) + sealEnd + "\n"
}

func TestLinesThatACrashLeft(t *testing.T) {
	event := []byte(`{"resourceType":"AuditEvent"}`)
	first, place := appendSealed(nil, event, Place{Chain: "8a5e2b1c-4d3f-4a6b-9c7d-0e1f2a3b4c5d", Hash: noHash}, nil)
	second, _ := appendSealed(nil, event, place, []byte("half\n"))
	assert.Nil(t, breakIn(t, Expected{}, string(first), "half\n", string(second)))
	for name, test := range map[string]struct {
		lines []string
		fault Fault
		line  int
	}{
		"are altered":  {[]string{string(first), "hulf\n", string(second)}, FaultNoEntry, 2},
		"are removed":  {[]string{string(first), string(second)}, FaultRemoved, 2},
		"are inserted": {[]string{string(first), "half\n", "half\n", string(second)}, FaultNoEntry, 2},
	} {
		t.Run(name, func(t *testing.T) {
			found := breakIn(t, Expected{}, test.lines...)
			require.NotNil(t, found)
			assert.Equal(t, test.fault, found.Fault)
			assert.Equal(t, test.line, found.Line)
		})
	}
	t.Run("before the first entry of a chain are removed", func(t *testing.T) {
		vouches, place := appendSealed(nil, event, Place{Chain: "8a5e2b1c-4d3f-4a6b-9c7d-0e1f2a3b4c5d", Hash: noHash}, []byte("half\n"))
		assert.Nil(t, breakIn(t, Expected{}, "half\n", string(vouches)))
		found := breakIn(t, Expected{}, string(vouches))
		require.NotNil(t, found)
		assert.Equal(t, FaultRemoved, found.Fault)
		later, _ := appendSealed(nil, event, place, []byte("half\n"))
		assert.Nil(t, breakIn(t, Expected{}, string(later)), "they are in a file that is not given, as the entries before it")
	})
}

func TestNoLineTakesMuchMemory(t *testing.T) {
	lines := 0
	require.NoError(t, eachLineIn("", strings.NewReader(strings.Repeat("x", 16*maxLine)+"\nnext"), func(line Line) error {
		lines++
		assert.LessOrEqual(t, cap(line.Content), 2*maxLine)
		assert.Equal(t, lines == 1, line.long)
		return nil
	}))
	assert.Equal(t, 2, lines)
}

// TestNoByteCanBeAltered flips a bit of each byte of a file, and drops each.
func TestNoByteCanBeAltered(t *testing.T) {
	lines := chained(t, 3)
	content := strings.Join(lines, "") + "\n"
	for at := range content {
		line := 1 + strings.Count(content[:at], "\n")
		for _, altered := range []string{
			content[:at] + string([]byte{content[at] ^ 1<<(at%8)}) + content[at+1:],
			content[:at] + content[at+1:],
			content[:at] + "0" + content[at:],
		} {
			if altered == content || altered+"\n" == content {
				continue
			}
			found := breakIn(t, Expected{}, altered)
			require.NotNil(t, found, "byte %d", at)
			require.Equal(t, line, found.Line, "byte %d", at)
		}
	}
}

func TestAFileThatIsCutOff(t *testing.T) {
	lines := chained(t, 3)
	content := strings.Join(lines, "")
	end := placeOf(t, lines[2])
	for at := 1; at < len(content); at++ {
		found := breakIn(t, Expected{}, content[:at])
		if content[at-1] == '\n' || content[at] == '\n' {
			require.Nil(t, found, "the chain alone does not show that the end is gone")
		} else {
			require.Equal(t, FaultNoEntry, found.Fault)
			require.Contains(t, found.Detail, "has no end")
		}
	}
	t.Run("shows when it is known what must be there", func(t *testing.T) {
		assert.Nil(t, breakIn(t, Expected{Places: []Place{end}}, lines...))
		assert.Equal(t, FaultMissing, breakIn(t, Expected{Places: []Place{end}}, lines[:2]...).Fault)
		end.Hash = noHash
		assert.Equal(t, FaultInserted, breakIn(t, Expected{Places: []Place{end}}, lines...).Fault)
	})
}

// TestTheEndIsKnownBesideTheFile: the node keeps the last entry's place in a file of its own,
// so that an end that is cut off shows before the node starts again.
func TestTheEndIsKnownBesideTheFile(t *testing.T) {
	lines := chained(t, 3)
	kept := func(place Place) string {
		return fmt.Sprintf("%s %0*d %s\n", place.Chain, numberLength, place.Number, place.Hash)
	}
	last := kept(placeOf(t, lines[2]))
	for _, tc := range []struct {
		name, head string
		lines      []string
		fault      Fault
	}{
		{"a whole file is whole", last, lines, ""},
		{"what the node wrote after it was read is whole", kept(placeOf(t, lines[1])), lines, ""},
		{"the end is gone", last, lines[:2], FaultMissing},
		{"all is gone", last, nil, FaultMissing},
		{"another end took its place", kept(Place{placeOf(t, lines[2]).Chain, 3, noHash}), lines, FaultInserted},
		{"the log was rotated away meanwhile", kept(placeOf(t, lines[0])), lines[1:], ""},
		{"it cannot be read", "something else", lines[:2], ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := newPath(t)
			require.NoError(t, os.WriteFile(path, []byte(strings.Join(tc.lines, "")), 0o600))
			require.NoError(t, os.WriteFile(path+headSuffix, []byte(tc.head), 0o600))
			found := verified(t, Expected{}, path).Break
			if tc.fault == "" {
				assert.Nil(t, found)
				return
			}
			require.NotNil(t, found)
			assert.Equal(t, tc.fault, found.Fault)
		})
	}
}

func TestVerifyReadsManyFiles(t *testing.T) {
	lines := chained(t, 3)
	first, second, third := newPath(t)+".2.gz", newPath(t)+".1", newPath(t)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err := writer.Write([]byte(lines[0]))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	require.NoError(t, os.WriteFile(first, packed.Bytes(), 0o600))
	require.NoError(t, os.WriteFile(second, []byte(lines[1]), 0o600))
	require.NoError(t, os.WriteFile(third, []byte(lines[2]), 0o600))
	assertWhole(t, 3, first, second, third)
	assert.Equal(t, FaultReordered, verified(t, Expected{}, first, third, second).Break.Fault)
	_, err = Verify([]string{first, newPath(t)}, Expected{}, func(Line) error { return nil })
	assert.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(first, packed.Bytes()[:20], 0o600))
	_, err = Verify([]string{first}, Expected{}, func(Line) error { return nil })
	assert.ErrorContains(t, err, first)
}

func FuzzVerify(f *testing.F) {
	line, place := appendSealed(nil, []byte(`{"resourceType":"AuditEvent"}`), Place{Chain: "8a5e2b1c-4d3f-4a6b-9c7d-0e1f2a3b4c5d", Hash: noHash}, []byte("half"))
	more, _ := appendSealed(nil, []byte(`{"subtype":[{"code":"log-signed"}],"entity":[{"detail":[{"type":"jws","valueString":"e30.e30.e30"}]}]}`), place, nil)
	f.Add(append(append([]byte("half\n"), line...), more...))
	f.Add(line)
	f.Fuzz(func(t *testing.T, content []byte) {
		v, seen := &verifier{}, 0
		require.NoError(t, eachLineIn("", bytes.NewReader(content), func(line Line) error {
			seen++
			v.next(line)
			return nil
		}))
		v.end()
		report := v.report
		lines := bytes.Count(content, []byte{'\n'})
		if len(content) > 0 && content[len(content)-1] != '\n' {
			lines++
		}
		require.Equal(t, lines, seen)
		if report.Break == nil {
			require.Equal(t, lines, report.Entries+report.Unfinished)
			require.Equal(t, report.Last, endingOf(content).place)
		}
	})
}
