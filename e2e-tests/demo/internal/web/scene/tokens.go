// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// Ground is what a token rests on, as the token names it.
type Ground string

// The grounds.
const (
	ClosedQuery  Ground = "mitz-closed-query"
	Attestation  Ground = "mitz-attestation"
	Registration Ground = "consent-registration"
)

// made is a token in the database of a data holder's node.
type made struct {
	harness.KeptToken
	holder string
	node   *harness.Node
}

// kept are the tokens at the data holders, also those that ended.
func (s *Scene) kept() (all []made) {
	for holder, node := range map[string]*harness.Node{Hospital: s.world.DataHolder, Centre: s.centre} {
		for _, each := range s.sessions[holder].Kept() {
			all = append(all, made{each, holder, node})
		}
	}
	return all
}

// compareTokens looks at the tokens that were made, and at what the data holder's node tells its
// record server about the one that must be. It returns the label of that one.
func (s *Scene) compareTokens(ctx context.Context, since Mark, patient *Patient, wanted Expected, queries []mitztest.Query) (string, error) {
	fresh := slices.DeleteFunc(s.kept(), func(each made) bool { return since.tokens[Label(each.Token)] })
	number := 0
	if wanted.Ground != "" {
		number = 1
	}
	if len(fresh) != number {
		return "", fmt.Errorf("%d tokens were made, and not %d", len(fresh), number)
	}
	if number == 0 {
		return "", nil
	}
	token := fresh[0]
	if token.holder != patient.Holder {
		return Label(token.Token), errors.New("the token is of another data holder")
	}
	told, err := token.node.Introspect(ctx, token.Token)
	if wrong := differing(told.Claims, s.claims(patient, wanted.Ground, queries)); err == nil && len(wrong) > 0 {
		err = fmt.Errorf("the node tells something else of the token: %s", strings.Join(wrong, ", "))
	}
	return Label(token.Token), err
}

// claims are those of a token about a patient. Its request id is that of the question to Mitz, or of
// the credential that it rests on.
func (s *Scene) claims(patient *Patient, ground Ground, queries []mitztest.Query) map[string]any {
	id := ""
	switch ground {
	case Attestation:
		id = s.idOf(s.attested, patient)
	case Registration:
		id = s.idOf(s.registered, patient)
	default:
		if len(queries) > 0 {
			id = queries[len(queries)-1].RequestID
		}
	}
	return map[string]any{
		"active": true, "scope": s.cast.Scope, "mitz_consent": true, "patient_bsn": patient.BSN,
		"consent_ground": string(ground), "consent_categories": []any{string(s.cast.Category)}, "consent_purpose": string(s.cast.Purpose),
		"consent_request_id": id, "data_holder_organization_id": s.cast.holder(patient.Holder).URA,
		"organization_ura": s.cast.Practice.URA, "organization_name": s.cast.Practice.Name,
	}
}

// idOf is the id of a credential about a patient; empty: there is none.
func (s *Scene) idOf(held map[string]harness.Credential, patient *Patient) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if credential := held[patient.Key]; credential != nil {
		return credential.ID()
	}
	return ""
}

// differing names the claims that are not as wanted: the names alone, for a value may be a
// patient's number.
func differing(told, wanted map[string]any) (names []string) {
	for name, value := range wanted {
		if !reflect.DeepEqual(told[name], value) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
