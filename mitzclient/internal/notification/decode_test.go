// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

func decode(t testing.TB, form, message string) Notification {
	told, err := Decode("application/fhir+"+form, []byte(message))
	require.NoError(t, err)
	return told
}

func TestThePublicExample(t *testing.T) {
	for _, form := range []string{"xml", "json"} {
		t.Run(form, func(t *testing.T) {
			told := decode(t, form, example(t, form))
			patient, err := consent.ParseBSN(testBSN)
			require.NoError(t, err)
			require.True(t, patient.Equal(told.Patient))
			require.Equal(t, consent.DataHolder{URA: "00000042", FacilityType: "Z3"}, told.DataHolder)
			require.True(t, time.Date(2026, 3, 1, 10, 51, 16, 896792700, time.UTC).Equal(told.Changed))
			require.Equal(t, map[consent.Category]*Providers{"GGC002": {
				Permitted: []consent.ProviderCategory{"RPZAC005"},
				Refused:   []consent.ProviderCategory{"RPZAC001", "RPZAC003", "RPZAC004", "RPZAC103", "RPZAC104", "RPZAC200"},
			}}, told.Categories)
		})
	}
}

// benign is a change of the example after which it may be read.
type benign struct {
	file     string // in testdata/good, with its form
	old, new string
	want     func(*Notification) // changes what the example says
}

const (
	aCategoryXML  = `<category><coding><system value="http://fhir.nl/otv/CodeSystem/gegevenscategorie"/><version value="3960100"/><code value="GGC002"/><display value="Behandelgegevens"/></coding></category>`
	noteExtension = `<extension url="http://vzvz.nl/note"><extension url="more"><valueString value="a &amp; b"/></extension></extension>`
)

var benigns = []benign{
	{"byte_order_mark.xml", "<Bundle", "\uFEFF<Bundle", nil},
	{"declaration_and_comment.xml", "<Bundle", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x --><Bundle", nil},
	{"another_prefix.xml", `<Bundle xmlns="http://hl7.org/fhir">`, `<Bundle xmlns="http://hl7.org/fhir" xmlns:x="urn:x">`, nil},
	{"display_with_a_reference.xml", `<display value="Apotheken"/>`, `<display value="Apotheken &amp; meer"/>`, nil},
	{"unknown_extension.xml", `<status value="active"/>`, noteExtension + `<status value="active"/>`, nil},
	{"unknown_extension.json", `"extension": [`, `"extension": [{"url": "http://vzvz.nl/note", "valueInteger": 1},`, nil},
	{"name_of_the_patient.xml", `<Patient>`, `<Patient><name><family value="A &amp; B"/></name>`, nil},
	{"name_of_the_patient.json", `"resourceType": "Patient",`, `"name": [{"family": "Jansen", "given": []}], "resourceType": "Patient",`, nil},
	{"id_of_an_element.xml", `<category>`, `<category id="x">`, nil},
	{"version_3_of_the_profile.xml", "|3.8.0", "|3.9.1", nil},
	{"profile_without_a_version.xml", "|3.8.0", "", nil},
	{"upper_case_uuid.xml", "urn:uuid:33333333-3333-4333-8333-000000000001", "urn:uuid:33333333-ABCD-4333-8333-000000000001", nil},
	{"a_later_consent.xml", "2026-03-01T10:51:16.8967927Z", "2026-03-01T12:00:00+01:00", func(n *Notification) {
		n.Changed = time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)
	}},
	{"an_earlier_consent.xml", "2026-03-01T10:51:16.8967927Z", "2025-03-01T10:51:16Z", nil},
	{"two_data_categories.xml", aCategoryXML, aCategoryXML + strings.Replace(aCategoryXML, "GGC002", "GGC012", 1), func(n *Notification) {
		n.Categories["GGC012"] = &Providers{Permitted: []consent.ProviderCategory{"RPZAC005"}}
	}},
	{"another_kind.xml", "RPZAC005", "RPZAC999", func(n *Notification) { n.Categories["GGC002"].Permitted[0] = "RPZAC999" }},
	{"all_refused.xml", `<status value="active"/>`, `<status value="inactive"/>`, nil}, // and its provision, below
}

func TestWhatMayBeThere(t *testing.T) {
	for _, each := range benigns {
		name, form, _ := strings.Cut(each.file, ".")
		t.Run(name+" in "+form, func(t *testing.T) {
			want := decode(t, form, example(t, form))
			message := change(t, example(t, form), each.old, each.new)
			if each.want != nil {
				each.want(&want)
			}
			if name == "all_refused" {
				message = change(t, message, `<type value="permit"/>`, "")
				want.Categories["GGC002"] = &Providers{Refused: []consent.ProviderCategory{
					"RPZAC001", "RPZAC003", "RPZAC004", "RPZAC005", "RPZAC103", "RPZAC104", "RPZAC200",
				}}
			}
			golden(t, "good", each.file, message)
			got := decode(t, form, message)
			require.True(t, want.Changed.Equal(got.Changed))
			got.Changed = want.Changed
			require.True(t, want.Patient.Equal(got.Patient))
			got.Patient = want.Patient
			require.Equal(t, want, got)
		})
	}
}

func TestMediaTypes(t *testing.T) {
	for media, form := range map[string]string{
		"application/fhir+xml": "xml", "application/xml": "xml", "text/xml": "xml", "application/fhir+json": "json", "application/json": "json",
	} {
		_, err := Decode(media, []byte(example(t, form)))
		require.NoError(t, err, media)
	}
	for _, media := range []string{"", "text/html", "application/fhir", "application/fhir+xml; charset=utf-8"} {
		_, err := Decode(media, []byte(example(t, "xml")))
		require.Equal(t, &Error{UnknownMediaType}, err, media)
	}
}

