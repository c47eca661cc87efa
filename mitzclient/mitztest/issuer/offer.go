// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"encoding/json"
	"errors"
)

// Offer is a credential of another register than Mitz, for one wallet. With it an [Issuer] plays
// that register.
type Offer struct {
	Type   string
	Wallet string // a did:web
	// Claims are those of the subject, without its id. It is signed with the issuer's own key, and
	// is on its status list.
	Claims map[string]any
	// Sign makes the credential instead, as a JWT: of a register that signs with a certificate.
	Sign func() (string, error)
}

// Offer has a wallet collect a credential over OpenID4VCI, and returns the authorization details to
// ask for it with.
func (i *Issuer) Offer(offer Offer) (json.RawMessage, error) {
	if err := checkWallet(offer.Wallet); err != nil {
		return nil, err
	}
	reference, ok := put(i, i.flow.requests, wanted{kind: offer.Type, wallet: offer.Wallet, offer: &offer})
	if !ok {
		return nil, errors.New("too much is going on")
	}
	return json.Marshal([]authorizationDetail{{Type: detailType, Configuration: offer.Type, Reference: reference}})
}
