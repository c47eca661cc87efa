// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// update rewrites the files under testdata from the recipes in the tests.
var update = flag.Bool("update", false, "rewrite testdata")

const (
	mediaXML  = "application/fhir+xml"
	mediaJSON = "application/fhir+json"
	testBSN   = "999996630"
)

// example reads the one notification of which the shape is public, see testdata/README.md.
func example(t testing.TB, form string) string {
	message, err := os.ReadFile(filepath.Join("testdata", "good", "partial."+form))
	require.NoError(t, err)
	return string(message)
}

// mediaOf returns the media type of a file in testdata.
func mediaOf(file string) string {
	if filepath.Ext(file) == ".json" {
		return mediaJSON
	}
	return mediaXML
}

// change replaces the first occurrence of a text by another. It must be there.
func change(t testing.TB, message, from, to string) string {
	require.Contains(t, message, from)
	return strings.Replace(message, from, to, 1)
}

// golden compares a message with its file in testdata, or rewrites the file.
func golden(t *testing.T, directory, file, message string) {
	path := filepath.Join("testdata", directory, file)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(message), 0o644))
	}
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(kept), message)
}

// files returns all files of a directory in testdata.
func files(t testing.TB, directory string) []string {
	found, err := filepath.Glob(filepath.Join("testdata", directory, "*.*"))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}
