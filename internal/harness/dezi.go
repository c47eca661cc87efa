// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// Dezi stands for the national service that tells who a care professional is. It signs
// statements of version 0.7 of Dezi's interface (15 January 2026) and publishes its keys.
type Dezi struct {
	// JKU is where the keys are; a node trusts them when vcr.dezi.allowedjku names it.
	JKU string

	key *rsa.PrivateKey
}

// DeziUser is a professional at an organisation.
type DeziUser struct {
	Number string // nine digits
	Role   string // code of 2.16.840.1.113883.2.4.15.111
	URA    string // the organisation's number
}

const (
	deziKeyID  = "dezi-1"
	deziIssuer = "https://abonnee.dezi.nl"
)

// StartDezi starts a Dezi until the workspace is closed.
func (w *Workspace) StartDezi() (*Dezi, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	keys, err := publicKeys(key)
	if err != nil {
		return nil, err
	}
	url, err := w.ServeTLS(w.unique("dezi"), http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Content-Type", "application/json")
		_, _ = response.Write(keys)
	}))
	return &Dezi{JKU: url + "/dezi/jwks.json", key: key}, err
}

func publicKeys(key *rsa.PrivateKey) ([]byte, error) {
	public, err := jwk.FromRaw(key.Public())
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]any{jwk.KeyIDKey: deziKeyID, jwk.AlgorithmKey: jwa.RS256, jwk.KeyUsageKey: "sig"} {
		if err := public.Set(name, value); err != nil {
			return nil, err
		}
	}
	return json.Marshal(map[string]any{"keys": []any{public}})
}

// DeziOptions makes a statement that is not as it should be.
type DeziOptions struct {
	JKU            string    // empty: this Dezi's
	Expires        time.Time // zero: in an hour
	WrongSignature bool
}

// IDToken signs a statement about a professional.
func (d *Dezi) IDToken(user DeziUser, options DeziOptions) (string, error) {
	expires := options.Expires
	if expires.IsZero() {
		expires = time.Now().Add(time.Hour)
	}
	claims := map[string]any{
		"iss": deziIssuer, "jti": uuid.NewString(), "nbf": expires.Add(-2 * time.Hour).Unix(), "exp": expires.Unix(),
		"json_schema": "https://www.dezi.nl/json_schemas/v1/verklaring.json", "loa_dezi": "http://eidas.europa.eu/LoA/high",
		"verklaring_id": uuid.NewString(), "dezi_nummer": user.Number, "voorletters": "M.", "voorvoegsel": nil, "achternaam": "Jansen",
		"abonnee_nummer": user.URA, "abonnee_naam": "Verloskundigen De Eerste Stap",
		"rol_code": user.Role, "rol_naam": "Verloskundige", "rol_code_bron": "http://www.dezi.nl/rol_bron/big",
	}
	headers := map[string]any{"kid": deziKeyID, "jku": orElse(options.JKU, d.JKU)}
	return signJWT(claims, headers, jwa.RS256, d.key, options.WrongSignature)
}

// Credential makes the DeziUserCredential of a statement for a holder, as a node does it
// (vcr/credential/dezi.go), with changes to any of its members.
func (d *Dezi) Credential(holder, idToken string, change func(credential map[string]any)) (Credential, error) {
	quoted, err := json.Marshal(idToken)
	if err != nil {
		return nil, err
	}
	var said struct {
		ID      string `json:"jti"`
		Issuer  string `json:"iss"`
		Issued  int64  `json:"nbf"`
		Expires int64  `json:"exp"`
		Number  string `json:"dezi_nummer"`
		URA     string `json:"abonnee_nummer"`
		Role    string `json:"rol_code"`
		Source  string `json:"rol_code_bron"`
		Name    string `json:"abonnee_naam"`
	}
	if err := json.Unmarshal(Credential(quoted).jwtPayload(), &said); err != nil {
		return nil, err
	}
	credential := map[string]any{
		"@context": []string{credentialsContext}, "type": []string{"VerifiableCredential", TypeDezi},
		"id": said.ID, "issuer": said.Issuer, "issuanceDate": timestamp(said.Issued), "expirationDate": timestamp(said.Expires),
		"credentialSubject": map[string]any{
			"@type": "DeziIDTokenSubject", "id": holder, "identifier": said.URA, "name": said.Name,
			"employee": map[string]any{
				"@type": "HealthcareWorker", "identifier": said.Number, "initials": "M.", "surnamePrefix": "", "surname": "Jansen",
				"role": said.Role, "role_registry": said.Source, "role_name": "Verloskundige",
			},
		},
		"proof": map[string]any{"type": "DeziIDJWT07", "jwt": idToken},
	}
	if change != nil {
		change(credential)
	}
	return json.Marshal(credential)
}

func timestamp(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }
