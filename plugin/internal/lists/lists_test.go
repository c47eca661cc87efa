// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package lists

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/watch"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

// write writes a file in a directory, as an operator should: aside, and then in its place.
func write(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", []byte(content), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

const (
	twoHolders = "- {subject: east, ura: \"00000659\", facilitytype: V6}\n- {subject: west, ura: \"00000660\", facilitytype: Z3}\n"
	oneHolder  = "- {subject: east, ura: \"00000659\", facilitytype: V6}\n"
	twoTypes   = "\"00001234\": G3\n\"00005678\": J8\n"
)

func newSource(t testing.TB, dataHolders, facilityTypes string) Source {
	t.Helper()
	dir := t.TempDir()
	source := Source{DataHolders: filepath.Join(dir, "holders.yaml"), FacilityTypes: filepath.Join(dir, "types.yaml")}
	write(t, source.DataHolders, dataHolders)
	write(t, source.FacilityTypes, facilityTypes)
	return source
}

func TestLoad(t *testing.T) {
	t.Run("the files and the configuration together", func(t *testing.T) {
		source := newSource(t, twoHolders, `{"00001234": "G3", "00005678": "J8"}`)
		source.Config = policy.Config{
			DataHolders:   []policy.DataHolderConfig{{Subject: "north", URA: "00000661", FacilityType: "V4"}},
			FacilityTypes: map[string]string{"00009999": "V6"},
		}
		lists, _, err := Load(source, Hooks{})
		require.NoError(t, err)
		assert.Equal(t, []string{"east", "north", "west"}, lists.Subjects())
		west, known := lists.DataHolder("west")
		assert.True(t, known)
		assert.Equal(t, consent.DataHolder{URA: "00000660", FacilityType: "Z3"}, west)
		_, types := lists.Len()
		assert.Equal(t, 3, types)
	})
	t.Run("nobody, on purpose", func(t *testing.T) {
		lists, _, err := Load(newSource(t, "[]", "{}"), Hooks{})
		require.NoError(t, err)
		assert.Empty(t, lists.Subjects())
	})
	for _, tc := range []struct {
		name, holders, types string
		problems             []string
	}{
		{"nothing at all", "", "", []string{
			"dataholdersfile: is empty: write [] or {} if nothing is in it on purpose", "facilitytypesfile: is empty: "}},
		{"lists with the keys of the configuration", "dataholders:\n" + oneHolder, "facilitytypes: {\"00001234\": G3}", []string{
			"dataholdersfile: line 1: a list belongs here", "facilitytypesfile: line 1: facilitytypes: one value belongs here, not a map"}},
		{"values that are wrong", "- {subject: a, ura: \"659\", facilitytype: hospital}\n- {ura: \"00000659\", facilitytype: V6}\n", "\"1234\": G3\n\"00005678\": pharmacy\n", []string{
			"dataholdersfile[line 1].ura: not a URA", "dataholdersfile[line 1].facilitytype: not an organisation type", "dataholdersfile[line 2].subject: missing",
			"facilitytypesfile[1234]: not a URA", "facilitytypesfile[00005678]: not an organisation type"}},
		{"one that is there twice", oneHolder + oneHolder, "\"00001234\": G3\n\"00001234\": G3\n", []string{
			`dataholdersfile[line 2].subject: "east" is given twice, first in dataholdersfile[line 1]`,
			"facilitytypesfile: line 2: 00001234: is given twice, at lines 1 and 2"}},
		{"one that is in the configuration too", "- {subject: configured, ura: \"00000659\", facilitytype: V6}\n", "\"00009999\": G3\n", []string{
			`dataholdersfile[line 1].subject: "configured" is given twice, first in dataholders[0]`,
			"facilitytypesfile[00009999]: is given twice, first in facilitytypes.00009999"}},
		{"numbers that lose their zeros", "- {subject: a, ura: 00000659, facilitytype: V6}\n", "00001234: G3\n", []string{
			"dataholdersfile: line 1: [0].ura: quote it: it begins with zeros", "facilitytypesfile: line 1: 00001234: quote it: it begins with zeros"}},
		{"more problems than anybody reads", strings.Repeat("- {subjct: a}\n", 40), twoTypes, []string{"dataholdersfile: and 30 problems more"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			source := newSource(t, tc.holders, tc.types)
			source.Config = policy.Config{
				DataHolders:   []policy.DataHolderConfig{{Subject: "configured", URA: "00000661", FacilityType: "V4"}},
				FacilityTypes: map[string]string{"00009999": "V6"},
			}
			_, _, err := Load(source, Hooks{})
			require.Error(t, err)
			for _, problem := range tc.problems {
				assert.ErrorContains(t, err, problem)
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		_, _, err := Load(Source{DataHolders: filepath.Join(t.TempDir(), "none"), FacilityTypes: t.TempDir()}, Hooks{})
		assert.ErrorContains(t, err, "dataholdersfile: ")
		assert.ErrorContains(t, err, "not a file of at most")
	})
}

// watched is what a watcher told.
type watched struct {
	mu      sync.Mutex
	changed []*policy.Lists
	refused []string
}

func (w *watched) hooks() Hooks {
	return Hooks{
		Changed: func(lists *policy.Lists) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.changed = append(w.changed, lists)
		},
		Refused: func(err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.refused = append(w.refused, err.Error())
		},
	}
}

func TestWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newSource(t, twoHolders, twoTypes)
		told := &watched{}
		_, watcher, err := Load(source, told.hooks())
		require.NoError(t, err)
		watcher.Start()
		watcher.Start() // once is enough
		defer watcher.Stop()
		wait := func() {
			told.mu.Unlock()
			time.Sleep(watch.Interval)
			synctest.Wait()
			told.mu.Lock()
		}
		told.mu.Lock() // but for the waits, what was told is the test's
		defer told.mu.Unlock()
		wait()
		assert.Empty(t, told.changed, "nothing changed")

		write(t, source.DataHolders, oneHolder)
		wait()
		require.Len(t, told.changed, 1, "one data holder was removed")
		assert.Equal(t, []string{"east"}, told.changed[0].Subjects())
		_, types := told.changed[0].Len()
		assert.Equal(t, 2, types, "the other file is still there")

		write(t, source.DataHolders, twoHolders+"- {subject: east}\n")
		wait()
		wait()
		assert.Len(t, told.changed, 1, "a wrong file is not taken, not even what is right in it")
		require.Len(t, told.refused, 1, "it is told once")
		assert.Contains(t, told.refused[0], "dataholdersfile[line 3].")
		assert.True(t, watcher.Refused())

		write(t, source.DataHolders, "")
		wait()
		assert.Len(t, told.refused, 2, "another wrong file is told too")

		require.NoError(t, os.Remove(source.DataHolders))
		wait()
		require.Len(t, told.refused, 3)
		assert.Contains(t, told.refused[2], "no such file")

		write(t, source.DataHolders, oneHolder)
		wait()
		assert.False(t, watcher.Refused(), "the change was undone")
		assert.Len(t, told.changed, 1, "these are in use")

		write(t, source.DataHolders, "[]")
		write(t, source.FacilityTypes, "{}")
		wait()
		require.Len(t, told.changed, 2)
		assert.Empty(t, told.changed[1].Subjects(), "nobody is left, on purpose")

		watcher.Stop()
		watcher.Stop()
		write(t, source.DataHolders, twoHolders)
		wait()
		assert.Len(t, told.changed, 2, "it stopped")
	})
}

