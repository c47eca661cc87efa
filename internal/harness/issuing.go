// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// startIssuer has Mitz issue credentials at an address of its own until the workspace is
// closed. Strict nodes reach it by a name.
func (w *Workspace) startIssuer(strict bool) (*issuer.Issuer, error) {
	return w.startIssuerAs("mitz-issuer", strict, nil)
}

// startRegister has another register issue likewise, after it saw what it demands.
func (w *World) startRegister(name string, demand *issuer.Demand) (*issuer.Issuer, error) {
	return w.startIssuerAs(name, w.config.Strict, demand)
}

func (w *Workspace) startIssuerAs(name string, strict bool, demand *issuer.Demand) (*issuer.Issuer, error) {
	name, late := w.unique(name), new(issuerDoor)
	address, err := w.ServeTLS(name, late)
	if err != nil {
		return nil, err
	}
	if strict {
		address = w.nameHost(name, address)
	}
	mitz, err := issuer.New(issuer.Config{URL: address, Client: w.Client(), Demand: demand})
	if err != nil {
		return nil, err
	}
	late.issuer.Store(mitz)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.issuers[mitz] = late
	return mitz, nil
}

// trustMitz has a data holder trust what Mitz issues, where a ground rests on it.
func (w *World) trustMitz(section *MitzConfig) {
	if w.Mitz.Issuer() == nil {
		return
	}
	for _, profile := range section.Profiles {
		if slices.Contains(profile.Grounds, "mitz-attestation") {
			section.Trust.Attestation = []string{w.Mitz.Issuer().DID()}
		}
		if slices.Contains(profile.Grounds, "consent-registration") {
			section.Trust.Membership = []string{w.Mitz.Issuer().DID()}
		}
	}
}

// StartDataHolderWithoutMitz starts another data holder's node, that trusts what Mitz attests
// and cannot ask it. Of the section it needs its data holders and profiles. The settings are
// further ones of the node, as in [NodeConfig].
func (w *World) StartDataHolderWithoutMitz(ctx context.Context, binary string, section MitzConfig, settings map[string]any) (*Node, error) {
	section.Trust = w.Trust()
	w.trustMitz(&section)
	yaml, err := section.YAML()
	if err != nil {
		return nil, err
	}
	node, err := w.StartNode(ctx, NodeConfig{Name: section.DataHolders[0].Subject, Binary: binary, Strict: w.config.Strict, Settings: settings, YAML: yaml})
	if err != nil {
		return nil, err
	}
	for _, holder := range section.DataHolders {
		if _, err := node.CreateSubject(ctx, holder.Subject); err != nil {
			return nil, err
		}
	}
	return node, nil
}

