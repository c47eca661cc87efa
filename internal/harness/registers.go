// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// Registers are stand-ins for those who could issue what a requester is: the CIBG its number
// in the UZI register, and Vektis its type. They issue over OpenID4VCI; Vektis first wants to be
// shown the CIBG's credential, over OpenID4VP. Neither does so today.
type Registers struct {
	CIBG, Vektis *issuer.Issuer

	world *World
}

// StartRegisters starts both until the world is closed. Data holders that start later trust what
// Vektis says.
func (w *World) StartRegisters() error {
	registers := &Registers{world: w}
	var err error
	if registers.CIBG, err = w.startRegister("cibg", nil); err != nil {
		return err
	}
	registers.Vektis, err = w.startRegister("vektis", &issuer.Demand{Definition: json.RawMessage(uraWanted), Accept: registers.accept})
	w.Registers = registers
	return err
}

// uraWanted asks for the credential of the CIBG.
const uraWanted = `{"id": "organization", "input_descriptors": [{"id": "organization", "constraints": {"fields": [
	{"path": ["$.type"], "filter": {"type": "string", "const": "` + TypeHealthcareProvider + `"}}]}}]}`

// accept returns why a credential is not one of the CIBG about the requester, for its wallet.
func (r *Registers) accept(wallet, credential string) error {
	wrong := errors.New("it is no credential of the CIBG about this organisation")
	message, err := jws.Parse([]byte(credential), jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return wrong
	}
	header := message.Signatures()[0].ProtectedHeaders()
	if header.X509CertChain() == nil || header.X509CertChain().Len() == 0 {
		return wrong
	}
	first, _ := header.X509CertChain().Get(0)
	content, err := base64.StdEncoding.DecodeString(string(first))
	if err != nil {
		return wrong
	}
	certificate, err := x509.ParseCertificate(content)
	if err != nil || certificate.CheckSignatureFrom(r.world.UZI.certificate) != nil {
		return wrong
	}
	payload, err := jws.Verify([]byte(credential), jws.WithKey(jwa.PS256, certificate.PublicKey))
	if err != nil {
		return wrong
	}
	var claims struct {
		Subject string `json:"sub"`
		Expires int64  `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Subject != wallet || claims.Expires <= time.Now().Unix() {
		return wrong
	}
	return nil
}

// OfferOrganization has the requester collect the credential of the CIBG, and returns the details to
// ask for it with, see [World.Collect].
func (r *Registers) OfferOrganization() (json.RawMessage, error) {
	return r.CIBG.Offer(issuer.Offer{Wallet: r.world.RequesterOrg.DID, Type: TypeHealthcareProvider, Sign: func() (token string, err error) {
		credential, err := r.world.organizationCredential()
		if err != nil {
			return "", err
		}
		return token, json.Unmarshal(credential, &token)
	}})
}

// OfferFacilityType has the requester collect the credential of Vektis, and returns the details to
// ask for it with, see [World.Collect].
func (r *Registers) OfferFacilityType() (json.RawMessage, error) {
	return r.Vektis.Offer(issuer.Offer{Wallet: r.world.RequesterOrg.DID, Type: TypeFacility, Claims: FacilityClaims(r.world.config.Facility)})
}

// ObtainOrganization has the requester's node collect the credential of the CIBG, and returns the
// error with which the browser came back, if any.
func (r *Registers) ObtainOrganization(ctx context.Context) (OAuthError, error) {
	details, err := r.OfferOrganization()
	if err != nil {
		return OAuthError{}, err
	}
	return r.world.Collect(ctx, r.CIBG, details)
}

// ObtainFacilityType has the requester's node collect the credential of Vektis, and returns the
// error with which the browser came back, if any.
func (r *Registers) ObtainFacilityType(ctx context.Context) (OAuthError, error) {
	details, err := r.OfferFacilityType()
	if err != nil {
		return OAuthError{}, err
	}
	return r.world.Collect(ctx, r.Vektis, details)
}
