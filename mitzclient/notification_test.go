// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

func notificationOf(t testing.TB, file string) []byte {
	message, err := os.ReadFile(filepath.Join("internal", "notification", "testdata", file))
	require.NoError(t, err)
	return message
}

func TestReadNotification(t *testing.T) {
	for contentType, file := range map[string]string{
		"application/fhir+xml":                     "good/partial.xml",
		"application/fhir+xml; charset=UTF-8":      "good/partial.xml",
		"application/fhir+xml; fhirVersion=4.0":    "good/partial.xml",
		"Application/FHIR+XML":                     "good/partial.xml",
		"application/fhir+json; charset=\"utf-8\"": "good/partial.json",
	} {
		told, err := ReadNotification(contentType, notificationOf(t, file))
		require.NoError(t, err, contentType)
		require.Equal(t, consent.DataHolder{URA: "00000042", FacilityType: "Z3"}, told.DataHolder)
		require.Equal(t, []consent.ProviderCategory{"RPZAC005"}, told.Categories["GGC002"].Permitted)
		require.Len(t, told.Categories["GGC002"].Refused, 6)
		require.NotContains(t, fmt.Sprintf("%+v %#v", told, told), "999996630")
	}
}

func TestRefusedNotifications(t *testing.T) {
	for _, tc := range []struct{ name, contentType, file, code string }{
		{"no content type", "", "good/partial.xml", "unknown_media_type"},
		{"content type that is no media type", "fhir;;", "good/partial.xml", "unknown_media_type"},
		{"another charset", "application/fhir+xml; charset=latin1", "good/partial.xml", "unknown_media_type"},
		{"another version of FHIR", "application/fhir+xml; fhirVersion=3.0", "good/partial.xml", "unknown_media_type"},
		{"a parameter that is not known", "application/fhir+xml; x=y", "good/partial.xml", "unknown_media_type"},
		{"JSON that says it is XML", "application/fhir+xml", "good/partial.json", "unexpected_text"},
		{"a contradiction", "application/fhir+xml", "hostile/kind_refused_twice.xml", "contradiction"},
		{"a document type", "application/fhir+xml", "hostile/doctype.xml", "doctype"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			told, err := ReadNotification(tc.contentType, notificationOf(t, tc.file))
			require.Zero(t, told)
			var refusal *NotificationError
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, tc.code, refusal.Code)
			require.NotEmpty(t, refusal.Error())
		})
	}
}

// TestEveryCodeOfARefusalIsListed: metrics have them all from the start.
func TestEveryCodeOfARefusalIsListed(t *testing.T) {
	codes := NotificationCodes()
	for _, file := range []string{"internal/notification/errors.go", "internal/strictxml/codes.go"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		found := regexp.MustCompile(`\bCode\s+= "([a-z_]+)"`).FindAllSubmatch(source, -1)
		require.Greater(t, len(found), 10, file)
		for _, code := range found {
			require.Contains(t, codes, string(code[1]))
		}
	}
	require.Len(t, codes, 25)
	require.True(t, slices.IsSorted(codes))
}
