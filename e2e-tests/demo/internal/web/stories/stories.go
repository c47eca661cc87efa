// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package stories plays what happens to patients' data, step by step, in the living system of
// package scene. Each step says how it must come out, and is shown as failed when it did not.
package stories

import (
	"context"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
)

// The patients of the stories, by their keys. The cast must have them.
const (
	Client     = "sanne"  // of the practice; her record is at the hospital
	Other      = "emma"   // of the hospital
	West       = "noor"   // her record is at the birth centre, which has no Mitz
	Unrecorded = "fatima" // of the hospital; nobody asked her yet
)

// Step is one scene of a story.
type Step struct {
	Key string // of its words, after "story.<story>."
	// act does it, and reports whether it came out as it must.
	act func(ctx context.Context, s *scene.Scene) (bool, error)
}

// Story is a story that can be played.
type Story struct {
	Key     string // of its words, after "story."
	Patient string
	Steps   []Step
}

// All returns the stories in the order in which they are best seen.
func All() []Story {
	return []Story{
		{"consent", Client, []Step{
			{"refused", asks(Client, scene.Denied)},
			{"gives", chooses(Client, scene.Permit)},
			{"shown", asks(Client, scene.Shown)},
		}},
		{"withdrawal", Client, []Step{
			{"gives", chooses(Client, scene.Permit)},
			{"shown", asksAndIsSubscribed(Client)},
			{"withdraws", chooses(Client, scene.None)},
			{"ended", ends(scene.TokenEnded, (*scene.Scene).ReadAgain)},
			{"refused", asks(Client, scene.Denied)},
		}},
		{"attestation", West, []Step{
			{"gives", chooses(West, scene.Permit)},
			{"shown", unasked(West, asks(West, scene.Shown))},
			{"withdraws", chooses(West, scene.None)},
			{"refused", asks(West, scene.NotProven)},
		}},
		{"registration", Unrecorded, []Step{
			{"refused", asks(Unrecorded, scene.Denied)},
			{"registers", func(ctx context.Context, s *scene.Scene) (bool, error) { return true, s.Register(ctx, Unrecorded) }},
			{"shown", asks(Unrecorded, scene.Shown)},
		}},
		{"proofs", Client, []Step{
			{"gives", chooses(Client, scene.Permit)},
			{"empty", unasked(Client, without(asks(Client, scene.NoProofs)))},
			{"login", obtains(scene.ProofType, false)},
			{"organisation", obtains(scene.ProofOrganization, true)},
			{"type", obtains(scene.ProofType, true)},
			{"shown", asks(Client, scene.Shown)},
		}},
		{"silent", Client, []Step{
			{"gives", chooses(Client, scene.Permit)},
			{"silent", func(_ context.Context, s *scene.Scene) (bool, error) { return true, s.Conduct("silent") }},
			{"refused", asks(Client, scene.Undetermined)},
			{"mended", func(_ context.Context, s *scene.Scene) (bool, error) { return true, s.Conduct("working") }},
			{"shown", asks(Client, scene.Shown)},
		}},
		{"impostor", Client, []Step{
			{"gives", chooses(Client, scene.Permit)},
			{"refused", unasked(Client, ends(scene.NotProven, of(Client, (*scene.Scene).Impostor)))},
		}},
		{"certificate", Client, []Step{
			{"gives", chooses(Client, scene.Permit)},
			{"refused", unasked(Client, ends(scene.NotProven, of(Client, (*scene.Scene).WithoutCertificate)))},
		}},
		{"kind", Client, []Step{
			{"gives", chooses(Client, scene.Permit)},
			{"refused", ends(scene.Denied, of(Client, (*scene.Scene).Pharmacy))},
		}},
		{"other", Client, []Step{
			{"gives", chooses(Client, scene.Permit)},
			{"shown", asks(Client, scene.Shown)},
			{"refused", unasked(Other, ends(scene.OtherPatient, of(Other, (*scene.Scene).ReadOther)))},
		}},
		{"stolen", Client, []Step{
			{"gives", chooses(Client, scene.Permit)},
			{"shown", ends(scene.Shown, of(Client, (*scene.Scene).AskBound))},
			{"refused", ends(scene.TokenEnded, (*scene.Scene).Steal)},
		}},
	}
}

type act = func(ctx context.Context, s *scene.Scene) (bool, error)

// of gives an action its patient.
func of(patient string, do func(*scene.Scene, context.Context, string) error) func(*scene.Scene, context.Context) error {
	return func(s *scene.Scene, ctx context.Context) error { return do(s, ctx, patient) }
}

// ends does something, after which the last request must have ended so.
func ends(ending scene.Ending, do func(*scene.Scene, context.Context) error) act {
	return func(ctx context.Context, s *scene.Scene) (bool, error) {
		if err := do(s, ctx); err != nil {
			return false, err
		}
		result := s.Result()
		return result != nil && result.Ending == ending, nil
	}
}

func asks(patient string, ending scene.Ending) act {
	return ends(ending, of(patient, (*scene.Scene).Ask))
}

// subscribeTime is how long a data holder may take to subscribe.
const subscribeTime = 10 * time.Second

func asksAndIsSubscribed(patient string) act {
	return func(ctx context.Context, s *scene.Scene) (bool, error) {
		came, err := asks(patient, scene.Shown)(ctx, s)
		if err != nil || !came {
			return false, err
		}
		ctx, cancel := context.WithTimeout(ctx, subscribeTime)
		defer cancel()
		return true, s.AwaitSubscription(ctx, patient)
	}
}

// without has the practice do something without any proof of what it is.
func without(do act) act {
	return func(ctx context.Context, s *scene.Scene) (bool, error) {
		for _, proof := range scene.Proofs() {
			if err := s.Remove(ctx, proof); err != nil {
				return false, err
			}
		}
		return do(ctx, s)
	}
}

// obtains has the practice's signatory, who logs in first, ask for a proof, which must come or not.
func obtains(proof string, comes bool) act {
	return func(ctx context.Context, s *scene.Scene) (bool, error) {
		s.Sign(true)
		if err := s.Obtain(ctx, proof); err != nil {
			return false, err
		}
		held := slices.ContainsFunc(s.State(ctx).Wallet, func(each scene.Proof) bool { return each.Name == proof })
		return held == comes, nil
	}
}

// unasked is that Mitz must not be asked about a patient.
func unasked(patient string, do act) act {
	return func(ctx context.Context, s *scene.Scene) (bool, error) {
		before := s.Asked(patient)
		came, err := do(ctx, s)
		return came && s.Asked(patient) == before, err
	}
}

// chooses has a patient decide about midwives and treatment data.
func chooses(patient, decision string) act {
	holder := scene.Hospital
	if patient == West {
		holder = scene.Centre
	}
	return func(ctx context.Context, s *scene.Scene) (bool, error) {
		return true, s.Choose(ctx, scene.Choice{Patient: patient, Holder: holder, Category: "GGC002", Kind: "G3", Decision: decision})
	}
}
