// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The ways in which a token can be presented (RFC 6750, section 2.1; RFC 9449, section 7.1).
const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// presented is a token as it came with a request.
type presented struct {
	scheme, token string
	proof         string // with DPoP; empty when there is none
}

// readPresented reads a token, and the proof that goes with it. Each header must be there
// once: of two it would be anybody's choice which one counts.
func readPresented(header http.Header) (presented, error) {
	authorization := header.Values("Authorization")
	if len(authorization) != 1 {
		return presented{}, errors.New("one Authorization header is needed, with a Bearer or a DPoP token")
	}
	scheme, token, _ := strings.Cut(authorization[0], " ")
	for _, known := range []string{schemeBearer, schemeDPoP} {
		if !strings.EqualFold(scheme, known) || token == "" {
			continue
		}
		proofs := header.Values("DPoP")
		if len(proofs) > 1 {
			return presented{}, errors.New("more than one DPoP proof")
		}
		return presented{scheme: known, token: token, proof: strings.Join(proofs, "")}, nil
	}
	return presented{}, errors.New("no Bearer or DPoP token")
}

// grant are the claims that a record server must look at.
type grant struct {
	Active       bool     `json:"active"`
	Scope        string   `json:"scope"`
	MitzConsent  bool     `json:"mitz_consent"`
	PatientBSN   string   `json:"patient_bsn"`
	Categories   []string `json:"consent_categories"`
	DataHolderID string   `json:"data_holder_organization_id"`
	// Confirmation says to which key the token is bound (RFC 7800); nil: to none.
	Confirmation *struct {
		Thumbprint string `json:"jkt"`
	} `json:"cnf"`
}

func (s *RecordServer) introspect(ctx context.Context, token string) (grant, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	introspection, err := s.config.Node.Introspect(ctx, token)
	if err != nil {
		return grant{}, err
	}
	var result grant
	return result, json.Unmarshal(introspection.Body, &result)
}

// denial is why a request gets nothing.
type denial struct {
	status    int
	challenge string // error for WWW-Authenticate; empty for none
	code      string // of FHIR
	reason    string
}

// judge applies the rules that README has for record servers; nil means that all hold.
func (s *RecordServer) judge(ctx context.Context, shown presented, g grant, bsn string) *denial {
	forbidden := func(reason string) *denial {
		return &denial{status: http.StatusForbidden, code: "forbidden", reason: reason}
	}
	switch {
	case !g.Active:
		return &denial{http.StatusUnauthorized, "invalid_token", "expired", "the token is not active"}
	case !slices.Contains(strings.Fields(g.Scope), s.config.Scope):
		return forbidden("the token is for something else")
	case !g.MitzConsent:
		return forbidden("the token rests on no consent")
	case g.PatientBSN == "" || g.PatientBSN != bsn:
		return forbidden("the token is for another patient")
	case !slices.Contains(g.Categories, s.config.Category):
		return forbidden("the consent is not for these data")
	case g.DataHolderID != s.config.URA:
		return forbidden("the consent is for the records of another data holder")
	}
	return s.judgeBinding(ctx, shown, g)
}

// judgeBinding is the rule about tokens that are bound to a key. It comes last: a proof
// can be used once.
func (s *RecordServer) judgeBinding(ctx context.Context, shown presented, g grant) *denial {
	bound := g.Confirmation != nil
	switch {
	case bound && shown.scheme != schemeDPoP:
		return &denial{http.StatusUnauthorized, "invalid_token", "login", "the token is bound to a key: a DPoP proof is needed"}
	case !bound && shown.scheme == schemeDPoP:
		return &denial{http.StatusUnauthorized, "invalid_token", "login", "the token is bound to no key"}
	case !bound:
		return nil
	}
	valid, err := s.validProof(ctx, shown, g.Confirmation.Thumbprint)
	switch {
	case err != nil:
		return &denial{status: http.StatusBadGateway, code: "transient", reason: "the proof could not be validated"}
	case !valid:
		return &denial{http.StatusUnauthorized, "invalid_dpop_proof", "login", "no valid DPoP proof for this request"}
	default:
		return nil
	}
}

// proofLifetime is how old a proof may be, and how far ahead the other's clock.
const proofLifetime = time.Minute

// validProof reports whether the proof is for this token and this request, by the holder of
// the key (RFC 9449, section 4.3). The node looks at the signature, the key, the method,
// the URL, the token and that the proof was not used before. It looks neither at the
// URL's scheme and port nor at the proof's age: those are looked at here.
func (s *RecordServer) validProof(ctx context.Context, shown presented, thumbprint string) (bool, error) {
	<-s.open
	url := s.URL + searchPath // our own address, and not what the request says in Host
	if shown.proof == "" {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	valid, err := s.config.Node.ValidateDPoP(ctx, DPoPValidation{
		Proof: shown.proof, Method: http.MethodPost, URL: url, Token: shown.token, Thumbprint: thumbprint,
	})
	if err != nil || !valid {
		return false, err
	}
	var claims struct {
		URL      string  `json:"htu"`
		IssuedAt float64 `json:"iat"`
	}
	if err := decodeClaims(shown.proof, &claims); err != nil {
		return false, nil
	}
	age := time.Since(time.Unix(int64(claims.IssuedAt), 0))
	return claims.URL == url && age < proofLifetime && age > -proofLifetime, nil
}