// PostRequest tells Mitz what a requester wants attested, over the mutual TLS that its system
// has with it, and returns the authorization details for its node.
func (m *Mitz) PostRequest(ctx context.Context, request issuer.Request) (json.RawMessage, error) {
	transport := &http.Transport{TLSClientConfig: m.client}
	defer transport.CloseIdleConnections()
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	answer, err := do(ctx, &http.Client{Transport: transport}, http.MethodPost, m.CredentialRequestURL(),
		http.Header{"Content-Type": {"application/json"}}, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	var accepted struct {
		Details json.RawMessage `json:"authorization_details"`
	}
	return accepted.Details, answer.decode(http.StatusCreated, &accepted)
}

// AttestationRequest is what the requester of this world wants attested: that the patient
// lets the data holder show it data of these categories.
func (w *World) AttestationRequest(bsn string, dataHolder DataHolder, categories ...consent.Category) issuer.Request {
	return issuer.Request{Wallet: w.RequesterOrg.DID, Consent: &issuer.RequestConsent{
		Patient: bsn, DataHolder: consent.URA(dataHolder.URA), Requester: consent.URA(w.config.Requester.URA),
		RequesterType: consent.FacilityType(w.config.Facility), Categories: categories, Purpose: "TREAT",
	}}
}

// MembershipRequest is that the requester of this world wants its membership attested.
func (w *World) MembershipRequest(role string) issuer.Request {
	return issuer.Request{Wallet: w.RequesterOrg.DID, Membership: &issuer.RequestMembership{
		Organization: consent.URA(w.config.Requester.URA), Role: role,
	}}
}

// ObtainFromMitz has the requester's node obtain what is requested from Mitz over OpenID4VCI,
// by way of a browser, and returns the error with which the browser came back, if any.
func (w *World) ObtainFromMitz(ctx context.Context, request issuer.Request) (OAuthError, error) {
	details, err := w.Mitz.PostRequest(ctx, request)
	if err != nil {
		return OAuthError{}, err
	}
	return w.Collect(ctx, w.Mitz.Issuer(), details)
}

// Collect has the requester's node collect over OpenID4VCI what an issuer offered, by way of a
// browser, and returns the error with which the browser came back, if any.
func (w *World) Collect(ctx context.Context, from *issuer.Issuer, details json.RawMessage) (OAuthError, error) {
	location, err := w.Requester.StartIssuance(ctx, w.RequesterOrg, from.URL(), details)
	if err != nil {
		return OAuthError{}, err
	}
	return w.Requester.FinishIssuance(ctx, location)
}

// StartIssuance asks a node to obtain a credential for a subject's wallet, and returns where
// the browser is to go.
func (n *Node) StartIssuance(ctx context.Context, subject Subject, issuer string, details json.RawMessage) (string, error) {
	answer, err := n.postJSON(ctx, "/internal/auth/v2/"+url.PathEscape(subject.Name)+"/request-credential", map[string]any{
		"wallet_did": subject.DID, "issuer": issuer, "authorization_details": details, "redirect_uri": callbackURL,
	})
	if err != nil {
		return "", err
	}
	var started userFlow
	if err := answer.decode(http.StatusOK, &started); err != nil {
		return "", fmt.Errorf("request a credential: %w", err)
	}
	return started.RedirectURI, nil
}

// FinishIssuance has a browser go there, up to the application, and returns the error with
// which it came back, if any.
func (n *Node) FinishIssuance(ctx context.Context, location string) (OAuthError, error) {
	callback, err := n.browse(ctx, location)
	return OAuthError{Code: callback.Get("error"), Description: callback.Get("error_description")}, err
}

// Redirected goes to an address as a browser does, and returns where it is sent.
func (n *Node) Redirected(ctx context.Context, location string) (string, error) {
	answer, err := do(ctx, n.client, http.MethodGet, location, nil, nil)
	if err != nil {
		return "", err
	}
	if answer.Header.Get("Location") == "" {
		return "", errors.New("the browser is sent nowhere")
	}
	return answer.Header.Get("Location"), nil
}

// WalletCredentials are the credentials of one type in a subject's wallet.
func (a API) WalletCredentials(ctx context.Context, subject, credentialType string) ([]Credential, error) {
	answer, err := a.Get(ctx, "/internal/vcr/v2/holder/"+url.PathEscape(subject)+"/vc")
	if err != nil {
		return nil, err
	}
	var all []json.RawMessage
	if err := answer.decode(http.StatusOK, &all); err != nil {
		return nil, err
	}
	var found []Credential
	for _, each := range all {
		if slices.Contains(Credential(each).Types(), credentialType) {
			found = append(found, Credential(each))
		}
	}
	return found, nil
}

// RemoveCredential takes a credential out of a subject's wallet.
func (a API) RemoveCredential(ctx context.Context, subject string, credential Credential) error {
	path := "/internal/vcr/v2/holder/" + url.PathEscape(subject) + "/vc/" + url.PathEscape(credential.ID())
	answer, err := do(ctx, a.client, http.MethodDelete, a.base+path, nil, nil)
	if err != nil {
		return err
	}
	return answer.decode(http.StatusNoContent, nil)
}

// VerifyCredential has a node verify a credential, the status list too, and returns why it is
// not valid; empty: it is.
func (a API) VerifyCredential(ctx context.Context, credential Credential) (string, error) {
	answer, err := a.postJSON(ctx, "/internal/vcr/v2/verifier/vc", map[string]any{"verifiableCredential": credential})
	if err != nil {
		return "", err
	}
	var verified struct {
		Valid   bool   `json:"validity"`
		Message string `json:"message"`
	}
	if err := answer.decode(http.StatusOK, &verified); err != nil || verified.Valid {
		return "", err
	}
	return orElse(verified.Message, "not valid"), nil
}

// contextMitz names the context of the credentials about Mitz, which docs/credentials has.
const contextMitz = "https://nuts-mitz.github.io/nuts-mitz/credentials/mitz-v1.jsonld"

// mapContext gives a stock node the context of the credentials about Mitz, without which it
// issues no registration.
func (c NodeConfig) mapContext() error {
	root, err := RepositoryRoot()
	if err != nil {
		return err
	}
	c.Settings["jsonld.contexts.localmapping"] = map[string]string{
		contextMitz: filepath.Join(root, "docs", "credentials", "mitz-v1.jsonld"),
	}
	return nil
}

// Registration is a patient's choice that the requester of this world recorded.
type Registration struct {
	Patient       string // BSN
	DataHolder    DataHolder
	Categories    []string
	Choice        string    // empty: permit
	RecordedAt    time.Time // zero: now
	JSONLD        bool      // with a proof of JSON-LD, instead of a JWT
	Identify      string    // the method; empty: wid
	Agreement     string    // its version; empty: 3.8
	RequesterType string    // empty: that of the requester
}

// IssueRegistration has the requester's node issue a registration to itself. Its employee
// recorded it.
func (w *World) IssueRegistration(ctx context.Context, registration Registration) (Credential, error) {
	claims, options := w.registered(registration)
	return w.Requester.issueCredential(ctx, w.RequesterOrg.DID, w.RequesterOrg.DID, typeRegistration, claims, options)
}

// RegistrationRequest is the body by which [World.IssueRegistration] asks the requester's node.
func (w *World) RegistrationRequest(registration Registration) map[string]any {
	claims, options := w.registered(registration)
	return issuance(w.RequesterOrg.DID, w.RequesterOrg.DID, typeRegistration, claims, options)
}

const typeRegistration = "MitzConsentRegistration"

// registered is what a registration claims, and with which options it is issued.
func (w *World) registered(registration Registration) (claims, options map[string]any) {
	if registration.RecordedAt.IsZero() {
		registration.RecordedAt = time.Now()
	}
	_, number, _ := strings.Cut(w.config.Employee.Identifier, "|")
	_, role, hasSystem := strings.Cut(w.config.Employee.Role, "|")
	if !hasSystem {
		role = w.config.Employee.Role
	}
	options = map[string]any{"@context": []string{credentialsContext, contextMitz}}
	if registration.JSONLD {
		options["format"] = "ldp_vc"
	}
	return map[string]any{
		"registeredConsent": map[string]any{
			"patient":      map[string]any{"identifier": Identifier(BSNIdentifier(registration.Patient))},
			"dataHolder":   map[string]any{"identifier": Identifier(URAIdentifier(registration.DataHolder.URA))},
			"dataCategory": registration.Categories, "requesterFacilityType": []string{orElse(registration.RequesterType, w.config.Facility)},
			"choice": orElse(registration.Choice, "permit"), "recordedAt": registration.RecordedAt.UTC().Format(time.RFC3339),
			"recordedBy":     map[string]any{"identifier": Identifier(UZIIdentifier(number)), "roleCode": role},
			"identification": orElse(registration.Identify, "wid"), "agreement": orElse(registration.Agreement, "3.8"),
		},
	}, options
}
