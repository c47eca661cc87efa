// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscription

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

const testBSN = "999996630"

func request(t testing.TB, change ...func(*Request)) Request {
	bsn, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	r := Request{
		Patient: bsn, BirthDate: "1980-01-01", DataHolder: consent.DataHolder{URA: "00000042", FacilityType: "Z3"},
		GatewaySystem: "2.999.1", SourceSystem: "2.999.1.2",
		NotifyURL: "https://holder.example/otv/Subscription/1", Payload: MediaXML,
	}
	for _, each := range change {
		each(&r)
	}
	return r
}

func example(t testing.TB, file string) []byte {
	message, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	return message
}

// TestEncodedAsTheExamples compares with messages of the form that public clients send.
func TestEncodedAsTheExamples(t *testing.T) {
	require.JSONEq(t, string(example(t, "subscription-request.json")), string(Encode(MediaJSON, request(t))))
	require.JSONEq(t, string(example(t, "subscription-request-no-birthdate-json-payload.json")),
		string(Encode(MediaJSON, request(t, func(r *Request) { r.BirthDate, r.Payload = "", MediaJSON }))))
	require.Equal(t, tokens(t, example(t, "subscription-request.xml")), tokens(t, Encode(MediaXML, request(t))))
}

// TestASystemThatIsNotNamed leaves out what the examples have.
func TestASystemThatIsNotNamed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Request)
		has    []string
	}{
		{"the gateway", func(r *Request) { r.GatewaySystem = "" }, []string{"urn:oid:2.999.1.2"}},
		{"the source", func(r *Request) { r.SourceSystem = "" }, []string{"urn:oid:2.999.1"}},
		{"neither, and no date of birth", func(r *Request) { r.GatewaySystem, r.SourceSystem, r.BirthDate = "", "", "" }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(t, tc.change)
			require.NoError(t, r.Validate(false))
			var inXML struct {
				Systems []struct {
					OID struct {
						Value string `xml:"value,attr"`
					} `xml:"valueOid"`
				} `xml:"extension"`
			}
			require.NoError(t, xml.Unmarshal(Encode(MediaXML, r), &inXML))
			var inJSON struct {
				Extension []struct {
					OID string `json:"valueOid"`
				} `json:"extension"`
			}
			require.NoError(t, json.Unmarshal(Encode(MediaJSON, r), &inJSON))
			var asXML, asJSON []string
			for _, each := range inXML.Systems {
				if each.OID.Value != "" {
					asXML = append(asXML, each.OID.Value)
				}
			}
			for _, each := range inJSON.Extension {
				if each.OID != "" {
					asJSON = append(asJSON, each.OID)
				}
			}
			require.Equal(t, tc.has, asXML)
			require.Equal(t, tc.has, asJSON)
			require.Equal(t, r.BirthDate != "" || tc.has != nil, strings.Contains(string(Encode(MediaJSON, r)), `"extension"`), "FHIR has no empty lists")
		})
	}
}

// tokens returns what is in an XML message but white space between elements.
func tokens(t testing.TB, message []byte) (all []any) {
	decoder := xml.NewDecoder(strings.NewReader(string(message)))
	for {
		token, err := decoder.Token()
		if token == nil {
			require.ErrorContains(t, err, "EOF")
			return all
		}
		switch token := token.(type) {
		case xml.StartElement:
			all = append(all, token.Copy())
		case xml.EndElement:
			all = append(all, token)
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				all = append(all, text)
			}
		}
	}
}

// TestAnAddressCannotWriteElements: an address is the one value with characters that mean something.
func TestAnAddressCannotWriteElements(t *testing.T) {
	const address = "https://holder.example/a&b'c\"d<e>f"
	r := request(t, func(r *Request) { r.NotifyURL = address })
	var inXML struct {
		Endpoint struct {
			Value string `xml:"value,attr"`
		} `xml:"channel>endpoint"`
	}
	require.NoError(t, xml.Unmarshal(Encode(MediaXML, r), &inXML))
	require.Equal(t, address, inXML.Endpoint.Value)
	var inJSON struct {
		Channel struct{ Endpoint string }
	}
	require.NoError(t, json.Unmarshal(Encode(MediaJSON, r), &inJSON))
	require.Equal(t, address, inJSON.Channel.Endpoint)
}

