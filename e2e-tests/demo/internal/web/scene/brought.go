// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"errors"
	"fmt"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// registrar is the role in the Mitz scheme of who may record consents.
const registrar = "registrar"

// attest has the practice's node fetch Mitz's attestation of a patient's consent, unless it has
// it. It reports whether the practice has one.
func (s *Scene) attest(ctx context.Context, patient *Patient) (bool, error) {
	s.mu.Lock()
	held := s.attested[patient.Key]
	s.mu.Unlock()
	if held != nil {
		return true, nil
	}
	centre := harness.DataHolder{Subject: s.cast.Centre.Subject, URA: s.cast.Centre.URA, FacilityType: s.cast.Centre.Type}
	s.say(events.PracticeSystem, events.Mitz, "attestation-request", patient.Key)
	credential, err := s.obtain(ctx, s.world.AttestationRequest(patient.BSN, centre, s.cast.Category), issuer.TypeAttestation, patient.Key)
	if err != nil || credential == nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attested[patient.Key] = credential
	return true, nil
}

// obtain has the practice's system tell Mitz what it wants, and its node fetch that over OpenID4VCI.
// Nil: Mitz gave none.
func (s *Scene) obtain(ctx context.Context, wanted issuer.Request, credentialType, about string) (harness.Credential, error) {
	details, err := s.world.Mitz.PostRequest(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if came, err := s.collect(ctx, s.mitz().Issuer(), details, about); err != nil || !came {
		return nil, err
	}
	found, err := s.world.Requester.WalletCredentials(ctx, s.world.RequesterOrg.Name, credentialType)
	if err != nil || len(found) != 1 {
		return nil, errors.Join(err, fmt.Errorf("%d credentials in the wallet, and not 1", len(found)))
	}
	return found[0], nil
}

// DropAttestation takes Mitz's attestation about a patient out of the practice's wallet, so that
// the next request fetches a new one.
func (s *Scene) DropAttestation(ctx context.Context, key string) error {
	s.mu.Lock()
	held := s.attested[key]
	delete(s.attested, key)
	s.mu.Unlock()
	if held == nil {
		return nil
	}
	return s.world.Requester.RemoveCredential(ctx, s.world.RequesterOrg.Name, held)
}

// Register has the practice record a patient's consent under the Mitz agreements, with its
// membership credential, which it fetches first when it has none.
func (s *Scene) Register(ctx context.Context, key string) error {
	patient := s.cast.patient(key)
	if patient == nil || patient.Holder != Hospital {
		return ErrUnknown
	}
	s.bus.Publish(events.Event{From: events.Patient, To: events.PracticeSystem, Kind: "told-practice", About: key, Mood: events.Good})
	if err := s.join(ctx); err != nil {
		return err
	}
	recorded, err := s.world.IssueRegistration(ctx, harness.Registration{
		Patient: patient.BSN, DataHolder: s.world.DataHolders[0], Categories: []string{string(s.cast.Category)},
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.registered[key] = recorded
	s.mu.Unlock()
	s.say(events.PracticeSystem, events.PracticeNode, "registration", key)
	return nil
}

// join has the practice fetch its membership credential, once.
func (s *Scene) join(ctx context.Context) error {
	s.mu.Lock()
	member := s.member
	s.mu.Unlock()
	if member {
		return nil
	}
	if err := s.mitz().Issuer().Enroll(issuer.Member{Organization: consent.URA(s.cast.Practice.URA), Role: registrar}); err != nil {
		return err
	}
	s.say(events.PracticeSystem, events.Mitz, "membership-request", "")
	credential, err := s.obtain(ctx, s.world.MembershipRequest(registrar), issuer.TypeMembership, "")
	if err != nil {
		return err
	}
	if credential == nil {
		return errors.New("no membership credential came of Mitz")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.member = true
	return nil
}
