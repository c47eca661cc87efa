// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import "context"

// Issuer is the authorization server of the first data holder.
func (w *World) Issuer() string { return w.DataHolder.Issuer(w.DataHolders[0].Subject) }

// Employee is the professional at the requester.
func (w *World) Employee() Employee { return w.config.Employee }

// Trust is the trust that a data holder in this world has.
func (w *World) Trust() MitzTrust {
	types := []string{w.Authority.DID}
	if w.Registers != nil {
		types = append(types, w.Registers.Vektis.DID())
	}
	return MitzTrust{
		Organization: []string{w.UZI.DIDPrefix() + "*"},
		FacilityType: types,
		Practitioner: []string{"holder"},
		Enrollment:   []string{"holder"},
	}
}

// IssueFacilityType has the authority issue a facility type to a holder.
func (w *World) IssueFacilityType(ctx context.Context, holder, facilityType string) (Credential, error) {
	return w.Requester.IssueCredential(ctx, w.Authority.DID, holder, TypeFacility, FacilityClaims(facilityType))
}

// RequestToken has the requester's node ask the first data holder for a token about a
// patient: vp_token-bearer, as a stock node does it.
func (w *World) RequestToken(ctx context.Context, bsn, scope string) (Answer, error) {
	return w.RequestTokenAt(ctx, w.Issuer(), BSNIdentifier(bsn), scope)
}

// RequestTokenAt is [World.RequestToken] at any authorization server, and with the
// patient's identifier as it is to appear in the credential.
func (w *World) RequestTokenAt(ctx context.Context, issuer, patientIdentifier, scope string) (Answer, error) {
	return w.Requester.RequestServiceToken(ctx, w.RequesterOrg.Name, w.ServiceTokenRequest(issuer, patientIdentifier, scope))
}

// ServiceTokenRequest is what [World.RequestTokenAt] sends to the requester's node.
func (w *World) ServiceTokenRequest(issuer, patientIdentifier, scope string) ServiceTokenRequest {
	return ServiceTokenRequest{
		AuthorizationServer: issuer, Scope: scope,
		Credentials: []Credential{
			SelfAttested(TypeEmployee, EmployeeClaims(w.config.Employee)),
			SelfAttested(TypeEnrollment, w.enrollmentClaims(patientIdentifier)),
		},
	}
}

func (w *World) enrollmentClaims(patientIdentifier string) map[string]any {
	if w.config.GuideForms {
		return NestedEnrollmentClaims(Identifier(patientIdentifier), Identifier(w.config.Employee.Identifier))
	}
	return EnrollmentClaims(patientIdentifier, w.config.Employee.Identifier)
}

// StoreForUserGrant puts into the requester's wallet what [World.RequestToken] attests
// on the way: the authorization-code grant presents only what a wallet holds. A second
// patient needs another world: a wallet presents the first enrolment that fits.
func (w *World) StoreForUserGrant(ctx context.Context, bsn string) error {
	for credentialType, claims := range map[string]map[string]any{
		TypeEmployee:   EmployeeClaims(w.config.Employee),
		TypeEnrollment: EnrollmentClaims(BSNIdentifier(bsn), w.config.Employee.Identifier),
	} {
		credential, err := w.Requester.IssueCredential(ctx, w.RequesterOrg.DID, w.RequesterOrg.DID, credentialType, claims)
		if err != nil {
			return err
		}
		if err := w.Requester.StoreCredential(ctx, w.RequesterOrg.Name, credential); err != nil {
			return err
		}
	}
	return nil
}

// RequestUserToken asks the first data holder for a token with the authorization-code
// grant; see [World.StoreForUserGrant].
func (w *World) RequestUserToken(ctx context.Context, scope string) (UserTokenResult, error) {
	return w.Requester.RequestUserToken(ctx, w.DataHolder, w.RequesterOrg.Name, UserTokenRequest{
		AuthorizationServer: w.Issuer(), Scope: scope, User: w.config.Employee,
	})
}

// CredentialSet are the credentials of a wallet, one for each attribute; replace one to
// make it wrong, and leave one nil to have it missing.
type CredentialSet struct {
	Organization Credential // X509Credential
	Facility     Credential // HealthcareProviderRoleTypeCredential
	Employee     Credential // NutsEmployeeCredential
	Enrollment   Credential // PatientEnrollmentCredential
	Delegation   Credential // nil: not under mandate
	More         []Credential
}

// All lists the credentials that are there.
func (s CredentialSet) All() []Credential {
	var all []Credential
	for _, credential := range []Credential{s.Organization, s.Facility, s.Employee, s.Enrollment, s.Delegation} {
		if credential != nil {
			all = append(all, credential)
		}
	}
	return append(all, s.More...)
}

// CredentialsFor gives a wallet what the requester's node has, about a patient.
func (w *World) CredentialsFor(ctx context.Context, wallet *Wallet, bsn string) (CredentialSet, error) {
	organization, err := w.Server.X509Credential(wallet.DID, X509CredentialOptions{})
	if err != nil {
		return CredentialSet{}, err
	}
	facility, err := w.IssueFacilityType(ctx, wallet.DID, w.config.Facility)
	if err != nil {
		return CredentialSet{}, err
	}
	return CredentialSet{
		Organization: organization,
		Facility:     facility,
		Employee:     wallet.Attest(wallet.DID, TypeEmployee, EmployeeClaims(w.config.Employee)),
		Enrollment: wallet.Attest(wallet.DID, TypeEnrollment,
			EnrollmentClaims(BSNIdentifier(bsn), w.config.Employee.Identifier)),
	}, nil
}
