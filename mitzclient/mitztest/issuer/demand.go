// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// Demand is what an issuer wants a wallet to present before it issues to it: OpenID4VP, as the
// pinned node speaks it (a signed request object, and an answer by direct post).
type Demand struct {
	// Definition is a presentation definition (DIF Presentation Exchange 2.0) that one credential
	// fulfils.
	Definition json.RawMessage
	// Accept returns why the credential, a JWT, is not good enough of this wallet.
	Accept func(wallet, credential string) error
}

const presentedPath = "/presented"

// asked is what goes on when a presentation came.
type asked struct {
	grant
	state, nonce string // of the client, and of this request
}

// demandFrom returns where the browser is to go, to have its wallet present something.
func (i *Issuer) demandFrom(granted grant, state string) (string, error) {
	nonce := secret()
	reference, ok := put(i, i.flow.asked, asked{granted, state, nonce})
	if !ok {
		return "", tooMany()
	}
	request, err := i.signJWT(map[string]any{
		"iss": i.url, "aud": granted.clientID, "iat": i.clock().Unix(), "exp": i.clock().Add(requestLife).Unix(),
		"client_id": i.url, "client_id_scheme": "entity_id", "response_type": "vp_token", "response_mode": "direct_post",
		"response_uri": i.url + presentedPath, "state": reference, "nonce": nonce,
		"presentation_definition": string(i.demand.Definition), "client_metadata": presentable,
	})
	if err != nil {
		return "", err
	}
	return granted.clientID + "/authorize?" + url.Values{"client_id": {i.url}, "request": {request}}.Encode(), nil
}

// presentable are the forms that can be presented.
const presentable = `{"vp_formats":{"jwt_vp_json":{"alg_values_supported":["ES256","PS256"]},"jwt_vc_json":{"alg_values_supported":["ES256","PS256","RS256"]}}}`

// serveConfiguration serves the entity statement by which a wallet knows whose key signed a request
// object (OpenID Federation 1.0 section 3, of which the pinned node reads the keys).
func (i *Issuer) serveConfiguration(w http.ResponseWriter, _ *http.Request) {
	key, err := jwk.FromRaw(i.key.Public())
	if err == nil {
		err = key.Set(jwk.KeyIDKey, i.keyID())
	}
	var statement string
	if err == nil {
		statement, err = i.signJWT(map[string]any{
			"iss": i.url, "sub": i.url, "iat": i.clock().Unix(), "exp": i.clock().Add(requestLife).Unix(),
			"jwks": map[string]any{"keys": []any{key}}, "metadata": map[string]any{"openid_provider": map[string]any{}},
		})
	}
	if err != nil {
		http.Error(w, "the statement cannot be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/entity-statement+jwt")
	_, _ = w.Write([]byte(statement))
}

// presented takes a presentation, or that there is none, and says where the browser is to go on
// (OpenID4VP 1.0 section 8.2).
func (i *Issuer) presented(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil {
		i.refuse(w, invalidRequest("the form could not be read, or is more than 16 KiB"))
		return
	}
	going, ok := take(i, i.flow.asked, r.Form.Get("state"))
	if !ok {
		i.refuse(w, invalidRequest("nothing was asked under this state, or too long ago"))
		return
	}
	var reason *refusal
	if r.PostForm.Get("error") != "" || i.checkPresentation(r.Context(), r.PostForm.Get("vp_token"), going) != nil {
		reason = denied("what was asked for was not presented")
	}
	writeJSON(w, http.StatusOK, map[string]string{"redirect_uri": i.returned(going.grant, going.redirectURI, going.state, reason)})
}

// checkPresentation checks that a presentation, a JWT, is of the wallet that the credential is for,
// and answers this request; and what is in it.
func (i *Issuer) checkPresentation(ctx context.Context, presentation string, going asked) error {
	wrong := errors.New("it is no presentation of this wallet")
	message, err := jws.Parse([]byte(presentation), jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return wrong
	}
	header := message.Signatures()[0].ProtectedHeaders()
	if did, _, _ := strings.Cut(header.KeyID(), "#"); did != going.wallet || !slices.Contains(proofAlgorithms(), header.Algorithm().String()) {
		return wrong
	}
	key, err := i.resolve(ctx, going.wallet, header.KeyID())
	if err != nil {
		return err
	}
	payload, err := jws.Verify([]byte(presentation), jws.WithKey(header.Algorithm(), key))
	if err != nil {
		return wrong
	}
	var claims struct {
		Audience oneOrMore `json:"aud"`
		Nonce    string    `json:"nonce"`
		Expires  float64   `json:"exp"`
		VP       struct {
			Credentials oneOrMore `json:"verifiableCredential"`
		} `json:"vp"`
	}
	if json.Unmarshal(payload, &claims) != nil || !slices.Equal(claims.Audience, []string{i.url}) || claims.Nonce != going.nonce ||
		int64(claims.Expires) <= i.clock().Unix() || len(claims.VP.Credentials) != 1 {
		return wrong
	}
	return i.demand.Accept(going.wallet, claims.VP.Credentials[0])
}

// oneOrMore is a text, or a list of texts.
type oneOrMore []string

// UnmarshalJSON reads either.
func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}
