// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

const number = "http://fhir.nl/fhir/NamingSystem/bsn|" + patient

// get is a request with GET, of a path and a query.
func get(target string) recordguard.FHIRRequest {
	path, query, _ := strings.Cut(target, "?")
	return recordguard.FHIRRequest{Method: "GET", Path: path, Query: query}
}

// post is a search whose parameters are in the body.
func post(resourceType string, parameters ...string) recordguard.FHIRRequest {
	var form []string
	for _, each := range parameters {
		name, value, _ := strings.Cut(each, "=")
		form = append(form, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	return recordguard.FHIRRequest{
		Method: "POST", Path: "/" + resourceType + "/_search", ContentType: "application/x-www-form-urlencoded", Body: []byte(strings.Join(form, "&")),
	}
}

func TestReadFHIRTellsWhoseDataAreAskedFor(t *testing.T) {
	tests := map[string]struct {
		request    recordguard.FHIRRequest
		patients   []string
		references []string
		resources  []string
	}{
		"a patient by id":                     {get("/Patient/1"), nil, []string{"Patient/1"}, []string{"Patient"}},
		"a resource by id":                    {get("/Condition/a-1.2?_format=json"), nil, []string{"Condition/a-1.2"}, []string{"Condition"}},
		"a patient searched for by id":        {get("/Patient?_id=1"), nil, []string{"Patient/1"}, []string{"Patient"}},
		"by the parameter patient":            {get("/Condition?patient=1"), nil, []string{"Patient/1"}, []string{"Condition"}},
		"with a type":                         {get("/Condition?patient=Patient/1&category=x"), nil, []string{"Patient/1"}, []string{"Condition"}},
		"with escapes":                        {get("/Condition?p%61tient=P%61tient%2F1"), nil, []string{"Patient/1"}, []string{"Condition"}},
		"by the parameter subject":            {get("/Observation?subject=Patient/1"), nil, []string{"Patient/1"}, []string{"Observation"}},
		"by subject with a type":              {get("/Observation?subject:Patient=1"), nil, []string{"Patient/1"}, []string{"Observation"}},
		"of one category":                     {get("/Observation?category=http://x|y&patient=1"), nil, []string{"Patient/1"}, []string{"Observation?category=http://x|y"}},
		"of one of two categories":            {get("/Observation?category=http://x|y,z&patient=1"), nil, []string{"Patient/1"}, []string{"Observation"}},
		"a patient by number":                 {post("Patient", "identifier="+number), []string{patient}, nil, []string{"Patient"}},
		"by the patient's number":             {post("Condition", "patient.identifier="+number, "_count=10"), []string{patient}, nil, []string{"Condition"}},
		"by the number, with a type":          {post("Condition", "subject:Patient.identifier="+number), []string{patient}, nil, []string{"Condition"}},
		"by id in a body":                     {post("Condition", "patient=1"), nil, []string{"Patient/1"}, []string{"Condition"}},
		"with what is about no patient":       {get("/MedicationRequest?patient=1&_include=MedicationRequest:medication:Medication&_include=MedicationRequest:requester:Practitioner"), nil, []string{"Patient/1"}, []string{"MedicationRequest", "Medication", "Practitioner"}},
		"a form that says it is UTF-8":        {withType(post("Patient", "identifier="+number), `Application/x-www-form-urlencoded; charset="UTF-8"`), []string{patient}, nil, []string{"Patient"}},
		"whether there is one, without it":    {recordguard.FHIRRequest{Method: "HEAD", Path: "/Condition/1"}, nil, []string{"Condition/1"}, []string{"Condition"}},
		"an include, of one category, before": {get("/Observation?category=x|y&patient=1&_include=Observation:performer:Practitioner"), nil, []string{"Patient/1"}, []string{"Observation?category=x|y", "Practitioner"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			asked, err := recordguard.ReadFHIR(test.request)
			require.NoError(t, err)
			var references []string
			for _, each := range asked.References {
				references = append(references, each.Type+"/"+each.ID)
			}
			assert.Equal(t, test.references, references)
			assert.Equal(t, test.resources, asked.Resources)
			require.Len(t, asked.Patients, len(test.patients))
			for i, each := range test.patients {
				assert.True(t, asked.Patients[i].Equal(bsn(t, each)))
			}
		})
	}
}

func withType(request recordguard.FHIRRequest, contentType string) recordguard.FHIRRequest {
	request.ContentType = contentType
	return request
}

func TestReadFHIRRefusesWhatCannotBeJudged(t *testing.T) {
	other := "http://fhir.nl/fhir/NamingSystem/bsn|" + otherPatient
	tests := map[string]struct {
		request recordguard.FHIRRequest
		want    recordguard.Refusal
	}{
		"a number in the URL":                     {get("/Patient?identifier=" + number), recordguard.IdentifierInURL},
		"a number in the URL, without its system": {get("/Patient?identifier=" + patient), recordguard.IdentifierInURL},
		"a chained number in the URL":             {get("/Condition?patient.identifier=" + number), recordguard.IdentifierInURL},
		"a number of no system":                   {post("Patient", "identifier="+patient), recordguard.ParameterRefused},
		"a number of any system":                  {post("Patient", "identifier=|"+patient), recordguard.ParameterRefused},
		"a system without a number":               {post("Patient", "identifier=http://fhir.nl/fhir/NamingSystem/bsn|"), recordguard.ParameterRefused},
		"a number of a system that looks alike":   {post("Patient", "identifier=HTTP://fhir.nl/fhir/NamingSystem/bsn|"+patient), recordguard.ParameterRefused},
		"two numbers with a comma":                {post("Patient", "identifier="+number+","+other), recordguard.ParameterRefused},
		"two numbers":                             {post("Patient", "identifier="+number, "identifier="+other), recordguard.ParameterRepeated},
		"a number and an id":                      {post("Patient", "identifier="+number, "_id=2"), recordguard.SeveralPatients},
		"a number as a value of a type":           {post("Patient", "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|NNNLD|"+patient), recordguard.ParameterRefused},
		"the number of a reference":               {post("Condition", "patient:identifier="+number), recordguard.ParameterRefused},
		"the number of a subject of any type":     {post("Condition", "subject.identifier="+number), recordguard.ParameterRefused},
		"the number of somebody else":             {post("Condition", "patient=1", "asserter:Patient.identifier="+other), recordguard.ParameterRefused},
		"a number in a filter":                    {post("Condition", "patient=1", "code="+other), recordguard.ParameterRefused},
		"a subject where the type has none":       {get("/AllergyIntolerance?subject=Patient/1"), recordguard.ParameterRefused},
		"the patient of a patient":                {get("/Patient?patient=1"), recordguard.ParameterRefused},
		"a subject of any type":                   {get("/Condition?subject=1"), recordguard.ParameterRefused},
		"a subject that is a group":               {get("/Condition?subject=Group/1"), recordguard.ParameterRefused},
		"two patients with a comma":               {get("/Condition?patient=1,2"), recordguard.ParameterRefused},
		"two patients with an escaped comma":      {get("/Condition?patient=1%2C2"), recordguard.ParameterRefused},
		"two patients":                            {get("/Condition?patient=1&patient=2"), recordguard.ParameterRepeated},
		"two patients, one escaped":               {get("/Condition?patient=1&p%61tient=2"), recordguard.ParameterRepeated},
		"a patient and a subject":                 {get("/Condition?patient=1&subject=Patient/2"), recordguard.SeveralPatients},
		"an absolute reference":                   {get("/Condition?patient=https://other.example/fhir/Patient/1"), recordguard.ParameterRefused},
		"a patient of a version":                  {get("/Condition?patient=Patient/1/_history/2"), recordguard.ParameterRefused},
		"a patient that is two dots":              {get("/Condition?patient=.."), recordguard.ParameterRefused},
		"a patient in another parameter":          {get("/Condition?patient=1&code=Patient/2"), recordguard.ParameterRefused},
		"by name":                                 {get("/Patient?family=Jansen"), recordguard.ParameterRefused},
		"no patient":                              {get("/Condition?code=1"), recordguard.NoPatient},
		"all patients":                            {get("/Patient"), recordguard.NoPatient},
		"an empty parameter":                      {get("/Condition?patient="), recordguard.ParameterRefused},
		"a parameter without a value":             {get("/Condition?patient"), recordguard.ParameterRefused},
		"a parameter in capitals":                 {get("/Condition?Patient=1"), recordguard.ParameterRefused},
		"a parameter with a blank":                {get("/Condition?patient=1&+patient=2"), recordguard.ParameterRefused},
		"a semicolon":                             {get("/Condition?patient=1;patient=2"), recordguard.ParameterRefused},
		"a broken escape":                         {get("/Condition?patient=1&code=%zz"), recordguard.ParameterRefused},
		"text that is not UTF-8":                  {get("/Condition?patient=1&code=%ff"), recordguard.ParameterRefused},
		"a control character":                     {get("/Condition?patient=1&code=%00"), recordguard.ParameterRefused},
		"a letter that replaces what is no text":  {get("/Condition?patient=1&code=%EF%BF%BD"), recordguard.ParameterRefused},
		"an unknown parameter":                    {get("/Condition?patient=1&evidence=x"), recordguard.ParameterRefused},
		"an unknown modifier":                     {get("/Condition?patient=1&code:not=x"), recordguard.ParameterRefused},
		"a missing patient":                       {get("/Condition?patient:missing=true"), recordguard.ParameterRefused},
		"a chain":                                 {get("/Condition?encounter.patient=1"), recordguard.ParameterRefused},
		"_has":                                    {get("/Patient?_id=1&_has:Observation:patient:code=x"), recordguard.ParameterRefused},
		"_filter":                                 {get("/Condition?patient=1&_filter=code+eq+x"), recordguard.ParameterRefused},
		"_query":                                  {get("/Condition?patient=1&_query=all"), recordguard.ParameterRefused},
		"_type":                                   {get("/Condition?patient=1&_type=Observation"), recordguard.ParameterRefused},
		"_contained":                              {get("/Condition?patient=1&_contained=both"), recordguard.ParameterRefused},
		"_method":                                 {get("/Condition?patient=1&_method=DELETE"), recordguard.ParameterRefused},
		"_revinclude":                             {get("/Patient?_id=1&_revinclude=Observation:subject"), recordguard.ParameterRefused},
		"what may be about others":                {get("/Encounter?patient=1&_include=Encounter:part-of:Encounter"), recordguard.IncludeRefused},
		"what is included of any type":            {get("/MedicationRequest?patient=1&_include=MedicationRequest:medication"), recordguard.IncludeRefused},
		"everything that is referred to":          {get("/MedicationRequest?patient=1&_include=*"), recordguard.IncludeRefused},
		"what is included of what is included":    {get("/MedicationRequest?patient=1&_include:iterate=MedicationRequest:medication:Medication"), recordguard.ParameterRefused},
		"what another type includes":              {get("/MedicationRequest?patient=1&_include=Task:owner:Practitioner"), recordguard.IncludeRefused},
		"a compartment":                           {get("/Patient/1/Condition"), recordguard.CompartmentRefused},
		"a whole compartment":                     {get("/Patient/1/*"), recordguard.CompartmentRefused},
		"another compartment":                     {get("/Encounter/1/Observation"), recordguard.CompartmentRefused},
		"a search in a compartment":               {recordguard.FHIRRequest{Method: "POST", Path: "/Patient/1/_search"}, recordguard.CompartmentRefused},
		"$everything":                             {get("/Patient/1/$everything"), recordguard.OperationRefused},
		"another operation":                       {get("/Observation/$lastn?patient=1"), recordguard.OperationRefused},
		"an operation with POST":                  {recordguard.FHIRRequest{Method: "POST", Path: "/Patient/$match"}, recordguard.OperationRefused},
		"GraphQL":                                 {get("/$graphql?query={Patient(id:1){id}}"), recordguard.OperationRefused},
		"a history":                               {get("/Condition/1/_history"), recordguard.HistoryRefused},
		"a version":                               {get("/Condition/1/_history/1"), recordguard.HistoryRefused},
		"the history of all":                      {get("/_history"), recordguard.HistoryRefused},
		"a batch":                                 {recordguard.FHIRRequest{Method: "POST", Path: "/", Body: []byte(`{"resourceType":"Bundle","type":"batch"}`)}, recordguard.BundleRefused},
		"a batch without a slash":                 {recordguard.FHIRRequest{Method: "POST", Path: ""}, recordguard.BundleRefused},
		"a search of all types":                   {get("/?_type=Condition&patient=1"), recordguard.PathRefused},
		"a search of all types with POST":         {recordguard.FHIRRequest{Method: "POST", Path: "/_search", ContentType: "application/x-www-form-urlencoded"}, recordguard.ResourceUnknown},
		"a double slash":                          {get("//Patient/1"), recordguard.PathRefused},
		"a double slash within":                   {get("/Patient//1"), recordguard.PathRefused},
		"a slash at the end":                      {get("/Patient/1/"), recordguard.PathRefused},
		"a step up":                               {get("/Condition/../Patient/1"), recordguard.PathRefused},
		"a step up for an id":                     {get("/Patient/.."), recordguard.PathRefused},
		"a dot for an id":                         {get("/Patient/."), recordguard.PathRefused},
		"a semicolon in a filter":                 {get("/Condition?patient=1&code=a;patient=2"), recordguard.ParameterRefused},
		"an escaped step up":                      {get("/Condition/%2e%2e/Patient/1"), recordguard.PathRefused},
		"an escaped letter":                       {get("/P%61tient/1"), recordguard.PathRefused},
		"an escaped slash":                        {get("/Patient%2F1"), recordguard.PathRefused},
		"a parameter in the path":                 {get("/Patient;a=b/1"), recordguard.PathRefused},
		"a backslash":                             {get(`/Patient\1`), recordguard.PathRefused},
		"another base":                            {get("Patient/1"), recordguard.PathRefused},
		"an id that is none":                      {get("/Patient/a_b"), recordguard.PathRefused},
		"too long a path":                         {get("/Patient/" + strings.Repeat("a", 300)), recordguard.PathRefused},
		"a type in small letters":                 {get("/patient/1"), recordguard.ResourceUnknown},
		"a type that is not known":                {get("/Basic?patient=1"), recordguard.ResourceUnknown},
		"where others take part":                  {get("/Appointment?patient=1"), recordguard.ResourceUnknown},
		"what is about no patient":                {get("/Practitioner/1"), recordguard.NoPatient},
		"a creation":                              {recordguard.FHIRRequest{Method: "POST", Path: "/Condition"}, recordguard.MethodRefused},
		"a change":                                {recordguard.FHIRRequest{Method: "PUT", Path: "/Condition/1"}, recordguard.MethodRefused},
		"a method in small letters":               {recordguard.FHIRRequest{Method: "get", Path: "/Condition/1"}, recordguard.MethodRefused},
		"a search in a URL that ends as a form":   {get("/Patient/_search?_id=1"), recordguard.MethodRefused},
		"parameters of a read":                    {get("/Condition/1?patient=2"), recordguard.ParameterRefused},
		"a read with a body":                      {recordguard.FHIRRequest{Method: "GET", Path: "/Condition/1", Body: []byte("patient=2")}, recordguard.BodyRefused},
		"a form beside a query":                   {withQuery(post("Condition", "patient=1"), "patient=2"), recordguard.ParameterRefused},
		"a form that says it is JSON":             {withType(post("Condition", "patient=1"), "application/json"), recordguard.BodyRefused},
		"a form of no type":                       {withType(post("Condition", "patient=1"), ""), recordguard.BodyRefused},
		"a form in another charset":               {withType(post("Condition", "patient=1"), "application/x-www-form-urlencoded; charset=utf-7"), recordguard.BodyRefused},
		"too many parameters":                     {get("/Condition?patient=1" + strings.Repeat("&code=1", 40)), recordguard.ParameterRefused},
		"too large a form":                        {post("Condition", "patient=1", "code="+strings.Repeat("a", 20<<10)), recordguard.ParameterRefused},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			asked, err := recordguard.ReadFHIR(test.request)
			assert.Equal(t, test.want, err)
			assert.Equal(t, recordguard.Request{}, asked)
		})
	}
}

