// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/nuts-foundation/nuts-node/vcr/credential"
	"github.com/nuts-foundation/nuts-node/vcr/revocation"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/plainjson"
)

// verifyAgain closes what the node leaves open when it verifies a credential:
//
//   - it takes a JWT that the presenter issued itself for a credential without a proof,
//     and accepts a wrong signature;
//   - it accepts a credential whose status it cannot tell, because it cannot get the list
//     or does not know the kind of status, while whoever had the credential revoked may
//     be who keeps the list from being got;
//   - of a JSON-LD credential it verifies what the JSON means, while its JSON is read;
//   - it takes one of the readings of JSON that has several.
func (v credentialVerifier) verifyAgain(presented vc.VerifiableCredential, evidence policy.Credential) error {
	if refusal := v.verifyForm(presented, evidence); refusal != nil {
		return refusal
	}
	if presented.CredentialStatus != nil {
		if revoked, err := v.GetRevocation(presented); err != nil || revoked != nil || !hasKnownStatuses(presented) {
			return policy.RefuseStatus(evidence)
		}
	}
	return nil
}

// verifyForm is verifyAgain without what another server must be asked for.
func (v credentialVerifier) verifyForm(presented vc.VerifiableCredential, evidence policy.Credential) error {
	if plainjson.Credential(presented.Raw()) != nil {
		return policy.RefuseAmbiguous(evidence)
	}
	if presented.Format() == vc.JWTCredentialProofFormat && presented.Issuer.String() == evidence.Presenter {
		if err := v.VerifySignature(presented, nil); err != nil {
			return policy.RefuseSelfIssued(evidence)
		}
	}
	if presented.Format() == vc.JSONLDCredentialProofFormat && len(presented.Proof) > 0 && !v.saysWhatWasSigned(presented) {
		return policy.RefuseEdited(evidence)
	}
	return nil
}

// credentialVerifier is the node's verifier, bounded by a visit, with the contexts that the
// node has on board.
type credentialVerifier struct {
	verifier.Verifier
	jsonld jsonld.JSONLD
}

// hasKnownStatuses reports whether the node looks at every status of the credential: it
// passes over types and purposes that it does not know, such as a suspension
// (StatusList2021, draft of 27 April 2023, section 4.1).
func hasKnownStatuses(presented vc.VerifiableCredential) bool {
	var entries []revocation.StatusList2021Entry
	content, err := json.Marshal(presented.CredentialStatus)
	if err != nil {
		return false
	}
	if json.Unmarshal(content, &entries) != nil {
		entries = make([]revocation.StatusList2021Entry, 1)
		if json.Unmarshal(content, &entries[0]) != nil {
			return false
		}
	}
	return !slices.ContainsFunc(entries, func(entry revocation.StatusList2021Entry) bool {
		return entry.Type != revocation.StatusList2021EntryType || entry.StatusPurpose != "revocation"
	})
}

// saysWhatWasSigned reports whether the JSON of a signed JSON-LD credential says what was
// signed. That is the graph that the JSON stands for (Data Integrity 1.0
// section 4.2). A context of its own inside the subject, an IRI for a key, or a keyword
// gives the same graph to another JSON, and so does a node that is written in two parts:
// a midwife could have it read that she is a hospital. So only plain names may be keys,
// contexts that this node has on board must define every one of them, or it is not part
// of the graph at all, and no node may be named twice.
//
// What Dezi attests has no such proof; the node compares it with the attestation.
func (v credentialVerifier) saysWhatWasSigned(presented vc.VerifiableCredential) bool {
	if presented.IsType(credential.DeziUserCredentialTypeURI) {
		return true
	}
	if !v.knowsContexts(presented) {
		return false
	}
	ids := map[string]bool{}
	for _, part := range []any{presented.CredentialSubject, presented.CredentialStatus} {
		content, err := json.Marshal(part)
		if err != nil {
			return false
		}
		var value any
		if err := json.Unmarshal(content, &value); err != nil || !hasPlainKeys(value) || !namesNodesOnce(value, ids) {
			return false
		}
	}
	content, err := json.Marshal(presented)
	return err == nil && jsonld.AllFieldsDefined(v.jsonld.DocumentLoader(), content) == nil
}

// knowsContexts reports whether the node has all contexts of the credential on board: what
// another says can be the presenter's choice.
func (v credentialVerifier) knowsContexts(presented vc.VerifiableCredential) bool {
	engine, ok := v.jsonld.(core.Injectable)
	if !ok {
		return false
	}
	config, ok := engine.Config().(*jsonld.Config)
	if !ok {
		return false
	}
	return !slices.ContainsFunc(presented.Context, func(context ssi.URI) bool {
		_, onBoard := config.Contexts.LocalFileMapping[context.String()]
		return !onBoard
	})
}

// plainKey is a name that only a context can give a meaning.
var plainKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// hasPlainKeys reports whether all keys in a JSON value are plain names.
func hasPlainKeys(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			if !plainKey.MatchString(key) || !hasPlainKeys(member) {
				return false
			}
		}
	case []any:
		for _, element := range value {
			if !hasPlainKeys(element) {
				return false
			}
		}
	}
	return true
}

// namesNodesOnce reports whether no node is named in the JSON twice: its members could be
// divided over the two. A blank node needs no name to be there once.
func namesNodesOnce(value any, ids map[string]bool) bool {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			if id, isText := member.(string); key == "id" {
				if !isText || strings.HasPrefix(id, "_:") || ids[id] {
					return false
				}
				ids[id] = true
			}
			if !namesNodesOnce(member, ids) {
				return false
			}
		}
	case []any:
		for _, element := range value {
			if !namesNodesOnce(element, ids) {
				return false
			}
		}
	}
	return true
}
