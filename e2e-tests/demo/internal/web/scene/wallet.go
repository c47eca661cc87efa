// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// What the practice proves of itself, by who issues it.
const (
	ProofOrganization = "organisation" // the CIBG
	ProofType         = "type"         // Vektis
)

// Proofs are the proofs that the practice can have in its wallet.
func Proofs() []string { return []string{ProofOrganization, ProofType} }

func proofType(proof string) string {
	if proof == ProofType {
		return harness.TypeFacility
	}
	return harness.TypeHealthcareProvider
}

// Proof is a proof in the practice's wallet.
type Proof struct {
	Name    string // of [Proofs]
	Expires time.Time
}

// held returns the credentials of the practice for a proof.
func (s *Scene) held(ctx context.Context, proof string) ([]harness.Credential, error) {
	return s.world.Requester.WalletCredentials(ctx, s.world.RequesterOrg.Name, proofType(proof))
}

// wallet lists the proofs that are there. A node that does not answer shows none.
func (s *Scene) wallet(ctx context.Context) (all []Proof) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	for _, name := range Proofs() {
		if found, err := s.held(ctx, name); err == nil && len(found) > 0 {
			all = append(all, Proof{name, expiry(found[0])})
		}
	}
	return all
}

// expiry reads until when a credential, perhaps a JWT, is valid; zero: it does not say so.
func expiry(credential harness.Credential) time.Time {
	var token string
	var claims struct {
		Expires int64 `json:"exp"`
	}
	if json.Unmarshal(credential, &token) != nil || strings.Count(token, ".") != 2 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Expires == 0 {
		return time.Time{}
	}
	return time.Unix(claims.Expires, 0)
}

// Sign has the practice's authorised signatory log in, or out.
func (s *Scene) Sign(in bool) {
	s.mu.Lock()
	changed := s.signatory != in
	s.signatory, s.unproven = in, false
	s.mu.Unlock()
	kind := "logout"
	if in {
		kind = "login"
	}
	if changed {
		s.bus.Publish(events.Event{From: events.PracticeSystem, To: events.PracticeSystem, Kind: kind})
	}
}

// Obtain has the practice's node collect a proof from who issues it. Only the signatory can. Vektis
// first wants to see the proof of the CIBG: without that it gives none.
func (s *Scene) Obtain(ctx context.Context, proof string) error {
	s.mu.Lock()
	signatory := s.signatory
	s.mu.Unlock()
	found, err := s.held(ctx, proof)
	if err != nil {
		return err
	}
	if !signatory || len(found) > 0 {
		return ErrUnknown
	}
	switch proof {
	case ProofOrganization:
		err = s.obtainOrganization(ctx)
	case ProofType:
		err = s.obtainType(ctx)
	default:
		err = ErrUnknown
	}
	return err
}

func (s *Scene) obtainOrganization(ctx context.Context) error {
	s.say(events.PracticeSystem, events.CIBG, "ura-request", "")
	details, err := s.world.Registers.OfferOrganization()
	if err != nil {
		return err
	}
	came, err := s.collect(ctx, s.world.Registers.CIBG, details, "")
	if err != nil {
		return err
	}
	if !came {
		return errNoProof
	}
	s.setUnproven(false)
	return nil
}

func (s *Scene) obtainType(ctx context.Context) error {
	s.say(events.PracticeSystem, events.Vektis, "type-request", "")
	details, err := s.world.Registers.OfferFacilityType()
	if err != nil {
		return err
	}
	came, err := s.collect(ctx, s.world.Registers.Vektis, details, "")
	if err == nil {
		s.setUnproven(!came)
	}
	return err
}

func (s *Scene) setUnproven(unproven bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unproven = unproven
}

// Remove takes a proof out of the practice's wallet.
func (s *Scene) Remove(ctx context.Context, proof string) error {
	if !slices.Contains(Proofs(), proof) {
		return ErrUnknown
	}
	found, err := s.held(ctx, proof)
	if err != nil {
		return err
	}
	for _, each := range found {
		if err := s.world.Requester.RemoveCredential(ctx, s.world.RequesterOrg.Name, each); err != nil {
			return err
		}
		s.bus.Publish(events.Event{From: events.PracticeNode, To: events.PracticeNode, Kind: "removed-" + proof})
	}
	return nil
}

// keepProofs remembers what the wallet holds in the beginning.
func (s *Scene) keepProofs(ctx context.Context) error {
	s.first = map[string]harness.Credential{}
	for _, proof := range Proofs() {
		found, err := s.held(ctx, proof)
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return errNoProof
		}
		s.first[proof] = found[0]
	}
	return nil
}

// restoreProofs gives the wallet back what it lacks of that.
func (s *Scene) restoreProofs(ctx context.Context) error {
	for _, proof := range Proofs() {
		found, err := s.held(ctx, proof)
		if err == nil && len(found) == 0 {
			err = s.world.Requester.StoreCredential(ctx, s.world.RequesterOrg.Name, s.first[proof])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