// TestWatcherBehindLinks changes files as Kubernetes does: by one symbolic link.
func TestWatcherBehindLinks(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"one": oneHolder, "two": twoHolders} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		write(t, filepath.Join(dir, name, "holders.yaml"), content)
	}
	link := filepath.Join(dir, "data")
	require.NoError(t, os.Symlink("one", link))
	told := &watched{}
	_, watcher, err := Load(Source{DataHolders: filepath.Join(link, "holders.yaml")}, told.hooks())
	require.NoError(t, err)
	require.NoError(t, os.Symlink("two", link+".new"))
	require.NoError(t, os.Rename(link+".new", link))
	watcher.look()
	require.Len(t, told.changed, 1)
	assert.Equal(t, []string{"east", "west"}, told.changed[0].Subjects())
}

func TestWatcherWithoutFiles(t *testing.T) {
	_, watcher, err := Load(Source{Config: policy.Config{}}, Hooks{})
	require.NoError(t, err)
	watcher.Start()
	watcher.Stop()
}

// many are files with so many entries.
func many(t testing.TB, count int, asJSON bool) Source {
	t.Helper()
	var holders []map[string]string
	types := map[string]string{}
	var yaml strings.Builder
	for i := range count {
		ura := fmt.Sprintf("%08d", i)
		holders = append(holders, map[string]string{"subject": fmt.Sprintf("practice-%d", i), "ura": ura, "facilitytype": "Z3"})
		types[ura] = "G3"
		fmt.Fprintf(&yaml, "- subject: practice-%d\n  ura: %q\n  facilitytype: Z3\n", i, ura)
	}
	if asJSON {
		content, err := json.MarshalIndent(holders, "", "  ")
		require.NoError(t, err)
		typesContent, err := json.Marshal(types)
		require.NoError(t, err)
		return newSource(t, string(content), string(typesContent))
	}
	var typesYAML strings.Builder
	for i := range count {
		fmt.Fprintf(&typesYAML, "\"%08d\": G3\n", i)
	}
	return newSource(t, yaml.String(), typesYAML.String())
}

