// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package access decides about requests to a record server, for gateways in front of it: whether
// the token of a request allows what it asks for, and whether its proof is good. It stands on
// what this node knows of its tokens (plugin/internal/live) and on the rules of recordguard.
//
// What cannot be judged is refused. It must never ask Mitz anything by itself: only a token that
// is to be looked at again does, as at introspection. It keeps nothing of a request, and puts
// nothing of it into an error.
package access

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// Parts are what it takes to decide. All are needed but Bases.
type Parts struct {
	Tokens     live.Tokens
	Proofs     live.Proofs
	Scopes     []string // the guarded ones
	Categories recordguard.Categories
	// Bases are the base URLs of the FHIR servers behind the gateways, as requesters know them and
	// without a slash at the end. Requests below them are read here.
	Bases []string
	Now   func() time.Time
}

// Judge decides about requests. Its methods may be called from any goroutine.
type Judge struct {
	parts  Parts
	scopes map[string][]string
}

// New returns a judge. It fails when a part is missing.
func New(parts Parts) (*Judge, error) {
	if parts.Tokens == nil || parts.Proofs == nil || len(parts.Scopes) == 0 || len(parts.Categories) == 0 || parts.Now == nil {
		return nil, errors.New("a part of what decides about access is missing")
	}
	scopes := map[string][]string{}
	for _, scope := range parts.Scopes {
		scopes[scope] = nil
	}
	return &Judge{parts: parts, scopes: scopes}, nil
}

// Request is a request to a record server, as its gateway tells of it.
type Request struct {
	Subject       string      // at whose node the token was issued
	DataHolder    consent.URA // likewise: whose records these are
	Authorization []string    // the header's values, as they came
	Proofs        []string    // of the header DPoP, as they came
	Method        string
	URL           string // the whole one, as who sent it knows it
	ContentType   string
	Body          []byte
	// BodyUnseen tells that the request may have a body, and that it is not here.
	BodyUnseen bool
	// Told is what the gateway tells of the request itself; nil: nothing.
	Told *Told
	// CanAskAgain tells that the gateway can look up about whom the request is, and ask once more
	// with that told.
	CanAskAgain bool
}

// Told is what a gateway knows of a request: it is believed, and stands beside what the request
// says itself.
type Told struct {
	Patient       string   // a BSN
	ResourceTypes []string // of FHIR
}

// Verdict is what was decided.
type Verdict struct {
	Refusal recordguard.Refusal // empty: the request is allowed
	// PatientNeeded tells a gateway that can ask again of a request that is refused as
	// [recordguard.PatientUnknown] that nothing else is wrong: told the patient, who must be the
	// token's, it would be allowed. Before that nobody has to be looked up. It allows nothing, and
	// the proof is not used up.
	PatientNeeded bool
	// RequestID is under which Mitz knows the query that the token rests on; empty: it is not
	// known, or there is no such token.
	RequestID string
}

// Judge decides about a request. An error is only for what nobody can tell: then the request is
// not allowed either.
//
// What costs nothing is looked at first, and the proof last: it can be used once.
func (j *Judge) Judge(ctx context.Context, request Request) (Verdict, error) {
	refused := func(err error) (Verdict, error) { return Verdict{Refusal: refusalOf(err)}, nil }
	shown, err := readToken(request)
	if err != nil {
		return refused(err)
	}
	asked, err := j.read(request)
	if err != nil {
		return refused(err)
	}
	token, ok, err := j.parts.Tokens.Find(ctx, request.Subject, shown.token)
	if err != nil {
		return Verdict{}, err
	}
	if !ok {
		return refused(recordguard.TokenNotActive)
	}
	verdict := Verdict{}
	verdict.RequestID, _ = token.Claims["consent_request_id"].(string)
	verdict.Refusal = refusalOf(j.judgeToken(token, request, asked, shown))
	verdict.PatientNeeded = verdict.Refusal == recordguard.PatientUnknown && request.CanAskAgain && j.judgeTokenAlone(token, request, asked) == nil
	if verdict.Refusal != "" && !verdict.PatientNeeded || token.Thumbprint == "" {
		return verdict, nil
	}
	proven := j.parts.Proofs.IsGood
	if verdict.PatientNeeded {
		proven = j.parts.Proofs.WouldBeGood
	}
	good, err := proven(ctx, token, live.Proof{JWT: shown.proof, Token: shown.token, Method: request.Method, URL: request.URL})
	if err != nil {
		return Verdict{}, err
	}
	if !good {
		verdict.Refusal, verdict.PatientNeeded = recordguard.ProofInvalid, false
	}
	return verdict, nil
}

// refusalOf returns the code of a refusal; empty: it is none.
func refusalOf(err error) recordguard.Refusal {
	if err == nil {
		return ""
	}
	refusal := recordguard.ClaimsMalformed // what else can be wrong
	errors.As(err, &refusal)
	return refusal
}

// judgeToken is all but the proof.
func (j *Judge) judgeToken(token live.Token, request Request, asked recordguard.Request, shown shown) error {
	if err := shown.fits(token); err != nil {
		return err
	}
	claims, err := claimsOf(token)
	if err != nil {
		return err
	}
	return j.rules(request).Judge(claims, asked, j.parts.Now())
}

