// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

// FuzzDecodeXML and FuzzDecodeJSON check that no bytes make the decoder panic or tell a number,
// and that in what it accepts a second reader reads the very same.
func FuzzDecodeXML(f *testing.F) { fuzz(f, mediaXML) }

func FuzzDecodeJSON(f *testing.F) { fuzz(f, mediaJSON) }

func fuzz(f *testing.F, media string) {
	for _, directory := range []string{"good", "hostile"} {
		for _, file := range files(f, directory) {
			if mediaOf(file) == media {
				message, err := os.ReadFile(file)
				require.NoError(f, err)
				f.Add(message)
			}
		}
	}
	f.Fuzz(func(t *testing.T, message []byte) { compareReaders(t, media, message) })
}

func TestASecondReaderReadsTheSame(t *testing.T) {
	for _, file := range files(t, "good") {
		t.Run(file, func(t *testing.T) {
			message, err := os.ReadFile(file)
			require.NoError(t, err)
			require.True(t, compareReaders(t, mediaOf(file), message))
		})
	}
}

var numberRun = regexp.MustCompile("[0-9]{8,}")

func compareReaders(t *testing.T, media string, message []byte) (accepted bool) {
	told, err := Decode(media, message)
	if err != nil {
		require.NotEmpty(t, err.Error())
		require.NotRegexp(t, numberRun, err.Error())
		require.Zero(t, told)
		return false
	}
	second, err := readAgain(media, message)
	require.NoError(t, err, "what the decoder accepts must be well-formed to others")
	require.Len(t, second.BSNs, 1)
	bsn, err := consent.ParseBSN(second.BSNs[0])
	require.NoError(t, err)
	require.True(t, bsn.Equal(told.Patient))
	require.Equal(t, []string{string(told.DataHolder.URA)}, second.URAs)
	require.Equal(t, []string{string(told.DataHolder.FacilityType)}, second.Types)
	require.Equal(t, told.said(), second.Said)
	latest := time.Time{}
	for _, date := range second.Dates {
		moment, err := time.Parse(time.RFC3339Nano, date)
		require.NoError(t, err)
		if moment.After(latest) {
			latest = moment
		}
	}
	require.True(t, latest.Equal(told.Changed))
	return true
}

// said returns what was decoded in the form of the second reader.
func (n Notification) said() (all []string) {
	for category, providers := range n.Categories {
		for _, kind := range providers.Permitted {
			all = append(all, string(category)+" "+string(kind)+" permit")
		}
		for _, kind := range providers.Refused {
			all = append(all, string(category)+" "+string(kind)+" refuse")
		}
	}
	slices.Sort(all)
	return all
}
