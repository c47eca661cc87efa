// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"
)

// scene is a part of the film: a page that is opened, or a story that is played.
type scene struct {
	name  string // of its caption, and of its picture
	page  string // after the language; of a story empty
	story string
	lasts time.Duration // at least
	still string        // the name of the picture that is made at its end; empty: none
}

// script is the film: about two minutes.
func script() []scene {
	const read, short = 7 * time.Second, 6 * time.Second
	return []scene{
		{name: "home", page: "/", lasts: read, still: "start"},
		{name: "consent", story: "consent", still: "story"},
		{name: "withdrawal", story: "withdrawal"},
		{name: "attestation", story: "attestation"},
		{name: "proofs", story: "proofs"},
		{name: "silent", story: "silent"},
		{name: "requester", page: "/requester", lasts: short, still: "requester"},
		{name: "patient", page: "/patient/sanne", lasts: short, still: "patient"},
		{name: "dataholder", page: "/dataholder", lasts: short, still: "data-holder"},
		{name: "wallet", page: "/wallet", lasts: short, still: "wallet"},
		{name: "honest", page: "/honest", lasts: read},
	}
}

// captions are what is said, by language and scene.
var captions = map[string]map[string]string{
	"en": {
		"home":        "No medical data without consent: a midwife asks a hospital for the notes of an earlier pregnancy.",
		"consent":     "Nothing is on record, so nothing comes. The patient says yes in Mitz, and the notes come.",
		"withdrawal":  "She changes her mind. The key that the midwife has stops working at once.",
		"attestation": "This birth centre cannot ask Mitz. The practice brings a signed statement of Mitz along.",
		"proofs":      "Who asks must prove what it is. The practice collects its proofs with the standard Nuts node.",
		"silent":      "Mitz does not answer. Without a clear yes there are no data.",
		"requester":   "The midwife sees the notes, or reads in plain words why not.",
		"patient":     "The patient chooses for each kind of care provider, and sees who asked about her.",
		"dataholder":  "The hospital sees every decision with its ground, and the keys that work now.",
		"wallet":      "The practice sees its proofs, and removes them.",
		"honest":      "And what is real here, and what is a stand-in.",
	},
	"nl": {
		"home":        "Geen medische gegevens zonder toestemming: een verloskundige vraagt een ziekenhuis om een eerdere zwangerschap.",
		"consent":     "Er is niets vastgelegd, dus er komt niets. De patiënt zegt ja in Mitz, en de gegevens komen.",
		"withdrawal":  "Zij bedenkt zich. De sleutel die de verloskundige heeft, werkt meteen niet meer.",
		"attestation": "Dit geboortecentrum kan Mitz niets vragen. De praktijk brengt een ondertekende verklaring van Mitz mee.",
		"proofs":      "Wie vraagt, moet bewijzen wat hij is. De praktijk haalt haar bewijzen op met de gewone Nuts-node.",
		"silent":      "Mitz antwoordt niet. Zonder duidelijk ja zijn er geen gegevens.",
		"requester":   "De verloskundige ziet de gegevens, of leest in gewone taal waarom niet.",
		"patient":     "De patiënt kiest per soort zorgaanbieder, en ziet wie er iets over haar vroeg.",
		"dataholder":  "Het ziekenhuis ziet elk besluit met de reden, en de sleutels die nu werken.",
		"wallet":      "De praktijk ziet haar bewijzen, en verwijdert ze.",
		"honest":      "En wat hier echt is, en wat nagebootst.",
	},
}

// afterwards is how long the end of a story stays.
const afterwards = 3 * time.Second

// shoot films the script, and makes the pictures.
func shoot(ctx context.Context, url, language, dir, pictures string) error {
	if _, err := chromedp.Run(ctx, chromedp.EmulateViewport(filmWidth, filmHeight)); err != nil {
		return err
	}
	shot, err := newFilm(dir)
	if err != nil {
		return err
	}
	for _, each := range script() {
		if err := play(ctx, shot, each, url+language, captions[language][each.name]); err != nil {
			return fmt.Errorf("%s: %w", each.name, err)
		}
		if pictures != "" && each.still != "" {
			if err := still(ctx, each, filepath.Join(pictures, "demo-"+each.still+".png")); err != nil {
				return err
			}
		}
	}
	made, err := shot.finish(ctx)
	if err == nil {
		_, _ = fmt.Printf("The film is %s\n", made)
	}
	return err
}

func play(ctx context.Context, shot *film, each scene, base, caption string) error {
	if each.story == "" {
		if err := chromedp.Do(ctx, chromedp.Navigate(base+each.page), chromedp.WaitVisible("h1")); err != nil {
			return err
		}
		return shot.during(ctx, caption, each.lasts, "")
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(base+"/stories/"+each.story), chromedp.WaitVisible("h1")); err != nil {
		return err
	}
	// As the button does, without opening the page anew: it shows by itself what happens.
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](`(() => { const button = document.querySelector("button.main");
		document.querySelector("#steps").scrollIntoView();
		fetch(button.form.action, {method: "POST", body: new URLSearchParams({story: button.value})}); return 0; })()`)); err != nil {
		return err
	}
	ended := `document.querySelector("#run .outcome") !== null`
	if err := shot.during(ctx, caption, afterwards, ended); err != nil {
		return err
	}
	failed, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector("#run .outcome.bad") !== null`))
	if err == nil && failed {
		err = errors.New("the story did not end as it must")
	}
	if err != nil {
		return err
	}
	return shot.during(ctx, caption, afterwards, "")
}

// still makes a picture without a caption: of what is in sight, and of a story all, from its beginning.
func still(ctx context.Context, of scene, path string) error {
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](fmt.Sprintf(bar, ""))); err != nil {
		return err
	}
	take := chromedp.CaptureScreenshot()
	if of.story != "" {
		if err := chromedp.Do(ctx, chromedp.Reload(), chromedp.WaitVisible(".follow.ended")); err != nil {
			return err
		}
		take = chromedp.FullScreenshot(100)
	}
	picture, err := chromedp.Run(ctx, take)
	if err != nil {
		return err
	}
	return os.WriteFile(path, picture, 0o600)
}
