// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"errors"
	"net/http"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// Reset makes everything as in the beginning: nobody has recorded anything in Mitz, no token
// lives, and the practice's wallet holds only what it is. What Mitz was asked stays in its journal.
func (s *Scene) Reset(ctx context.Context) error {
	s.mitz().Behave()
	s.settle(ctx)
	for _, each := range s.cast.Patients {
		s.mitz().Forget(each.BSN)
	}
	if err := s.endTokens(ctx); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, toldTime)
	defer cancel()
	_ = s.mitz().WaitUntilTold(waiting) // whoever is told later is told for nothing
	s.follows()
	for _, credentialType := range []string{"MitzConsentRegistrationAttestation", "MitzMembershipCredential", "MitzConsentRegistration"} {
		held, err := s.world.Requester.WalletCredentials(ctx, s.world.RequesterOrg.Name, credentialType)
		if err != nil {
			return err
		}
		for _, each := range held {
			if err := s.world.Requester.RemoveCredential(ctx, s.world.RequesterOrg.Name, each); err != nil {
				return err
			}
		}
	}
	if err := s.restoreProofs(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = Behaviours()[0]
	s.forget()
	s.seen = map[string]Token{}
	s.bus.Publish(events.Event{From: events.Mitz, To: events.Mitz, Kind: "reset"})
	return nil
}

// settle waits until the hospital has subscribed to the patients about whom it gave a token: it
// does so in the background.
func (s *Scene) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, toldTime)
	defer cancel()
	for _, each := range s.sessions[Hospital].Kept() {
		if token := s.tokenOf(Hospital, each); token.Ground == groundKey("mitz-closed-query") {
			_ = s.AwaitSubscription(ctx, token.Patient) // if it does not come, nothing will be told
		}
	}
}

// endTokens ends those that live. At the hospital by their patients, so that they may say so
// themselves later; at the centre one by one: what Mitz stated before the end of a patient's tokens
// counts no more, to the second.
func (s *Scene) endTokens(ctx context.Context) error {
	for number := range s.holders() {
		if err := ended(s.world.DataHolder.EndTokens(ctx, s.cast.Hospital.Subject, map[string]string{"patient": number})); err != nil {
			return err
		}
	}
	for _, each := range s.sessions[Centre].Kept() {
		if err := ended(s.centre.EndTokens(ctx, s.cast.Centre.Subject, map[string]string{"token": each.Token})); err != nil {
			return err
		}
	}
	return nil
}

func ended(answer harness.Answer, err error) error {
	if err == nil && answer.Status >= http.StatusBadRequest {
		return errors.New("the tokens were not ended")
	}
	return err
}

// holders are the numbers of the patients about whom there is a token at the hospital.
func (s *Scene) holders() map[string]bool {
	numbers := map[string]bool{}
	for _, each := range s.sessions[Hospital].Kept() {
		if number, ok := each.Claims["patient_bsn"].(string); ok {
			numbers[number] = true
		}
	}
	return numbers
}
