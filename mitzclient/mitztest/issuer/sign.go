// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"encoding/json"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

const (
	// format is that of its credentials, as OpenID4VCI names it: a JWT whose claims stand for
	// JSON-LD that is not processed.
	format = "jwt_vc_json"

	contextCredentials = "https://www.w3.org/2018/credentials/v1"
	contextStatusList  = "https://w3id.org/vc/status-list/2021/v1"
	// contextMitz is that of docs/credentials, which says what its terms mean.
	contextMitz = "https://nuts-mitz.github.io/nuts-mitz/credentials/mitz-v1.jsonld"
)

// sign makes a credential of a subject (VC Data Model 1.1 section 6.3.1), with its entry on
// the status list.
func (i *Issuer) sign(id, kind, wallet string, subject map[string]any, expires time.Time, index int) (string, error) {
	subject["id"] = wallet
	return i.signJWT(map[string]any{
		"iss": i.did, "sub": wallet, "jti": id, "nbf": i.clock().Unix(), "exp": expires.Unix(),
		"vc": map[string]any{
			"@context":          []string{contextCredentials, contextMitz, contextStatusList},
			"type":              []string{"VerifiableCredential", kind},
			"credentialSubject": subject,
			"credentialStatus":  i.statusEntry(index),
		},
	})
}

func (i *Issuer) signJWT(claims map[string]any) (string, error) {
	headers := jws.NewHeaders()
	for name, value := range map[string]any{jws.KeyIDKey: i.keyID(), jws.TypeKey: "JWT"} {
		if err := headers.Set(name, value); err != nil {
			return "", err
		}
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	token, err := jws.Sign(payload, jws.WithKey(jwa.ES256, i.key, jws.WithProtectedHeaders(headers)))
	return string(token), err
}
