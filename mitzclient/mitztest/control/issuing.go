// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// Examples of bodies.
const (
	exampleMember     = `{"organization": "12345678", "role": "registrar"}`
	exampleCredential = `{"wallet": "did:web:wallet.example", "membership": {"organization": "12345678", "role": "registrar"}}`
)

// issuer returns Mitz as an issuer, where it is one.
func (c Control) issuer() (*issuer.Issuer, error) {
	if c.Simulator.Issuer() == nil {
		return nil, notFoundError("Mitz issues no credentials here: start it with --issuer")
	}
	return c.Simulator.Issuer(), nil
}

func readMember(body []byte) (issuer.Member, error) {
	var member issuer.RequestMembership
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&member); err != nil {
		return issuer.Member{}, errors.New("the body must be a JSON object with organization and role")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return issuer.Member{}, errors.New("there must be nothing after the JSON object")
	}
	return issuer.Member(member), nil
}

func (c Control) enroll(body []byte) (any, error) {
	mitz, err := c.issuer()
	if err != nil {
		return nil, err
	}
	member, err := readMember(body)
	if err != nil {
		return nil, err
	}
	if err := mitz.Enroll(member); err != nil {
		return nil, err
	}
	return done, nil
}

func (c Control) endMembership(body []byte) (any, error) {
	mitz, err := c.issuer()
	if err != nil {
		return nil, err
	}
	member, err := readMember(body)
	if err != nil {
		return nil, err
	}
	if !mitz.EndMembership(member) {
		return nil, notFoundError("there is no such member")
	}
	return done, nil
}

type issuedView struct {
	Credential string `json:"credential"`
}

func (c Control) issue(body []byte) (any, error) {
	mitz, err := c.issuer()
	if err != nil {
		return nil, err
	}
	request, err := issuer.ParseRequest(body)
	if err != nil {
		return nil, err
	}
	credential, err := mitz.Issue(request)
	return issuedView{credential}, err
}

// credentialsView is what was issued, oldest first; not what it says.
type credentialsView struct {
	Credentials []credentialView `json:"credentials"`
}

type credentialView struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Wallet  string    `json:"wallet"`
	Index   int       `json:"statusListIndex"`
	Expires time.Time `json:"expires"`
	Revoked bool      `json:"revoked"`
}

func (c Control) listIssued([]byte) (any, error) {
	mitz, err := c.issuer()
	if err != nil {
		return nil, err
	}
	view := credentialsView{Credentials: []credentialView{}}
	for _, each := range mitz.Issued() {
		view.Credentials = append(view.Credentials, credentialView(each))
	}
	return view, nil
}
