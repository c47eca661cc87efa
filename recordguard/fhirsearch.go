// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/systems"
)

// parameter is a search parameter, with its modifier and chain, unescaped.
type parameter struct{ name, value string }

var parameterShape = regexp.MustCompile(`^[A-Za-z_][A-Za-z_.:-]*$`)

const maxParameterCount = 32

// readParameters takes a query or a form apart (URL Standard, section 5.1), and refuses what
// not all do alike: a part without "=" or without a name, an escape that is none, a semicolon
// between parts, text that is not UTF-8, and a name that is there twice. Only _include may
// be: FHIR has no other way to name two.
func readParameters(encoded string) ([]parameter, error) {
	if encoded == "" {
		return nil, nil
	}
	parts := strings.Split(encoded, "&")
	if len(encoded) > maxParameters || len(parts) > maxParameterCount || strings.Contains(encoded, ";") {
		return nil, ParameterRefused
	}
	var read []parameter
	seen := map[string]bool{}
	for _, part := range parts {
		escapedName, escapedValue, found := strings.Cut(part, "=")
		name, errName := url.QueryUnescape(escapedName)
		value, errValue := url.QueryUnescape(escapedValue)
		if !found || errName != nil || errValue != nil || !parameterShape.MatchString(name) || !plainText(value) {
			return nil, ParameterRefused
		}
		if seen[name] && name != "_include" {
			return nil, ParameterRepeated
		}
		seen[name] = true
		read = append(read, parameter{name, value})
	}
	return read, nil
}

// plainText reports whether a value is there, in UTF-8, without control characters, and without
// the letter that a gateway writes where the body that it passes on has something else.
func plainText(value string) bool {
	return value != "" && utf8.ValidString(value) && !strings.ContainsRune(value, unicode.ReplacementChar) && strings.IndexFunc(value, unicode.IsControl) < 0
}

// readSearch reads a search for resources of one type. By number patients are only named
// in a body.
func readSearch(resourceType, encoded string, inBody bool) (Request, error) {
	parameters, err := readParameters(encoded)
	if err != nil {
		return Request{}, err
	}
	asked := Request{Resources: []string{resourceType}}
	for _, each := range parameters {
		if err := asked.add(resourceType, each, inBody); err != nil {
			return Request{}, err
		}
	}
	switch len(asked.Patients) + len(asked.References) {
	case 0:
		return Request{}, NoPatient
	case 1:
		return asked, nil
	default:
		return Request{}, SeveralPatients
	}
}

// add takes one parameter of a search into account.
func (r *Request) add(resourceType string, each parameter, inBody bool) error {
	switch {
	case strings.HasSuffix(each.name, "identifier") || strings.Contains(each.value, "NamingSystem/bsn"):
		return r.addNumber(resourceType, each, inBody)
	case each.name == "_include":
		return r.addIncluded(each.value)
	}
	if reference, err := namedPatient(resourceType, each); err != nil {
		return err
	} else if reference != nil {
		r.References = append(r.References, *reference)
		return nil
	}
	if !filter(each.name) || strings.Contains(each.value, "Patient/") {
		return ParameterRefused
	}
	if each.name == "category" && oneToken(each.value) {
		r.Resources[0] = resourceType + "?category=" + each.value
	}
	return nil
}

// addNumber reads a patient's number.
func (r *Request) addNumber(resourceType string, each parameter, inBody bool) error {
	var known bool
	switch how := namingOf(resourceType); each.name {
	case "identifier":
		known = resourceType == "Patient"
	case "patient.identifier", "patient:Patient.identifier":
		known = how >= byPatient
	case "subject:Patient.identifier":
		known = how == bySubject
	}
	if !known {
		return ParameterRefused
	}
	if !inBody {
		return IdentifierInURL
	}
	number, found := strings.CutPrefix(each.value, systems.BSN+"|")
	patient, err := consent.ParseBSN(number)
	if !found || err != nil {
		return ParameterRefused
	}
	r.Patients = append(r.Patients, patient)
	return nil
}

// namedPatient reads a parameter that names a patient by logical id; nil: it is another one.
func namedPatient(resourceType string, each parameter) (*Reference, error) {
	how := namingOf(resourceType)
	id, qualified := strings.CutPrefix(each.value, "Patient/")
	var known bool
	switch each.name {
	case "_id":
		if resourceType != "Patient" {
			return nil, nil
		}
		known = !qualified
	case "patient", "patient:Patient":
		known = how >= byPatient
	case "subject": // without a type it may be a group, a device, a place
		known = how == bySubject && qualified
	case "subject:Patient":
		known = how == bySubject
	default:
		return nil, nil
	}
	if !known || !idShape.MatchString(id) || strings.Trim(id, ".") == "" {
		return nil, ParameterRefused
	}
	return &Reference{Type: "Patient", ID: id}, nil
}

// addIncluded reads what a search brings along (R4, section 3.1.1.5.4): "Source:parameter:Target".
// The target must be said, and be about no patient: of others nobody can tell about whom they
// are, such as the mother's encounter of which a child's is a part.
func (r *Request) addIncluded(value string) error {
	parts := strings.Split(value, ":")
	if len(parts) != 3 || parts[0] != strings.SplitN(r.Resources[0], "?", 2)[0] || !parameterShape.MatchString(parts[1]) || !shared(parts[2]) {
		return IncludeRefused
	}
	r.Resources = append(r.Resources, parts[2])
	return nil
}

// oneToken reports whether a value is one code of one system (R4, section 3.1.1.4.10).
func oneToken(value string) bool {
	system, code, found := strings.Cut(value, "|")
	return found && system != "" && code != "" && !strings.ContainsAny(value, `,\$`) && !strings.Contains(code, "|")
}
