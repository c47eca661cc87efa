// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import "encoding/xml"

// readSubscriptionXML reads the XML form, in which the order of elements is fixed (FHIR R4,
// section 2.1.16).
func readSubscriptionXML(document []byte) (form subscriptionForm, err error) {
	root, err := parse(document)
	if err != nil {
		return form, err
	}
	if root.name != fhirName("Subscription") {
		return form, deviation("the root must be %s", list([]xml.Name{fhirName("Subscription")}))
	}
	root.place = "Subscription"
	if _, err := root.carries(); err != nil {
		return form, err
	}
	for len(root.children) > 0 && root.children[0].name == fhirName("extension") {
		extension, err := readExtensionXML(root.children[0])
		if err != nil {
			return form, err
		}
		form.extensions = append(form.extensions, extension)
		root.children = root.children[1:]
	}
	parts, err := root.holds(fhirName("status"), fhirName("reason"), fhirName("criteria"), fhirName("channel"))
	if err != nil {
		return form, err
	}
	if _, err := parts[3].carries(); err != nil {
		return form, err
	}
	channel, err := parts[3].holds(fhirName("type"), fhirName("endpoint"), fhirName("payload"))
	if err != nil {
		return form, err
	}
	places := []*string{&form.status, &form.reason, &form.criteria, &form.channel, &form.endpoint, &form.payload}
	for i, each := range append(parts[:3:3], channel...) {
		if *places[i], err = primitive(each); err != nil {
			return form, err
		}
	}
	return form, nil
}

func readExtensionXML(e *element) (form extensionForm, err error) {
	e.place = "Subscription/extension"
	marks, err := e.carries(xml.Name{Local: "url"})
	if err != nil {
		return form, err
	}
	if len(e.children) != 1 || e.onlyElements() != nil {
		return form, deviation("%s: must hold one value", e.place)
	}
	value := e.children[0]
	value.place = e.place + ", its value"
	if value.name.Space != namespaceFHIR {
		return form, deviation("%s: must be in the namespace %s", value.place, namespaceFHIR)
	}
	form.url, form.kind = marks[0], value.name.Local
	form.value, err = primitive(value)
	return form, err
}

// primitive returns the attribute value of an element that has nothing else.
func primitive(e *element) (string, error) {
	if _, err := e.holds(); err != nil {
		return "", err
	}
	marks, err := e.carries(xml.Name{Local: "value"})
	if err != nil {
		return "", err
	}
	return marks[0], nil
}

func fhirName(local string) xml.Name { return xml.Name{Space: namespaceFHIR, Local: local} }