func withQuery(request recordguard.FHIRRequest, query string) recordguard.FHIRRequest {
	request.Query = query
	return request
}

// FuzzReadFHIR: nothing panics, and a request that is read names one patient: all of its text,
// unescaped, names no other.
func FuzzReadFHIR(f *testing.F) {
	for _, seed := range []recordguard.FHIRRequest{
		get("/Patient/1"), get("/Condition?patient=1&subject=Patient/2"), get("/Condition?p%61tient=Patient%2F1,Patient/2&code=a|b"),
		get("/Patient/1/Condition"), get("/MedicationRequest?patient=1&_include=MedicationRequest:medication:Medication"),
		post("Patient", "identifier="+number), post("Condition", "patient.identifier="+number, "_count=10"),
		post("Condition", "patient=1", "subject:Patient.identifier="+number),
	} {
		f.Add(seed.Method, seed.Path, seed.Query, seed.ContentType, seed.Body)
	}
	f.Fuzz(func(t *testing.T, method, path, query, contentType string, body []byte) {
		asked, err := recordguard.ReadFHIR(recordguard.FHIRRequest{Method: method, Path: path, Query: query, ContentType: contentType, Body: body})
		if err != nil {
			var refusal recordguard.Refusal
			require.ErrorAs(t, err, &refusal)
			require.Empty(t, asked)
			return
		}
		require.NotEmpty(t, asked.Resources)
		require.Equal(t, 1, len(asked.Patients)+len(asked.References))
		if len(asked.References) == 1 && asked.References[0].Type != "Patient" {
			require.NotContains(t, query, "patient")
			return
		}
		for _, named := range namedPatients(path + "?" + query + "&" + string(body)) {
			switch {
			case len(asked.References) == 1:
				require.Equal(t, asked.References[0].ID, named)
			default:
				require.True(t, asked.Patients[0].Equal(bsn(t, named)))
			}
		}
	})
}

// namedPatients looks for patients in a whole request as a careless server may: in every
// parameter, however it is called, and after every comma.
func namedPatients(request string) []string {
	var named []string
	for _, part := range strings.FieldsFunc(request, func(r rune) bool { return slices.Contains([]rune("?&;"), r) }) {
		text, err := url.QueryUnescape(part)
		if err != nil || !utf8.ValidString(text) {
			text = part
		}
		for value := range strings.SplitSeq(text, ",") {
			name, after, found := strings.Cut(value, "=")
			if _, id, ok := strings.Cut(value, "Patient/"); ok && id != "_search" {
				named = append(named, id)
			} else if _, id, ok := strings.Cut(value, "NamingSystem/bsn|"); ok {
				named = append(named, id)
			} else if found && strings.HasPrefix(strings.ToLower(strings.TrimSpace(name)), "patient") {
				named = append(named, after)
			}
		}
	}
	return named
}
