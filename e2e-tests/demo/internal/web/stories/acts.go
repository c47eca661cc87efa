// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package stories

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
)

// act is what is done in a step.
type act = func(ctx context.Context, s *scene.Scene) error

// of gives an action its patient.
func of(patient string, do func(*scene.Scene, context.Context, string) error) act {
	return func(ctx context.Context, s *scene.Scene) error { return do(s, ctx, patient) }
}

func asks(patient string) act { return of(patient, (*scene.Scene).Ask) }

// again uses the token of the last request once more.
func again(do func(*scene.Scene, context.Context) error) act {
	return func(ctx context.Context, s *scene.Scene) error { return do(s, ctx) }
}

// conducts has Mitz behave in one way, of [scene.Behaviours].
func conducts(name string) act {
	return func(_ context.Context, s *scene.Scene) error { return s.Conduct(name) }
}

// subscribeTime is how long a data holder may take to subscribe.
const subscribeTime = 10 * time.Second

func asksAndIsSubscribed(patient string) act {
	return func(ctx context.Context, s *scene.Scene) error {
		if err := s.Ask(ctx, patient); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, subscribeTime)
		defer cancel()
		return s.AwaitSubscription(ctx, patient)
	}
}

// without has the practice do something without any proof of what it is.
func without(do act) act {
	return func(ctx context.Context, s *scene.Scene) error {
		for _, proof := range scene.Proofs() {
			if err := s.Remove(ctx, proof); err != nil {
				return err
			}
		}
		return do(ctx, s)
	}
}

// obtains has the practice's signatory, who logs in first, ask for a proof, which must come or not.
func obtains(proof string, comes bool) act {
	return func(ctx context.Context, s *scene.Scene) error {
		s.Sign(true)
		if err := s.Obtain(ctx, proof); err != nil {
			return err
		}
		held := slices.ContainsFunc(s.State(ctx).Wallet, func(each scene.Proof) bool { return each.Name == proof })
		switch {
		case held && !comes:
			return errors.New("the practice got a proof that it must not get")
		case !held && comes:
			return errors.New("the practice got no proof")
		default:
			return nil
		}
	}
}

// chooses has a patient decide about midwives and treatment data.
func chooses(patient, decision string) act {
	holder := scene.Hospital
	if patient == West {
		holder = scene.Centre
	}
	return func(ctx context.Context, s *scene.Scene) error {
		return s.Choose(ctx, scene.Choice{Patient: patient, Holder: holder, Category: "GGC002", Kind: "G3", Decision: decision})
	}
}