// TestTenThousandEntries allows the node's start and each reload so much work, and a look at
// files that did not change nearly none: allocations, since time depends on the machine.
func TestTenThousandEntries(t *testing.T) {
	source := many(t, 10_000, false)
	lists, watcher, err := Load(source, Hooks{})
	require.NoError(t, err)
	holders, types := lists.Len()
	assert.Equal(t, []int{10_000, 10_000}, []int{holders, types})
	assert.Less(t, testing.AllocsPerRun(1, func() { _, _, err = Load(source, Hooks{}) }), 600_000.0)
	assert.Less(t, testing.AllocsPerRun(5, watcher.look), 50.0)
	assert.Zero(t, testing.AllocsPerRun(5, func() { lists.DataHolder("practice-9999") }))
}

func BenchmarkLoad(b *testing.B) {
	for name, asJSON := range map[string]bool{"YAML": false, "JSON": true} {
		b.Run(name, func(b *testing.B) {
			source := many(b, 10_000, asJSON)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Load(source, Hooks{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLookAtUnchangedFiles(b *testing.B) {
	_, watcher, err := Load(many(b, 10_000, false), Hooks{})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		watcher.look()
	}
}

func BenchmarkDataHolder(b *testing.B) {
	lists, _, err := Load(many(b, 10_000, false), Hooks{})
	require.NoError(b, err)
	for b.Loop() {
		lists.DataHolder("practice-5000")
	}
}

// TestDocumentedFiles reads the files in docs/operations.md.
func TestDocumentedFiles(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "operations.md"))
	require.NoError(t, err)
	files := map[string]string{}
	for _, block := range regexp.MustCompile("(?s)<!-- list: ([a-z]+) -->\n```(?:yaml|json)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		files[block[1]] = block[2]
	}
	lists, _, err := Load(newSource(t, files[DataHoldersKey], files[FacilityTypesKey]), Hooks{})
	require.NoError(t, err)
	assert.Equal(t, []string{"practice-0001", "practice-0002"}, lists.Subjects())
	_, types := lists.Len()
	assert.Equal(t, 2, types)
}
