// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package stories plays what happens to patients' data, step by step, in the living system of
// package scene. Each step says how it must come out, and fails when it did not: for the browser and
// the terminal alike.
//
// Stories have no texts of their own: those are in package words.
package stories

import (
	"context"
	"fmt"
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
	do  act
	// must is how it comes out, about the story's patient unless it names another.
	must scene.Expected
}

// Story is a story that can be played.
type Story struct {
	Key     string // of its words, after "story."
	Patient string
	Steps   []Step
}

// All returns the stories in the order in which they are best seen.
func All() []Story {
	var (
		nothing = scene.Expected{} // nobody asks for a record, and Mitz is asked nothing
		denied  = scene.Expected{Ending: scene.Denied, Answers: []string{scene.Deny}}
		shown   = scene.Expected{Ending: scene.Shown, Answers: []string{scene.Permit}, Ground: scene.ClosedQuery}
		// Those who prove too little are refused before Mitz is asked.
		unproven = scene.Expected{Ending: scene.NotProven}
	)
	return []Story{
		{"consent", Client, []Step{
			{"refused", asks(Client), denied},
			{"gives", chooses(Client, scene.Permit), nothing},
			{"shown", asks(Client), shown},
		}},
		{"withdrawal", Client, []Step{
			{"gives", chooses(Client, scene.Permit), nothing},
			{"shown", asksAndIsSubscribed(Client), shown},
			{"withdraws", chooses(Client, scene.None), scene.Expected{Told: true}},
			{"ended", again((*scene.Scene).ReadAgain), scene.Expected{Ending: scene.TokenEnded}},
			{"refused", asks(Client), denied},
		}},
		{"attestation", West, []Step{
			{"gives", chooses(West, scene.Permit), nothing},
			{"shown", asks(West), scene.Expected{Ending: scene.Shown, Ground: scene.Attestation}},
			{"withdraws", chooses(West, scene.None), scene.Expected{Revoked: true}},
			{"refused", asks(West), unproven},
		}},
		{"registration", Unrecorded, []Step{
			{"refused", asks(Unrecorded), denied},
			{"registers", of(Unrecorded, (*scene.Scene).Register), nothing},
			{"shown", asks(Unrecorded), scene.Expected{Ending: scene.Shown, Answers: []string{scene.Deny}, Ground: scene.Registration}},
		}},
		{"proofs", Client, []Step{
			{"gives", chooses(Client, scene.Permit), nothing},
			{"empty", without(asks(Client)), scene.Expected{Ending: scene.NoProofs}},
			{"login", obtains(scene.ProofType, false), nothing},
			{"organisation", obtains(scene.ProofOrganization, true), nothing},
			{"type", obtains(scene.ProofType, true), nothing},
			{"shown", asks(Client), shown},
		}},
		{"silent", Client, []Step{
			{"gives", chooses(Client, scene.Permit), nothing},
			{"silent", conducts("silent"), nothing},
			{"refused", asks(Client), scene.Expected{Ending: scene.Undetermined, Answers: []string{scene.None}}},
			{"mended", conducts("working"), nothing},
			{"shown", asks(Client), shown},
		}},
		{"impostor", Client, []Step{
			{"gives", chooses(Client, scene.Permit), nothing},
			{"refused", of(Client, (*scene.Scene).Impostor), unproven},
		}},
		{"certificate", Client, []Step{
			{"gives", chooses(Client, scene.Permit), nothing},
			{"refused", of(Client, (*scene.Scene).WithoutCertificate), unproven},
		}},
		{"kind", Client, []Step{
			{"gives", chooses(Client, scene.Permit), nothing},
			{"refused", of(Client, (*scene.Scene).Pharmacy), scene.Expected{Ending: scene.Denied, Answers: []string{scene.Deny}, Pharmacy: true}},
		}},
		{"other", Client, []Step{
			{"gives", chooses(Client, scene.Permit), nothing},
			{"shown", asks(Client), shown},
			{"refused", of(Other, (*scene.Scene).ReadOther), scene.Expected{Patient: Other, Ending: scene.OtherPatient}},
		}},
		{"stolen", Client, []Step{
			{"gives", chooses(Client, scene.Permit), nothing},
			{"shown", of(Client, (*scene.Scene).AskBound), shown},
			{"refused", again((*scene.Scene).Steal), scene.Expected{Ending: scene.TokenEnded}},
		}},
	}
}

// stepTime bounds one step.
const stepTime = 30 * time.Second

// Perform plays a story from the beginning, for who has the scene's turn, and tells of each step when
// it begins and when it ended. It stops at the first step that does not come out as it must; the
// error says which, and why.
func Perform(ctx context.Context, living *scene.Scene, story Story, tell func(step int, state string)) error {
	if err := living.Reset(ctx); err != nil {
		return fmt.Errorf("nothing could be begun anew: %w", err)
	}
	for i, step := range story.Steps {
		tell(i, Running)
		if err := story.perform(ctx, living, step); err != nil {
			tell(i, Failed)
			return fmt.Errorf("step %d (%s): %w", i+1, step.Key, err)
		}
		tell(i, Done)
	}
	return nil
}

func (s Story) perform(ctx context.Context, living *scene.Scene, step Step) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	must := step.must
	if must.Patient == "" {
		must.Patient = s.Patient
	}
	before := living.Mark()
	if err := step.do(ctx, living); err != nil {
		return err
	}
	return living.Compare(ctx, before, must)
}
