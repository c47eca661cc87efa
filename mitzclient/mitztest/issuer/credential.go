// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// credentialRequest is what a wallet posts: with proof as the drafts had it and the pinned
// node sends it, or with proofs as OpenID4VCI 1.0 has it (section 8.2).
type credentialRequest struct {
	Format        string `json:"format"`
	Configuration string `json:"credential_configuration_id"`
	Proof         *struct {
		Type string `json:"proof_type"`
		JWT  string `json:"jwt"`
	} `json:"proof"`
	Proofs *struct {
		JWT []string `json:"jwt"`
	} `json:"proofs"`
}

// credential issues what was authorized, to the wallet that it is for and that proves to have
// its key. An access token that was tried is used up, whatever came of it.
func (i *Issuer) credential(w http.ResponseWriter, r *http.Request) {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	what, known := take(i, i.flow.tokens, token)
	if !isBearer || !known || len(r.Header.Values("Authorization")) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		i.refuse(w, &refusal{http.StatusUnauthorized, "invalid_token", "the access token is unknown, used or expired"})
		return
	}
	proof, reason := readCredentialRequest(r, what)
	if reason == nil {
		reason = i.checkProof(r.Context(), proof, what.wallet)
	}
	if reason != nil {
		i.refuse(w, reason)
		return
	}
	issued, err := i.issue(what)
	if err != nil {
		i.refuse(w, asRefusal(err))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"format": format, "credential": issued, "credentials": []any{map[string]string{"credential": issued}},
	})
}

// readCredentialRequest returns the proof in a request.
func readCredentialRequest(r *http.Request, what wanted) (string, *refusal) {
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); media != "application/json" || r.URL.RawQuery != "" {
		return "", invalidRequest("it must be JSON, without a query in the URL")
	}
	var request credentialRequest
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return "", invalidRequest("the body must be a JSON object with proof or proofs, of at most 16 KiB")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", invalidRequest("there must be nothing after the JSON object")
	}
	if request.Format != "" && request.Format != format || request.Configuration != "" && request.Configuration != what.kind {
		return "", &refusal{http.StatusBadRequest, "invalid_credential_request", "something else was authorized"}
	}
	switch {
	case request.Proof != nil && request.Proofs == nil && request.Proof.Type == "jwt":
		return request.Proof.JWT, nil
	case request.Proof == nil && request.Proofs != nil && len(request.Proofs.JWT) == 1:
		return request.Proofs.JWT[0], nil
	default:
		return "", invalidProof("one proof is needed, a JWT")
	}
}
