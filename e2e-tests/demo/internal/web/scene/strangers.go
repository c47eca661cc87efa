// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"net/http"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// requester is who is at the other end of a data holder's door: the practice's node, but while
// somebody else asks.
func (s *Scene) requester() events.Party {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.strange {
		return events.Stranger
	}
	return events.PracticeNode
}

// asStranger has somebody without a node ask the hospital for a token about a patient, with
// credentials that were changed from those of the practice.
func (s *Scene) asStranger(ctx context.Context, key string, change func(*harness.Wallet, *harness.CredentialSet) error) error {
	patient := s.cast.patient(key)
	if patient == nil {
		return ErrUnknown
	}
	wallet, err := s.world.NewWallet()
	if err != nil {
		return err
	}
	set, err := s.world.CredentialsFor(ctx, wallet, patient.BSN)
	if err != nil {
		return err
	}
	if err := change(wallet, &set); err != nil {
		return err
	}
	s.setStrange(true)
	defer s.setStrange(false)
	answer, err := wallet.RequestToken(ctx, harness.TokenRequest{Issuer: s.world.Issuer(), Scope: s.cast.Scope, Credentials: set.All()})
	if err != nil {
		return err
	}
	result := Result{Patient: key, Holder: Hospital, Ending: Shown}
	s.note(answer, &result)
	s.finish(result, "")
	return nil
}

func (s *Scene) setStrange(strange bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strange = strange
}

// Impostor has somebody ask who calls itself the practice, with a certificate of a CA of its own.
func (s *Scene) Impostor(ctx context.Context, patient string) error {
	return s.asStranger(ctx, patient, func(wallet *harness.Wallet, set *harness.CredentialSet) error {
		own, err := harness.NewUZICA("A CA that nobody trusts")
		if err != nil {
			return err
		}
		return s.certify(own, s.cast.Practice, wallet, set)
	})
}

// WithoutCertificate has a practice ask that cannot prove who it is.
func (s *Scene) WithoutCertificate(ctx context.Context, patient string) error {
	return s.asStranger(ctx, patient, func(_ *harness.Wallet, set *harness.CredentialSet) error {
		set.Organization = nil
		return nil
	})
}

// Pharmacy has an organisation of another type ask, whose credentials are all in order.
func (s *Scene) Pharmacy(ctx context.Context, patient string) error {
	return s.asStranger(ctx, patient, func(wallet *harness.Wallet, set *harness.CredentialSet) (err error) {
		own := pharmacy()
		if err := s.certify(s.world.UZI, own, wallet, set); err != nil {
			return err
		}
		set.Facility, err = s.world.IssueFacilityType(ctx, wallet.DID, own.Type)
		return err
	})
}

func pharmacy() Organisation {
	return Organisation{Name: "Apotheek De Linde", URA: "00005678", Type: "J8"}
}

// certify gives a wallet a certificate of a CA about an organisation.
func (s *Scene) certify(ca *harness.UZICA, about Organisation, wallet *harness.Wallet, set *harness.CredentialSet) error {
	pass, err := ca.Issue(harness.UZISubject{Organization: about.Name, Locality: "Utrecht", URA: about.URA})
	if err != nil {
		return err
	}
	set.Organization, err = pass.X509Credential(wallet.DID, harness.X509CredentialOptions{})
	return err
}

// AskBound is [Scene.Ask] for a token that is bound to a key of the practice's node (RFC 9449).
func (s *Scene) AskBound(ctx context.Context, key string) error {
	patient := s.cast.patient(key)
	if patient == nil {
		return ErrUnknown
	}
	s.say(events.PracticeSystem, events.PracticeNode, "ask", key)
	request := s.world.ServiceTokenRequest(s.world.Issuer(), harness.BSNIdentifier(patient.BSN), s.cast.Scope)
	request.DPoP = true
	s.world.DataHolder.TokenAnswers()
	answer, err := s.world.Requester.RequestServiceToken(ctx, s.world.RequesterOrg.Name, request)
	if err != nil {
		return err
	}
	result := Result{Patient: key, Holder: Hospital, Ending: Trouble}
	if answers := s.world.DataHolder.TokenAnswers(); len(answers) > 0 {
		s.note(answers[len(answers)-1], &result)
	}
	token := answer.Token()
	if token != "" {
		s.say(events.PracticeNode, events.PracticeSystem, "token-answer-bound", key)
		proof, err := s.world.Requester.CreateDPoP(ctx, answer.DPoPKeyID(), token, http.MethodPost, s.records[Hospital].SearchURL())
		if err != nil {
			return err
		}
		if err := s.read(ctx, patient, harness.DPoPHeader(token, proof), &result); err != nil {
			return err
		}
	}
	s.finish(result, token)
	return nil
}

// Steal has somebody else use the token of the last request: first as it is, and then with a
// proof of a key of its own.
func (s *Scene) Steal(ctx context.Context) error {
	s.mu.Lock()
	token, last := s.token, s.result
	s.mu.Unlock()
	if token == "" || last == nil {
		return ErrUnknown
	}
	thief, err := s.world.NewWallet()
	if err != nil {
		return err
	}
	proof, err := thief.Prove(harness.DPoPProof{Method: http.MethodPost, URL: s.records[Hospital].SearchURL(), Token: token})
	if err != nil {
		return err
	}
	patient, result := s.cast.patient(last.Patient), Result{Patient: last.Patient, Holder: last.Holder, Token: Label(token)}
	for _, header := range []http.Header{bearer(token), harness.DPoPHeader(token, proof)} {
		if err := s.readAs(ctx, events.Stranger, patient, header, &result); err != nil {
			return err
		}
		if result.Ending != TokenEnded {
			break
		}
	}
	s.finish(result, token)
	return nil
}
