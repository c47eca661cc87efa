// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/words"
)

// telling tells the stories of the browser in a terminal, while they are played.
type telling struct {
	living *scene.Scene
	words  words.Words
	page   page
	names  map[string]string // of the patients, by their keys

	read  time.Time       // when the record that was told last was read
	shown map[string]bool // patients whose record was told
}

func newTelling(living *scene.Scene, texts words.Words, page page, cast cast) *telling {
	return &telling{living: living, words: texts, page: page, names: cast.names(), shown: map[string]bool{}}
}

// tell plays all stories, also after one that did not end as it must, and says how many did. The
// error has what was wrong, in technical terms.
func (t *telling) tell(ctx context.Context) error {
	release, err := t.living.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	t.introduce()
	all := stories.All()
	var failed []string
	var wrong []error
	for i, story := range all {
		title := fmt.Sprintf("%d. %s", i+1, t.words.Text("story."+story.Key+".title"))
		err := t.story(ctx, story, title)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = append(failed, title)
			wrong = append(wrong, fmt.Errorf("story %d (%s), %w", i+1, story.Key, err))
		}
	}
	t.conclude(len(all), failed)
	return errors.Join(wrong...)
}

// introduce says what it is about, and what is real.
func (t *telling) introduce() {
	t.page.space()
	t.page.line(t.page.styled(bold, t.words.Text("home.title")))
	for _, text := range []string{t.words.Text("home.lead", practice, hospital), t.words.Text("home.step3.text"), t.words.Text("told.real")} {
		t.page.hanging("", "", text)
		t.page.space()
	}
}

func (t *telling) conclude(stories int, failed []string) {
	if len(failed) == 0 {
		t.page.line(t.page.styled(green, t.words.Text("told.all", stories)))
		return
	}
	t.page.line(t.page.styled(red, t.words.Text("told.some", stories-len(failed), stories)))
	for _, title := range failed {
		t.page.hanging("✗ ", red, title)
	}
}

// story plays one story.
func (t *telling) story(ctx context.Context, story stories.Story, title string) error {
	t.page.line(t.page.styled(bold, title))
	key := "story." + story.Key
	t.page.hanging("", "", t.words.Text(key+".intro"))
	before := t.living.Mark()
	err := stories.Perform(ctx, t.living, story, func(step int, state string) {
		t.step(key+"."+story.Steps[step].Key, state)
	})
	if err != nil {
		t.page.hanging("✗ ", red, t.words.Text("story.failed")+".")
		t.page.space()
		return err
	}
	t.page.hanging("- ", "", t.asked(before, story.Patient))
	t.page.hanging("✓ ", green, t.words.Text(key+".moral"))
	t.page.space()
	return nil
}

// step says what was done and what came of it: on one line where that fits.
func (t *telling) step(key, state string) {
	did, came := t.words.Text(key), t.words.Text(key+".came")
	both := did + " → " + came
	switch {
	case state == stories.Failed:
		t.page.hanging("- ", "", did)
	case state == stories.Done && len(wrap(both, width-margin-len("- "))) == 1:
		t.page.hanging("- ", "", both)
	case state == stories.Done:
		t.page.hanging("- ", "", did)
		t.page.hanging("  → ", "", came)
	}
	if state == stories.Done {
		t.record()
	}
}

// record tells what was read, once for each patient.
func (t *telling) record() {
	result := t.living.Result()
	if result == nil || result.Ending != scene.Shown || result.Time.Equal(t.read) {
		return
	}
	t.read = result.Time
	if t.shown[result.Patient] {
		return
	}
	t.shown[result.Patient] = true
	for _, note := range result.Notes {
		t.page.hanging("    ", dim, t.words.Or("record."+note, note))
	}
}

// asked is what the patient sees in Mitz of a story.
func (t *telling) asked(before scene.Mark, patient string) string {
	name, answers := t.names[patient], t.living.AnsweredSince(before, patient)
	for i, answer := range answers {
		answers[i] = t.words.Text("told.answer." + answer)
	}
	list := strings.Join(answers, ", ")
	switch len(answers) {
	case 0:
		return t.words.Text("told.unasked", name)
	case 1:
		return t.words.Text("told.asked", name, list)
	default:
		return t.words.Text("told.asked.often", name, len(answers), list)
	}
}
