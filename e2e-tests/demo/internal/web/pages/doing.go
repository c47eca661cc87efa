// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pages

import (
	"errors"
	"net/http"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
)

// do does what a form asks for, and leads back to the page that the form is on.
func (p *Pages) do(w http.ResponseWriter, r *http.Request, language string) {
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		p.say(w, r, language, http.StatusBadRequest, "message.unknown")
		return
	}
	action := scene.Action{
		Name: r.PostForm.Get("do"), Patient: r.PostForm.Get("patient"), Holder: r.PostForm.Get("holder"),
		Category: r.PostForm.Get("category"), Kind: r.PostForm.Get("kind"), Decision: r.PostForm.Get("decision"),
		Conduct: r.PostForm.Get("conduct"), Proof: r.PostForm.Get("proof"),
	}
	if err := p.living.Do(r.Context(), action); err != nil {
		p.sorry(w, r, language, err)
		return
	}
	http.Redirect(w, r, "/"+language+pageOf(action), http.StatusSeeOther)
}

// pageOf is where what was done is seen. A patient that is known has a plain key.
func pageOf(action scene.Action) string {
	switch action.Name {
	case scene.ActAsk, scene.ActReadAgain, scene.ActRegister:
		return "/requester#result"
	case scene.ActChoose:
		return "/patient/" + action.Patient + "#choice-" + action.Category + "-" + action.Kind
	case scene.ActLogin, scene.ActLogout, scene.ActObtain, scene.ActRemove:
		return "/wallet#wallet"
	case scene.ActConduct:
		return "/behind#switch"
	default:
		return "/"
	}
}

// play begins a story, and leads to its page.
func (p *Pages) play(w http.ResponseWriter, r *http.Request, language string) {
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		p.say(w, r, language, http.StatusBadRequest, "message.unknown")
		return
	}
	story := r.PostForm.Get("story")
	if err := p.player.Play(story); err != nil {
		p.sorry(w, r, language, err)
		return
	}
	http.Redirect(w, r, "/"+language+"/stories/"+story+"#run", http.StatusSeeOther)
}

// sorry says why something was not done. What the error says is for nobody: it may hold anything.
func (p *Pages) sorry(w http.ResponseWriter, r *http.Request, language string, err error) {
	switch {
	case errors.Is(err, scene.ErrBusy):
		p.say(w, r, language, http.StatusConflict, "message.busy")
	case errors.Is(err, scene.ErrUnknown):
		p.say(w, r, language, http.StatusBadRequest, "message.unknown")
	default:
		p.say(w, r, language, http.StatusInternalServerError, "message.trouble")
	}
}

func (p *Pages) say(w http.ResponseWriter, r *http.Request, language string, status int, message string) {
	view, _ := p.view(r, language, "message")
	view.Message = message
	p.render(w, status, language, "message", view)
}
