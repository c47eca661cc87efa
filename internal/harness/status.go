// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"
)

// IssueRevocable has the node issue a JWT credential with a status list of its own.
func (a API) IssueRevocable(ctx context.Context, issuer, holder, credentialType string, claims map[string]any) (Credential, error) {
	return a.issueCredential(ctx, issuer, holder, credentialType, claims, map[string]any{"withStatusList2021Revocation": true})
}

// Revoke has the node revoke a credential that it issued.
func (a API) Revoke(ctx context.Context, credential Credential) error {
	var claims struct {
		ID string `json:"jti"`
	}
	if err := json.Unmarshal(credential.jwtPayload(), &claims); err != nil || claims.ID == "" {
		return errors.Join(errors.New("revoke: a credential without an id"), err)
	}
	answer, err := do(ctx, a.client, http.MethodDelete, a.base+"/internal/vcr/v2/issuer/vc/"+url.PathEscape(url.PathEscape(claims.ID)), nil, nil)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK && answer.Status != http.StatusNoContent {
		return fmt.Errorf("revoke: HTTP status %d", answer.Status)
	}
	return nil
}

func (a API) issueCredential(ctx context.Context, issuer, holder, credentialType string, claims, options map[string]any) (Credential, error) {
	answer, err := a.postJSON(ctx, "/internal/vcr/v2/issuer/vc", issuance(issuer, holder, credentialType, claims, options))
	if err != nil {
		return nil, err
	}
	if err := answer.decode(http.StatusOK, nil); err != nil {
		return nil, fmt.Errorf("issue %s: %w", credentialType, err)
	}
	return Credential(bytes.TrimSpace(answer.Body)), nil
}

// issuance is the body by which a node is asked to issue a credential, valid for twelve hours.
func issuance(issuer, holder, credentialType string, claims, options map[string]any) map[string]any {
	credentialSubject := map[string]any{"id": holder}
	maps.Copy(credentialSubject, claims)
	body := map[string]any{
		"@context":          []string{credentialsContext, schemaContext},
		"type":              credentialType,
		"issuer":            issuer,
		"expirationDate":    time.Now().Add(12 * time.Hour).UTC().Format(time.RFC3339),
		"credentialSubject": credentialSubject,
		"format":            "jwt_vc",
	}
	maps.Copy(body, options)
	return body
}
