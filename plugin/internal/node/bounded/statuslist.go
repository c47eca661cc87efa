// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/vcr/credential"
	"github.com/nuts-foundation/nuts-node/vcr/revocation"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/plainjson"
)

// maxStatusList is the largest status list, in bytes when it is decompressed: thirty
// million credentials. A node's own lists have 16 KiB. A larger one counts as a list
// that cannot be got: no guarded token, but the node tolerates that elsewhere.
const maxStatusList = 4 << 20

var errStatusList = errors.New("mitz: a status list larger than this node accepts")

// boundedLists looks at status lists, so that the node is not busy with one for long. A
// list comes from wherever a credential says, and is a credential with a proof itself.
type boundedLists struct{ documents boundedDocuments }

// check reads a status list as the node does. What cannot be read is left to it to refuse.
func (l boundedLists) check(body []byte) error {
	var list vc.VerifiableCredential
	if json.Unmarshal(body, &list) != nil {
		return nil //nolint:nilerr // the node's to refuse
	}
	if err := l.documents.checkCredential(list, &jsonSize{}); err != nil {
		return err
	}
	var subjects []revocation.StatusList2021CredentialSubject
	if list.UnmarshalCredentialSubject(&subjects) != nil {
		return nil //nolint:nilerr // the node's to refuse
	}
	for _, subject := range subjects {
		if !isBoundedList(subject.EncodedList) {
			return errStatusList
		}
	}
	// Of a member in other letters the proof says nothing, and the node reads it.
	if err := plainjson.Credential(list.Raw()); err != nil {
		return fmt.Errorf("mitz: an ambiguous status list: %w", err)
	}
	return nil
}

// isBoundedList reports whether a list (StatusList2021, draft of 27 April 2023, section 3.2)
// stays small when the node decompresses it.
func isBoundedList(encoded string) bool {
	encoding := base64.RawURLEncoding
	if len(encoded)%4 == 0 {
		encoding = base64.URLEncoding // as the node has it
	}
	compressed, err := encoding.DecodeString(encoded)
	if err != nil {
		return true
	}
	list, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return true
	}
	size, _ := io.Copy(io.Discard, io.LimitReader(list, maxStatusList+1))
	return size <= maxStatusList
}

// revocations are the revocations that the node knows from its network.
type revocations struct{ node verifier.Verifier }

var _ verifier.Store = revocations{}

func (r revocations) GetRevocations(id ssi.URI) ([]*credential.Revocation, error) {
	revoked, err := r.node.IsRevoked(id)
	if err != nil {
		return nil, fmt.Errorf("is revoked: %w", err)
	}
	if !revoked {
		return nil, verifier.ErrNotFound
	}
	return []*credential.Revocation{{Subject: id}}, nil
}

func (r revocations) StoreRevocation(revocation credential.Revocation) error {
	return r.node.RegisterRevocation(revocation)
}

func (r revocations) Diagnostics() []core.DiagnosticResult { return nil }

func (r revocations) Close() error { return nil }
