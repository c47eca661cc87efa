// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordattacks

import (
	"net/http"

	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// withRequest are requests with a good token that ask for more than it is for, or in a way of
// which nobody can tell.
func withRequest(of, other Patient) []Attack {
	var attacks []Attack
	add := func(attack Attack, want recordguard.Refusal) {
		attack.Want = want
		attacks = append(attacks, attack)
	}
	of1, other1 := systemBSN+of.BSN, systemBSN+other.BSN

	add(search("another patient, by number", "Condition", "patient.identifier", other1), recordguard.OtherPatient)
	add(search("another patient, searched for", "Patient", "identifier", other1), recordguard.OtherPatient)
	add(get("another patient, read", "/Patient/"+other.ID), recordguard.OtherPatient)
	add(get("another patient, by id", "/Condition?patient="+other.ID), recordguard.OtherPatient)
	add(get("a patient who does not exist", "/Patient/nobody"), recordguard.PatientUnknown)
	add(get("no patient", "/Condition?code=a"), recordguard.NoPatient)
	add(get("all patients", "/Patient"), recordguard.NoPatient)
	add(get("a patient by name", "/Patient?family=a"), recordguard.ParameterRefused)

	add(search("two patients, with a comma", "Patient", "identifier", of1+","+other1), recordguard.ParameterRefused)
	add(search("two patients, with two parameters", "Patient", "identifier", of1, "identifier", other1), recordguard.ParameterRepeated)
	add(search("two patients, by number and by id", "Patient", "identifier", of1, "_id", other.ID), recordguard.SeveralPatients)
	add(get("two patients, by id, with a comma", "/Condition?patient="+of.ID+","+other.ID), recordguard.ParameterRefused)
	add(get("two patients, one of them escaped", "/Condition?patient="+of.ID+"&p%61tient="+other.ID), recordguard.ParameterRepeated)
	add(get("a patient and another as subject", "/Condition?patient="+of.ID+"&subject=Patient/"+other.ID), recordguard.SeveralPatients)
	both := search("a patient in the body, another in the query", "Patient", "identifier", of1)
	both.Path += "?_id=" + other.ID
	add(both, recordguard.ParameterRefused)

	add(get("a number in the URL", "/Patient?identifier="+of1), recordguard.IdentifierInURL)
	add(get("a chained number in the URL", "/Condition?patient.identifier="+of1), recordguard.IdentifierInURL)
	add(search("a number without its system", "Patient", "identifier", of.BSN), recordguard.ParameterRefused)
	add(search("`:of-type`", "Patient", "identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|NNNLD|"+of.BSN), recordguard.ParameterRefused)
	add(search("`:identifier`", "Condition", "patient:identifier", of1), recordguard.ParameterRefused)
	add(search("a chain over another resource", "Condition", "encounter.patient.identifier", of1), recordguard.ParameterRefused)
	add(search("a subject of any type", "Condition", "subject.identifier", of1), recordguard.ParameterRefused)
	add(get("an unknown modifier", "/Condition?patient="+of.ID+"&code:above=a"), recordguard.ParameterRefused)
	add(get("an unknown parameter, which a server would pass over", "/Condition?patients="+of.ID), recordguard.ParameterRefused)
	add(get("`_has`", "/Patient?_id="+of.ID+"&_has:Observation:patient:code=a"), recordguard.ParameterRefused)
	add(get("`_filter`", "/Condition?patient="+of.ID+"&_filter=patient+eq+"+other.ID), recordguard.ParameterRefused)
	add(get("`_query`", "/Condition?patient="+of.ID+"&_query=a"), recordguard.ParameterRefused)

	add(get("a compartment", "/Patient/"+of.ID+"/Condition"), recordguard.CompartmentRefused)
	add(get("another's compartment", "/Patient/"+other.ID+"/Condition"), recordguard.CompartmentRefused)
	add(get("`_include` of what may be another's", "/Encounter?patient="+of.ID+"&_include=Encounter:part-of:Encounter"), recordguard.IncludeRefused)
	add(get("`_include` of everything", "/Condition?patient="+of.ID+"&_include=*"), recordguard.IncludeRefused)
	add(get("`_revinclude`", "/Patient?_id="+of.ID+"&_revinclude=Observation:performer"), recordguard.ParameterRefused)
	add(get("`$everything`", "/Patient/"+of.ID+"/$everything"), recordguard.OperationRefused)
	add(get("GraphQL", "/$graphql?query=%7BPatient%7Bid%7D%7D"), recordguard.OperationRefused)
	add(get("a history", "/Patient/"+of.ID+"/_history"), recordguard.HistoryRefused)
	add(get("a search across types", "/?_type=Condition,Observation&patient="+of.ID), recordguard.PathRefused)
	add(get("resources that the consent is not for", "/Consent?patient="+of.ID), recordguard.NotCovered)

	batch := Attack{
		Presents: Good, Method: http.MethodPost, ContentType: "application/fhir+json",
		Body: `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/` + other.ID + `"}}]}`,
	}
	batch.Name, batch.Path = "a batch Bundle", "/"
	add(batch, recordguard.BundleRefused)
	batch.Name, batch.Path = "a batch Bundle, at the base itself", ""
	add(batch, recordguard.BundleRefused)
	add(Attack{Name: "a write", Presents: Good, Method: http.MethodPut, Path: "/Patient/" + of.ID, ContentType: "application/fhir+json", Body: `{"resourceType":"Patient"}`}, recordguard.MethodRefused)
	add(Attack{Name: "a deletion", Presents: Good, Method: http.MethodDelete, Path: "/Condition?patient=" + of.ID}, recordguard.MethodRefused)
	hidden := get("another method in a header", "/Patient/"+of.ID)
	hidden.Header = http.Header{"X-Http-Method-Override": {http.MethodDelete}}
	add(hidden, recordguard.HeaderRefused)
	hidden.Name, hidden.Header = "another address in a header", http.Header{"X-Original-Url": {"/fhir/Patient/" + other.ID}}
	add(hidden, recordguard.HeaderRefused)

	add(get("an escaped slash", "/Patient%2F"+other.ID), recordguard.PathRefused)
	add(get("an escaped step up", "/Patient/"+of.ID+"/%2e%2e/"+other.ID), recordguard.PathRefused)
	add(get("an escaped letter", "/P%61tient/"+other.ID), recordguard.PathRefused)
	add(get("a double slash", "/Patient//"+other.ID), recordguard.PathRefused)
	add(get("a parameter in the path", "/Patient;a=b/"+other.ID), recordguard.PathRefused)
	add(get("a semicolon between parameters", "/Condition?patient="+of.ID+";patient="+other.ID), recordguard.ParameterRefused)
	json := search("a form that says it is JSON", "Patient", "identifier", of1)
	json.ContentType = "application/json"
	add(json, recordguard.BodyRefused)
	squeezed := search("a form that says it is compressed", "Patient", "identifier", of1)
	squeezed.Header = http.Header{"Content-Encoding": {"gzip"}}
	add(squeezed, recordguard.HeaderRefused)
	return attacks
}
