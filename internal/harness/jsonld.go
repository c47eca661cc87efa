// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// IssueJSONLD has the node issue a credential with a JSON-LD proof. The credential
// expires then.
func (a API) IssueJSONLD(ctx context.Context, expires time.Time, issuer, holder, credentialType string, claims map[string]any) (Credential, error) {
	credentialSubject := map[string]any{"id": holder}
	for name, value := range claims {
		credentialSubject[name] = value
	}
	answer, err := a.postJSON(ctx, "/internal/vcr/v2/issuer/vc", map[string]any{
		"@context":          []string{credentialsContext, schemaContext},
		"type":              credentialType,
		"issuer":            issuer,
		"expirationDate":    expires.UTC().Format(time.RFC3339),
		"credentialSubject": credentialSubject,
		"format":            "ldp_vc",
	})
	if err != nil {
		return nil, err
	}
	if err := answer.decode(http.StatusOK, nil); err != nil {
		return nil, fmt.Errorf("issue %s: %w", credentialType, err)
	}
	return Credential(bytes.TrimSpace(answer.Body)), nil
}

// Edit changes a JSON-LD credential without signing it again.
func (c Credential) Edit(change func(credential, subject map[string]any)) (Credential, error) {
	var credential map[string]any
	if err := json.Unmarshal(c, &credential); err != nil {
		return nil, err
	}
	subject, ok := credential["credentialSubject"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the credential has no single subject")
	}
	change(credential, subject)
	edited, err := json.Marshal(credential)
	return edited, err
}