func TestValidate(t *testing.T) {
	require.NoError(t, request(t).Validate(false))
	require.NoError(t, request(t, func(r *Request) { r.NotifyURL = "http://127.0.0.1:1/x" }).Validate(true))
	for _, date := range []string{"", "1950", "1950-02", "2000-02-29"} {
		require.NoError(t, request(t, func(r *Request) { r.BirthDate = date }).Validate(false), date)
	}
	for _, tc := range []struct {
		name   string
		change func(*Request)
		want   string
	}{
		{"no patient", func(r *Request) { r.Patient = consent.BSN{} }, "patient: missing"},
		{"a day that does not exist", func(r *Request) { r.BirthDate = "1950-02-30" }, "birth date: not a year, month or day"},
		{"a moment of birth", func(r *Request) { r.BirthDate = "1950-02-03T00:00:00Z" }, "birth date: not a year, month or day"},
		{"a short URA", func(r *Request) { r.DataHolder.URA = "42" }, "data holder: not a URA: eight digits"},
		{"a type that writes a parameter", func(r *Request) { r.DataHolder.FacilityType = "Z3&x" }, "data holder: not an organisation type"},
		{"a gateway by its name", func(r *Request) { r.GatewaySystem = "gateway" }, "gateway system: not an OID"},
		{"a source with its prefix", func(r *Request) { r.SourceSystem = "urn:oid:2.999" }, "source system: not an OID"},
		{"an OID without end", func(r *Request) { r.SourceSystem = "2" + strings.Repeat(".1", 64) }, "source system: not an OID"},
		{"another payload", func(r *Request) { r.Payload = "application/json" }, "payload: neither FHIR XML nor FHIR JSON"},
		{"no address", func(r *Request) { r.NotifyURL = "" }, "notify URL: missing"},
		{"http", func(r *Request) { r.NotifyURL = "http://holder.example/x" }, "notify URL: not https"},
		{"another scheme", func(r *Request) { r.NotifyURL = "ftp://holder.example/x" }, "notify URL: not https"},
		{"no host", func(r *Request) { r.NotifyURL = "https:///x" }, "notify URL: not a URL of the form https://host/path"},
		{"a port alone", func(r *Request) { r.NotifyURL = "https://:443/x" }, "notify URL: not a URL of the form https://host/path"},
		{"a blank", func(r *Request) { r.NotifyURL = "https://holder.example/a b" }, "notify URL: not a URL of the form https://host/path"},
		{"letters that are no ASCII", func(r *Request) { r.NotifyURL = "https://holder.example/é" }, "notify URL: not a URL of the form https://host/path"},
		{"a long address", func(r *Request) { r.NotifyURL = "https://holder.example/" + strings.Repeat("a", 2048) }, "notify URL: not a URL of the form https://host/path"},
		{"a password", func(r *Request) { r.NotifyURL = "https://a:b@holder.example/x" }, "notify URL: only scheme, host and path"},
		{"a query", func(r *Request) { r.NotifyURL = "https://holder.example/x?a" }, "notify URL: only scheme, host and path"},
		{"an empty query", func(r *Request) { r.NotifyURL = "https://holder.example/x?" }, "notify URL: only scheme, host and path"},
		{"an empty fragment", func(r *Request) { r.NotifyURL = "https://holder.example/x#" }, "notify URL: only scheme, host and path"},
		{"the patient in the address", func(r *Request) { r.NotifyURL = "https://holder.example/" + testBSN }, "notify URL: holds the patient's number"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.EqualError(t, request(t, tc.change).Validate(false), tc.want)
		})
	}
	everything := Request{GatewaySystem: "x", SourceSystem: "x"}.Validate(false).Error()
	require.Len(t, strings.Split(everything, "\n"), 7)
	require.NotContains(t, everything, testBSN)
}

const aGUID = "8904A5ED-713D-4A63-9B21-E39E7B5E4F05"

func TestLocation(t *testing.T) {
	for location, want := range map[string]string{
		"Subscription/" + aGUID:                                            aGUID,
		"/abonnementen/fhir/Subscription/" + aGUID:                         aGUID,
		"/Subscription/1":                                                  "1",
		"https://mitz.example/abonnementen/fhir/Subscription/" + aGUID:     aGUID,
		"http://10.0.0.1:8080/fhir/Subscription/a-b.c":                     "a-b.c",
		"Subscription/7/_history/1":                                        "7",
		"https://mitz.example/abonnementen/fhir/Subscription/7/_history/1": "7",
		"Subscription/" + strings.Repeat("a", 64):                          strings.Repeat("a", 64),
	} {
		id, err := request(t).ID([]string{location})
		require.NoError(t, err, location)
		require.Equal(t, want, id)
	}
	for name, locations := range map[string][]string{
		"none":                    nil,
		"two":                     {"Subscription/1", "Subscription/1"},
		"empty":                   {""},
		"an id alone":             {aGUID},
		"no id":                   {"Subscription/"},
		"a blank after it":        {"Subscription/1 "},
		"a slash after it":        {"Subscription/1/"},
		"another resource":        {"Consent/1"},
		"another case":            {"subscription/1"},
		"a resource that ends so": {"XSubscription/1"},
		"an id that is too long":  {"Subscription/" + strings.Repeat("a", 65)},
		"an id of dots":           {"Subscription/.."},
		"an id after a dot":       {"Subscription/.a"},
		"a path with dots":        {"/a/../Subscription/1"},
		"an empty segment":        {"/a//Subscription/1"},
		"relative to a folder":    {"fhir/Subscription/1"},
		"a query":                 {"Subscription/1?x"},
		"a fragment":              {"Subscription/1#x"},
		"an escape":               {"Subscription/%31"},
		"an underscore in the id": {"Subscription/a_b"},
		"another host alone":      {"//mitz.example/Subscription/1"},
		"another scheme":          {"ftp://mitz.example/Subscription/1"},
		"a URN":                   {"urn:Subscription/1"},
		"a user":                  {"https://a@mitz.example/Subscription/1"},
		"a history of nothing":    {"_history/1"},
		"a history without an id": {"Subscription/_history/1"},
		"a version without an id": {"Subscription/1/_history/"},
		"a line end":              {"Subscription/1\n"},
		"a long path":             {"/" + strings.Repeat("a/", 1024) + "Subscription/1"},
		"the patient's number":    {"Subscription/A" + testBSN},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := request(t).ID(locations)
			require.Empty(t, id)
			require.Equal(t, errLocation, err)
		})
	}
}

// FuzzLocation checks that an id is a segment of the header, and is safe in a path.
func FuzzLocation(f *testing.F) {
	for _, each := range []string{"Subscription/1", "https://mitz.example/fhir/Subscription/a-b/_history/2", "//x/Subscription/1", "a:b/Subscription/1"} {
		f.Add(each)
	}
	f.Fuzz(func(t *testing.T, location string) {
		id, err := request(t).ID([]string{location})
		if err != nil {
			require.Empty(t, id)
			return
		}
		require.True(t, IsID(id))
		require.Contains(t, "/"+location+"/", "/Subscription/"+id+"/")
		require.NotContains(t, id, testBSN)
	})
}