// judgeTokenAlone is whether the token opens what is asked for, of its patient. Whom the request is
// about is left open.
func (j *Judge) judgeTokenAlone(token live.Token, request Request, asked recordguard.Request) error {
	claims, err := claimsOf(token)
	if err != nil {
		return err
	}
	return j.rules(request).JudgeToken(claims, asked.Resources, j.parts.Now())
}

func (j *Judge) rules(request Request) recordguard.Rules {
	return recordguard.Rules{DataHolder: request.DataHolder, Scopes: j.scopes, Categories: j.parts.Categories}
}

// claimsOf reads what a token is for, as strictly as the answer of an introspection.
func claimsOf(token live.Token) (recordguard.Claims, error) {
	answer := maps.Clone(token.Claims)
	if answer == nil {
		answer = map[string]any{}
	}
	answer["active"], answer["scope"], answer["exp"] = true, token.Scope, token.Expires.Unix()
	delete(answer, "cnf")
	content, err := json.Marshal(answer)
	if err != nil {
		return recordguard.Claims{}, recordguard.ClaimsMalformed
	}
	return recordguard.ReadClaims(content)
}

// read finds out what a request asks for: of what it says itself, where it is one to a FHIR
// server that is known, and of what its gateway tells.
func (j *Judge) read(request Request) (asked recordguard.Request, err error) {
	path, query, known := j.below(request.URL)
	switch {
	case known && request.BodyUnseen && request.Method != http.MethodGet && request.Method != http.MethodHead:
		return asked, recordguard.BodyRefused
	case known:
		asked, err = recordguard.ReadFHIR(recordguard.FHIRRequest{
			Method: request.Method, Path: path, Query: query, ContentType: request.ContentType, Body: request.Body,
		})
	case request.Told == nil || !j.isApart(request.URL):
		err = recordguard.PathRefused
	case !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost}, request.Method):
		err = recordguard.MethodRefused // consent is to let data be read
	}
	if err != nil || request.Told == nil {
		return asked, err
	}
	patient, err := consent.ParseBSN(request.Told.Patient)
	if err != nil {
		return asked, recordguard.NoPatient
	}
	// Whose the resources are that are named by an id, the gateway tells.
	asked.References, asked.Patients = nil, append(asked.Patients, patient)
	asked.Resources = append(asked.Resources, request.Told.ResourceTypes...)
	return asked, nil
}

// below returns what follows a base in a URL, as it was sent; of bases below each other the longest
// one.
func (j *Judge) below(text string) (path, query string, ok bool) {
	address, query, _ := strings.Cut(text, "?")
	if strings.Contains(text, "#") {
		return "", "", false
	}
	for _, base := range j.parts.Bases {
		if rest, isBelow := strings.CutPrefix(address, base); isBelow && (rest == "" || rest[0] == '/') && (!ok || len(rest) < len(path)) {
			path, ok = rest, true
		}
	}
	return path, query, ok
}

// origin is scheme, host and port of an address that all read alike: nothing of it is another's name
// or a target that was put behind one.
var origin = regexp.MustCompile(`^https?://(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?]|$)`)

// isApart reports whether a URL leads below none of the bases, also where a server unescapes it,
// takes steps and doubled slashes out of it, or passes over parameters of segments and the case.
func (j *Judge) isApart(text string) bool {
	place := func(address *url.URL) string {
		return strings.ToLower(address.Hostname() + path.Clean("/"+address.Path))
	}
	address, err := url.Parse(text)
	if err != nil || !origin.MatchString(text) || strings.Contains(text, "#") || strings.ContainsAny(address.Path, `\;%`) {
		return false
	}
	return !slices.ContainsFunc(j.parts.Bases, func(base string) bool {
		parsed, err := url.Parse(base)
		return err != nil || strings.HasPrefix(place(address)+"/", strings.TrimSuffix(place(parsed), "/")+"/")
	})
}

// shown is a token as it came with a request.
type shown struct {
	isDPoP       bool // the scheme
	token, proof string
	proofs       int
}

// b64token is the form of a token (RFC 6750 section 2.1).
var b64token = regexp.MustCompile(`^[A-Za-z0-9._~+/-]{1,200}=*$`)

// readToken reads the token of a request (RFC 6750 section 2.1, RFC 9449 section 7.1). Of two
// headers it would be anybody's choice which one counts.
func readToken(request Request) (shown, error) {
	if len(request.Authorization) != 1 {
		return shown{}, recordguard.TokenMissing
	}
	scheme, token, _ := strings.Cut(request.Authorization[0], " ")
	isDPoP := strings.EqualFold(scheme, "DPoP")
	if !isDPoP && !strings.EqualFold(scheme, "Bearer") || !b64token.MatchString(token) {
		return shown{}, recordguard.TokenMissing
	}
	read := shown{isDPoP: isDPoP, token: token, proofs: len(request.Proofs)}
	if read.proofs == 1 {
		read.proof = request.Proofs[0]
	}
	return read, nil
}

// fits wants a token that is bound to a key to come as one, with one proof, and no other token to
// (RFC 9449 sections 7.1 and 7.2).
func (s shown) fits(token live.Token) error {
	switch bound := token.Thumbprint != ""; {
	case bound && (!s.isDPoP || s.proofs == 0):
		return recordguard.ProofMissing
	case bound && s.proofs > 1:
		return recordguard.ProofInvalid
	case !bound && s.isDPoP:
		return recordguard.ProofUnexpected
	default:
		return nil
	}
}
