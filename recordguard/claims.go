// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"encoding/json"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
)

// Claims are what a node says of a token when it is introspected (RFC 7662, section 2.2),
// as far as a record server must look at it. The zero value is a token that is not active.
type Claims struct {
	Active     bool
	Scope      string // scopes, with blanks between
	Expires    time.Time
	Consent    bool               // mitz_consent
	Patient    consent.BSN        // patient_bsn; zero when the token has none
	Categories []consent.Category // consent_categories
	DataHolder consent.URA        // data_holder_organization_id
	// RequestID is consent_request_id: under which Mitz knows the query, or the id of the
	// attestation or registration. It belongs in the record server's own audit log.
	RequestID string
	// Bound says that the token is bound to a key (cnf, RFC 7800, section 3.1), whose SHA-256
	// thumbprint (RFC 9449, section 6) is Thumbprint. Bound without a thumbprint: in a way
	// that is not known here, and nobody can use the token.
	Bound      bool
	Thumbprint string
}

// answer is the introspection answer, with null for what is not there.
type answer struct {
	Active     *bool    `json:"active"`
	Scope      string   `json:"scope"`
	Expires    *int64   `json:"exp"`
	Consent    bool     `json:"mitz_consent"`
	Patient    *string  `json:"patient_bsn"`
	Categories []string `json:"consent_categories"`
	DataHolder *string  `json:"data_holder_organization_id"`
	RequestID  string   `json:"consent_request_id"`
	// Confirmation is a pointer, so that one without a member is one.
	Confirmation *struct {
		Thumbprint string `json:"jkt"`
	} `json:"cnf"`
}

func answerObject() *strictjson.Object {
	return &strictjson.Object{Members: map[string]*strictjson.Object{
		"active": nil, "scope": nil, "exp": nil, "mitz_consent": nil, "patient_bsn": nil, "consent_categories": nil,
		"data_holder_organization_id": nil, "consent_request_id": nil,
		"cnf": {Members: map[string]*strictjson.Object{"jkt": nil}},
	}}
}

// ReadClaims reads the answer of a node's introspection endpoint, strictly: a claim of another
// type than it has, with a value that cannot be, or that two readers could read differently
// makes it [ClaimsMalformed]. Claims that are not there are zero. Of a token that is not active
// nothing else is read.
func ReadClaims(introspection []byte) (Claims, error) {
	var read answer
	if strictjson.Check(introspection, answerObject()) != nil || json.Unmarshal(introspection, &read) != nil || read.Active == nil {
		return Claims{}, ClaimsMalformed
	}
	if !*read.Active {
		return Claims{}, nil
	}
	claims := Claims{Active: true, Scope: read.Scope, Consent: read.Consent, RequestID: read.RequestID}
	if read.Expires != nil {
		claims.Expires = time.Unix(*read.Expires, 0)
	}
	if read.Confirmation != nil {
		claims.Bound, claims.Thumbprint = true, read.Confirmation.Thumbprint
	}
	if !claims.parse(read) {
		return Claims{}, ClaimsMalformed
	}
	return claims, nil
}

// parse takes over the claims that have a form, and reports whether they do.
func (c *Claims) parse(read answer) bool {
	var err error
	if read.Patient != nil {
		if c.Patient, err = consent.ParseBSN(*read.Patient); err != nil {
			return false
		}
	}
	if read.DataHolder != nil {
		if c.DataHolder, err = consent.ParseURA(*read.DataHolder); err != nil {
			return false
		}
	}
	for _, each := range read.Categories {
		category, err := consent.ParseCategory(each)
		if err != nil {
			return false
		}
		c.Categories = append(c.Categories, category)
	}
	return true
}
