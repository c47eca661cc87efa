// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package location

import (
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

var numberRun = regexp.MustCompile(`[0-9]{8,}`)

// FuzzDecodeResponse checks that no bytes make the decoder panic or tell a number, and that of
// what it accepts a second reader reads the very same.
func FuzzDecodeResponse(f *testing.F) {
	for _, directory := range []string{"good", "hostile"} {
		files, err := filepath.Glob(filepath.Join("testdata", directory, "*.xml"))
		require.NoError(f, err)
		require.NotEmpty(f, files)
		for _, file := range files {
			message, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(message)
		}
	}
	f.Add([]byte(fault("s:Sender")))
	f.Fuzz(func(t *testing.T, message []byte) {
		response, err := DecodeResponse(message)
		if err != nil {
			require.NotRegexp(t, numberRun, err.Error())
			require.Zero(t, response)
			return
		}
		locations, err := response.Match(testMessageID, patient(t))
		if err != nil {
			_, ours := errors.AsType[*Error](err)
			require.True(t, ours)
			require.NotRegexp(t, numberRun, err.Error())
			return
		}
		require.Equal(t, readAgain(t, message), locations)
	})
}

// secondReading is an answer as encoding/xml reads it, by local names alone.
type secondReading struct {
	Locations []struct {
		Home      []string    `xml:"HomeCommunityId"`
		Requested []secondID  `xml:"RequestedPatientId"`
		Source    []string    `xml:"SourceId"`
		Holder    []secondID  `xml:"author-institution"`
		Codes     []secondOne `xml:"event-code"`
	} `xml:"Body>PatientLocationQueryResponse>PatientLocationResponse"`
}

type secondID struct {
	Root      string `xml:"root,attr"`
	Extension string `xml:"extension,attr"`
}

type secondOne struct {
	Code string `xml:"code,attr"`
	Text string `xml:",chardata"`
}

// readAgain returns what the second reader reads in an answer that matched: it must find each
// part as often.
func readAgain(t *testing.T, message []byte) []Location {
	var read secondReading
	require.NoError(t, xml.Unmarshal([]byte(strings.TrimPrefix(string(message), "\uFEFF")), &read), "well-formed to others")
	locations := []Location{}
	for _, each := range read.Locations {
		require.Equal(t, []secondID{{rootBSN, testBSN}}, each.Requested)
		require.Len(t, each.Home, 1)
		l := Location{Gateway: bare(each.Home[0])}
		if each.Source != nil {
			require.Len(t, each.Source, 1)
			l.Source = bare(each.Source[0])
		}
		if each.Holder != nil && each.Holder[0].Root == rootURA {
			require.Len(t, each.Holder, 1)
			l.DataHolder = consent.URA(each.Holder[0].Extension)
		}
		for _, code := range each.Codes {
			category := consent.Category(strings.Trim(code.Code+code.Text, " \t\r\n"))
			if !slices.Contains(l.Categories, category) {
				l.Categories = append(l.Categories, category)
			}
		}
		locations = append(locations, l)
	}
	return locations
}

func bare(system string) string {
	return strings.TrimPrefix(strings.Trim(system, " \t\r\n"), "urn:oid:")
}
