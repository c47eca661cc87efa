// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/access"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// maxAccessBody is how large a body may be that tells of a request, in bytes.
const maxAccessBody = 64 << 10

// Accesses decides about requests to record servers.
type Accesses interface {
	Judge(ctx context.Context, request access.Request) (access.Verdict, error)
}

// What a gateway tells in headers. A requester can send headers of these names too: a gateway
// that relies on one must always set it.
const (
	headerMethod        = "X-Original-Method"
	headerURL           = "X-Original-Url"
	headerAuthorization = "X-Original-Authorization"
	headerPatient       = "X-Mitz-Patient"
	headerTypes         = "X-Mitz-Resource-Types"
)

// headerNeeds is in an answer that does not allow a request, and tells a gateway that nothing but
// the patient is missing. It is not told where the requester could see it: by a gateway that only
// hands answers on.
const headerNeeds = "Mitz-Needs"

// judgeAccess answers 200 when a request to a record server is allowed, and 403 when it is not.
func (a API) judgeAccess(c echo.Context, subject string, dataHolder consent.DataHolder) error {
	request, err := readAccess(c)
	return a.answerAccess(c, subject, dataHolder, request, err)
}

// judgeOriginal is the same for a gateway that sends the request itself here, with its method,
// its path below this one, its headers and its body: Envoy.
func (a API) judgeOriginal(c echo.Context, subject string, dataHolder consent.DataHolder) error {
	request, err := readOriginal(c, a.AccessBases)
	return a.answerAccess(c, subject, dataHolder, request, err)
}

func (a API) answerAccess(c echo.Context, subject string, dataHolder consent.DataHolder, request access.Request, err error) error {
	var verdict access.Verdict
	if refusal := recordguard.Refusal(""); errors.As(err, &refusal) {
		verdict.Refusal, err = refusal, nil
	} else if err != nil {
		return err // the gateway's mistake
	} else {
		request.Subject, request.DataHolder = subject, dataHolder.URA
		verdict, err = a.Accesses.Judge(c.Request().Context(), request)
	}
	a.Recorder.Access(subject, verdict, err)
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	if err == nil && verdict.PatientNeeded {
		c.Response().Header().Set(headerNeeds, "patient")
	}
	switch {
	case err != nil:
		return problem(http.StatusServiceUnavailable, "the session database could not be reached: nobody can tell")
	case verdict.Refusal != "":
		return c.NoContent(http.StatusForbidden)
	default:
		return c.NoContent(http.StatusOK)
	}
}

// readAccess reads what a gateway tells: all of it in a body, or all of it in headers.
func readAccess(c echo.Context) (access.Request, error) {
	request := c.Request()
	told := slices.ContainsFunc([]string{headerMethod, headerURL, headerAuthorization}, func(name string) bool { return len(request.Header.Values(name)) > 0 })
	if request.ContentLength == 0 {
		return readAccessHeaders(request)
	}
	if told { // by whom is not clear
		return access.Request{}, recordguard.HeaderRefused
	}
	return readAccessBody(c)
}

// described is the body in which a gateway tells of a request.
type described struct {
	Authorization *string  `json:"authorization"` // the headers, as they came
	DPoP          *string  `json:"dpop"`
	Method        *string  `json:"method"`
	URL           *string  `json:"url"`
	ContentType   *string  `json:"contentType"`
	Body          *string  `json:"body"`
	Patient       *string  `json:"patient"`
	ResourceTypes []string `json:"resourceTypes"`
}

func readAccessBody(c echo.Context) (access.Request, error) {
	var told described
	known := object("authorization", "dpop", "method", "url", "contentType", "body", "patient", "resourceTypes")
	if err := readBody(c, &told, maxAccessBody, known); err != nil {
		return access.Request{}, err
	}
	if orEmpty(told.Method) == "" || orEmpty(told.URL) == "" {
		return access.Request{}, problem(http.StatusBadRequest, "method and url are needed, as the request had them")
	}
	request := access.Request{
		Method: *told.Method, URL: *told.URL, ContentType: orEmpty(told.ContentType), Body: []byte(orEmpty(told.Body)), BodyUnseen: told.Body == nil,
	}
	if told.Authorization != nil {
		request.Authorization = []string{*told.Authorization}
	}
	if told.DPoP != nil {
		request.Proofs = []string{*told.DPoP}
	}
	if told.Patient != nil || told.ResourceTypes != nil {
		request.Told = &access.Told{Patient: orEmpty(told.Patient), ResourceTypes: told.ResourceTypes}
	}
	request.CanAskAgain = request.Told == nil
	return request, nil
}

