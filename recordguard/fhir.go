// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"mime"
	"net/http"
	"regexp"
	"strings"
)

// Bounds of what is read of a request.
const (
	maxPath       = 256
	maxParameters = 16 << 10 // bytes of a query, or of the form in a body
)

// FHIRRequest is a request to a FHIR R4 server (RESTful API, R4 section 3.1.0), as it was sent.
type FHIRRequest struct {
	Method string
	// Path is what follows the server's base, escaped as it was sent: "/Patient/_search".
	Path string
	// Query is what follows the question mark, escaped as it was sent.
	Query string
	// ContentType is the header of the body, "" when there is none.
	ContentType string
	// Body is the whole body. A request that reads or searches with GET has none.
	Body []byte
}

var (
	pathShape = regexp.MustCompile(`^/[A-Za-z0-9$_.*/-]*$`) // no escapes, no parameters of segments
	idShape   = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`) // FHIR R4, section 2.24.0.1, id
)

// ReadFHIR reads what a request asks for. It takes reads (GET /Condition/1) and searches for one
// resource type that name one patient: by logical id in the URL or in the body of a
// POST to _search (patient=1, subject=Patient/1, and _id=1 for Patient), by number only in such
// a body (identifier=http://fhir.nl/fhir/NamingSystem/bsn|... for Patient, and
// patient.identifier, patient:Patient.identifier or subject:Patient.identifier for others).
// Beside that a search may have filters, without modifiers, and may include resources
// that are about no patient (_include=MedicationRequest:medication:Medication).
//
// Everything else is an error, a [Refusal]: writes, operations, compartments, history,
// searches across types, batches, chains, modifiers, _revinclude, _has, _filter, _query, and
// whatever two servers could read differently.
func ReadFHIR(request FHIRRequest) (Request, error) {
	segments, err := pathSegments(request.Path)
	if err != nil {
		return Request{}, err
	}
	read := request.Method == http.MethodGet || request.Method == http.MethodHead
	switch {
	case !read && request.Method != http.MethodPost:
		return Request{}, MethodRefused
	case len(segments) == 0 && !read:
		return Request{}, BundleRefused
	case read && len(request.Body) > 0:
		return Request{}, BodyRefused
	case len(segments) == 0:
		return Request{}, PathRefused
	}
	if err := segmentsOfNoType(segments); err != nil {
		return Request{}, err
	}
	if err := aboutAPatient(segments[0]); err != nil {
		return Request{}, err
	}
	switch {
	case len(segments) == 2 && segments[1] == "_search":
		return readForm(segments[0], request)
	case !read:
		return Request{}, MethodRefused
	case len(segments) == 1:
		return readSearch(segments[0], request.Query, false)
	default:
		return readOne(segments[0], segments[1], request.Query)
	}
}

// pathSegments takes an address apart that has one reading. The base itself has no segments.
func pathSegments(path string) ([]string, error) {
	if len(path) > maxPath || path != "" && !pathShape.MatchString(path) {
		return nil, PathRefused
	}
	if path == "" || path == "/" {
		return nil, nil
	}
	segments := strings.Split(path[1:], "/")
	for _, segment := range segments {
		if strings.Trim(segment, ".") == "" { // empty, or one that a server takes for a step up
			return nil, PathRefused
		}
	}
	return segments, nil
}

// segmentsOfNoType refuses what is asked of the server, of a compartment or of a version.
func segmentsOfNoType(segments []string) error {
	for _, segment := range segments {
		switch {
		case strings.HasPrefix(segment, "$"):
			return OperationRefused
		case segment == "_history":
			return HistoryRefused
		}
	}
	switch {
	case len(segments) == 3 && segments[1] != "_search":
		return CompartmentRefused
	case len(segments) > 2:
		return PathRefused
	default:
		return nil
	}
}

func aboutAPatient(resourceType string) error {
	switch {
	case namingOf(resourceType) != aboutNobody:
		return nil
	case shared(resourceType):
		return NoPatient
	default:
		return ResourceUnknown
	}
}

// readOne reads a read of one resource (R4, section 3.1.0.2).
func readOne(resourceType, id, query string) (Request, error) {
	if !idShape.MatchString(id) {
		return Request{}, PathRefused
	}
	parameters, err := readParameters(query)
	if err != nil {
		return Request{}, err
	}
	for _, each := range parameters {
		if !shown(each.name) {
			return Request{}, ParameterRefused
		}
	}
	return Request{References: []Reference{{Type: resourceType, ID: id}}, Resources: []string{resourceType}}, nil
}

// readForm reads a search whose parameters are a form in the body (R4, section 3.1.1.4.1). With
// others in the URL a server would take both.
func readForm(resourceType string, request FHIRRequest) (Request, error) {
	if request.Method != http.MethodPost {
		return Request{}, MethodRefused
	}
	if request.Query != "" {
		return Request{}, ParameterRefused
	}
	if !isForm(request.ContentType) {
		return Request{}, BodyRefused
	}
	return readSearch(resourceType, string(request.Body), true)
}

// isForm reports whether a body is a form in UTF-8.
func isForm(contentType string) bool {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return false
	}
	for name, value := range parameters {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}