// TestBounds: a message that is larger than any notification costs little.
func TestBounds(t *testing.T) {
	entry := func(form string) string {
		if form == "json" {
			return `{"fullUrl": "urn:uuid:55555555-5555-4555-8555-000000000000"}`
		}
		return `<entry><fullUrl value="urn:uuid:55555555-5555-4555-8555-000000000000"/></entry>`
	}
	for _, tc := range []struct {
		name, form, message string
		want                Code
	}{
		{"more than 1 MiB of XML", "xml", example(t, "xml") + strings.Repeat(" ", 1<<20), "oversized"},
		{"more than 1 MiB of JSON", "json", example(t, "json") + strings.Repeat(" ", 1<<20), "oversized"},
		{"too many entries in XML", "xml", change(t, example(t, "xml"), "<entry>", strings.Repeat(entry("xml"), maxEntries)+"<entry>"), TooManyElements},
		{"too many entries in JSON", "json", change(t, example(t, "json"), `"entry": [`, `"entry": [`+strings.Repeat(entry("json")+",", maxEntries)), TooManyElements},
		{"too many elements in XML", "xml", change(t, example(t, "xml"), "<entry>", "<entry>"+strings.Repeat("<entry/>", maxElements)), TooManyElements},
		{"too many elements in JSON", "json", change(t, example(t, "json"), `"profile": [`, `"profile": [`+strings.Repeat(`"x",`, maxElements)), TooManyElements},
		{"too many kinds of a consent", "xml", change(t, example(t, "xml"), kindXML, many(kindExtension, "RPZAC", maxCodes)+kindXML), TooManyElements},
		{"too many data categories of a consent", "xml", change(t, example(t, "xml"), "<category>", many(categoryElement, "GGC", maxCodes)+"<category>"), TooManyElements},
		{"many kinds of many data categories", "xml", change(t, change(t, example(t, "xml"), kindXML, many(kindExtension, "RPZAC", 670)+kindXML), "<category>", many(categoryElement, "GGC", 900)+"<category>"), TooManyElements},
		{"too many kinds in several consents", "xml", consents(t, maxCodes+1, func(i int) (string, string) { return "GGC002", fmt.Sprintf("RPZAC%03d", 300+i) }), TooManyElements},
		{"too many data categories in several consents", "xml", consents(t, maxCodes+1, func(i int) (string, string) { return fmt.Sprintf("GGC%03d", 300+i), "RPZAC001" }), TooManyElements},
		{"nested too deep in XML", "xml", strings.Repeat(`<extension xmlns="http://hl7.org/fhir">`, 65) + strings.Repeat("</extension>", 65), "too_deep"},
		{"nested too deep in JSON", "json", `{"resourceType": "Bundle", "extension":` + strings.Repeat(`{"extension":`, 64) + `"x"` + strings.Repeat("}", 65), "too_deep"},
		{"nested far too deep in JSON", "json", strings.Repeat("[", 1<<19), "malformed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Decode("application/fhir+"+tc.form, []byte(tc.message))
			require.Equal(t, &Error{tc.want}, err)
		})
	}
}

const (
	kindExtension   = `<extension url="http://fhir.nl/StructureDefinition/OTV-ProviderCategory"><valueCodeableConcept><coding><system value="http://fhir.nl/otv/CodeSystem/raadplegende-zorgaanbiedercategorie"/><code value="%s"/></coding></valueCodeableConcept></extension>`
	categoryElement = `<category><coding><system value="http://fhir.nl/otv/CodeSystem/gegevenscategorie"/><code value="%s"/></coding></category>`
)

// many returns so many elements with codes that differ.
func many(element, prefix string, count int) string {
	var all strings.Builder
	for i := range count {
		fmt.Fprintf(&all, element, fmt.Sprintf("%s%03d", prefix, i))
	}
	return all.String()
}

// consents returns the example with so many copies of its first Consent, each with codes of its
// own.
func consents(t *testing.T, count int, codes func(i int) (category, kind string)) string {
	t.Helper()
	whole := example(t, "xml")
	begin := strings.Index(whole, "<Consent")
	begin = strings.LastIndex(whole[:begin], "<entry>")
	end := begin + strings.Index(whole[begin:], "</entry>") + len("</entry>")
	fullURL := regexp.MustCompile(`<fullUrl value="[^"]*"/>`)
	kinds := regexp.MustCompile(`(?s)<extension url="http://fhir.nl/StructureDefinition/OTV-ProviderCategory">.*</extension>`)
	var all strings.Builder
	for i := range count {
		category, kind := codes(i)
		each := fullURL.ReplaceAllString(whole[begin:end], fmt.Sprintf(`<fullUrl value="urn:uuid:55555555-5555-4555-8555-%012d"/>`, i))
		each = kinds.ReplaceAllLiteralString(each, fmt.Sprintf(kindExtension, kind))
		all.WriteString(strings.ReplaceAll(each, "GGC002", category))
	}
	return whole[:begin] + all.String() + whole[end:]
}

func BenchmarkDecode(b *testing.B) {
	for _, form := range []string{"xml", "json"} {
		message := []byte(example(b, form))
		b.Run(form, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode("application/fhir+"+form, message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
