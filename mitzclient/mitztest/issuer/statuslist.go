// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// The one status list (StatusList2021, draft of 27 April 2023).
const (
	statusListPath = "/statuslist/1"
	listLength     = 16 << 13 // bits: 16 KiB, the least that the draft allows
)

// issued is a credential that was issued. Its index is its entry on the status list.
type issued struct {
	wanted
	id      string
	expires time.Time
	revoked bool
}

// Issued is a credential that was issued, without what it says.
type Issued struct {
	ID      string
	Type    string
	Wallet  string // its subject, a DID
	Index   int    // on the status list
	Expires time.Time
	Revoked bool
}

// Issued returns what was issued, oldest first.
func (i *Issuer) Issued() []Issued {
	i.mu.Lock()
	defer i.mu.Unlock()
	all := make([]Issued, len(i.issued))
	for index, each := range i.issued {
		all[index] = Issued{each.id, each.kind, each.wallet, index, each.expires, each.revoked}
	}
	return all
}

// ConsentsChanged revokes the attestations that rest on a consent that is no more. One that
// was revoked stays so, also when the patient consents again: another can be asked for.
func (i *Issuer) ConsentsChanged() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revokeWhere(func(each *issued) bool { return each.kind == TypeAttestation && i.permits(each.wanted) != nil })
}

// revokeWhere revokes those of the credentials. The lock is held.
func (i *Issuer) revokeWhere(ended func(*issued) bool) {
	for index := range i.issued {
		if each := &i.issued[index]; !each.revoked && ended(each) {
			each.revoked = true
			i.logger.Info("revoked", "credential", each.kind, "index", index)
		}
	}
}

func permitsAll(decisions consent.Decisions, categories []consent.Category) bool {
	for _, category := range categories {
		if decisions[category] != consent.Permit {
			return false
		}
	}
	return len(categories) > 0
}

func (i *Issuer) statusEntry(index int) map[string]any {
	list := i.url + statusListPath
	return map[string]any{
		"id": list + "#" + strconv.Itoa(index), "type": "StatusList2021Entry", "statusPurpose": "revocation",
		"statusListIndex": strconv.Itoa(index), "statusListCredential": list,
	}
}

// serveStatusList serves the list as a credential, a JWT in a JSON string. The pinned node
// takes no other types in it than these two.
func (i *Issuer) serveStatusList(w http.ResponseWriter, _ *http.Request) {
	list := i.url + statusListPath
	encoded, err := encode(i.bits())
	if err != nil {
		http.Error(w, "the list cannot be written", http.StatusInternalServerError)
		return
	}
	token, err := i.signJWT(map[string]any{
		"iss": i.did, "sub": list, "jti": list + "#list", "nbf": i.clock().Unix(),
		"vc": map[string]any{
			"@context": []string{contextCredentials, contextStatusList},
			"type":     []string{"VerifiableCredential", "StatusList2021Credential"},
			"credentialSubject": map[string]any{
				"id": list, "type": "StatusList2021", "statusPurpose": "revocation", "encodedList": encoded,
			},
		},
	})
	if err != nil {
		http.Error(w, "the list cannot be signed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(token)
}

// bits returns the list: index 0 is the most significant bit of the first byte.
func (i *Issuer) bits() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	bits := make([]byte, listLength/8)
	for index, each := range i.issued {
		if each.revoked {
			bits[index/8] |= 1 << (7 - index%8)
		}
	}
	return bits
}

func encode(bits []byte) (string, error) {
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	if _, err := writer.Write(bits); err != nil {
		return "", err
	}
	err := writer.Close()
	return base64.RawURLEncoding.EncodeToString(compressed.Bytes()), err
}