// readAccessHeaders reads what is told in headers. What the gateway knows of the request itself
// is taken from them only where the gateway says so in the address, which no requester can.
func readAccessHeaders(request *http.Request) (access.Request, error) {
	header := request.Header
	if header.Get(headerMethod) == "" || header.Get(headerURL) == "" {
		return access.Request{}, problem(http.StatusBadRequest, headerMethod+" and "+headerURL+" are needed, as the request had them, or a body")
	}
	for _, name := range []string{headerMethod, headerURL, headerAuthorization, headerPatient, headerTypes} {
		if len(header.Values(name)) > 1 {
			return access.Request{}, recordguard.HeaderRefused
		}
	}
	if err := checkHeaders(header); err != nil {
		return access.Request{}, err
	}
	read := access.Request{
		Authorization: header.Values(echo.HeaderAuthorization), Proofs: header.Values("DPoP"),
		Method: header.Get(headerMethod), URL: header.Get(headerURL), BodyUnseen: true,
	}
	if original := header.Values(headerAuthorization); len(original) > 0 { // beside what the node's own interface wants
		read.Authorization = original
	}
	switch told := request.URL.RawQuery; told {
	case "":
		if len(header.Values(headerPatient)) > 0 || len(header.Values(headerTypes)) > 0 {
			return access.Request{}, recordguard.HeaderRefused
		}
	case "told=headers":
		read.Told = &access.Told{Patient: header.Get(headerPatient), ResourceTypes: listed(header.Get(headerTypes))}
	default:
		return access.Request{}, problem(http.StatusBadRequest, "the address has no query, or told=headers")
	}
	return read, nil
}

// checkHeaders looks at the headers of a request that came along with a gateway's own, which are
// those of the hop to this node and those in which it tells.
func checkHeaders(header http.Header) error {
	theirs := header.Clone()
	for _, own := range []string{headerMethod, headerURL, echo.HeaderConnection} {
		theirs.Del(own)
	}
	return recordguard.CheckHeaders(theirs)
}

// listed takes apart a list with commas.
func listed(text string) (all []string) {
	for each := range strings.SplitSeq(text, ",") {
		if each = strings.TrimSpace(each); each != "" {
			all = append(all, each)
		}
	}
	return all
}

// readOriginal reads a request that was sent here itself. Which base it is below, Host says; the
// rest of the URL is the base's, so that a proof must be for an address of this data holder.
func readOriginal(c echo.Context, bases []string) (access.Request, error) {
	request := c.Request()
	for _, name := range []string{headerMethod, headerURL, headerAuthorization, headerPatient, headerTypes} {
		if len(request.Header.Values(name)) > 0 {
			return access.Request{}, recordguard.HeaderRefused
		}
	}
	if err := checkHeaders(request.Header); err != nil {
		return access.Request{}, err
	}
	origin := originOf(request.Host, bases)
	if origin == "" {
		return access.Request{}, recordguard.PathRefused
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), request.Body, maxAccessBody))
	if err != nil {
		return access.Request{}, recordguard.BodyRefused
	}
	address := origin + belowAccess(request.URL)
	if request.URL.RawQuery != "" {
		address += "?" + request.URL.RawQuery
	}
	return access.Request{
		Authorization: request.Header.Values(echo.HeaderAuthorization), Proofs: request.Header.Values("DPoP"),
		Method: request.Method, URL: address, ContentType: request.Header.Get(echo.HeaderContentType), Body: body,
	}, nil
}

// belowAccess returns the path that follows /internal/mitz/v1/{subject}/access, as it was sent.
func belowAccess(address *url.URL) string {
	parts := strings.SplitN(address.EscapedPath(), "/", 7)
	return "/" + parts[len(parts)-1]
}

// originOf returns scheme and host of the bases at a host; empty when there is none, or there are
// several.
func originOf(host string, bases []string) string {
	var origins []string
	for _, base := range bases {
		parsed, err := url.Parse(base)
		if err != nil || !strings.EqualFold(parsed.Host, host) {
			continue
		}
		if origin := parsed.Scheme + "://" + parsed.Host; !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	if len(origins) != 1 {
		return ""
	}
	return origins[0]
}
