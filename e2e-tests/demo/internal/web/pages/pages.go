// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pages

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/words"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Living is the system that is shown; see [scene.Scene].
type Living interface {
	State(ctx context.Context) scene.State
	Do(ctx context.Context, action scene.Action) error
}

// Player plays stories; see [stories.Player].
type Player interface {
	Play(key string) error
	Run() *stories.Run
}

var (
	_ Living = (*scene.Scene)(nil)
	_ Player = (*stories.Player)(nil)
)

// Pages serves the demo. Make one with [New].
type Pages struct {
	living  Living
	player  Player
	bus     *events.Bus
	closing context.Context // what is open to be told ends with it
	tongues map[string]tongue
}

// tongue is what speaks one language.
type tongue struct {
	words     words.Words
	templates *template.Template
}

// New reads the templates and the words. What watches ends with the context.
func New(closing context.Context, living Living, player Player, bus *events.Bus) (*Pages, error) {
	p := &Pages{living: living, player: player, bus: bus, closing: closing, tongues: map[string]tongue{}}
	for _, language := range words.Languages() {
		texts, err := words.Read(language)
		if err != nil {
			return nil, err
		}
		templates, err := template.New("").Funcs(template.FuncMap{
			"t": texts.Text, "or_code": texts.Or, "clock": clock, "minute": minute, "low": strings.ToLower, "until": until, "date": texts.Date,
		}).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return nil, err
		}
		p.tongues[language] = tongue{texts, templates}
	}
	return p, nil
}

func clock(at time.Time) string { return at.Local().Format("15:04:05") }

func minute(at time.Time) string { return at.Local().Format("15:04") }

// until is how many minutes there are still, rounded up.
func until(now, end time.Time) int { return int((end.Sub(now) + time.Minute - 1) / time.Minute) }

// Handler serves everything.
func (p *Pages) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.welcome)
	for _, language := range words.Languages() {
		in := func(handle func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { handle(w, r, language) }
		}
		at := "/" + language
		mux.HandleFunc("GET "+at+"/{$}", in(p.page("home")))
		for _, name := range []string{"stories", "requester", "wallet", "dataholder", "behind", "honest"} {
			mux.HandleFunc("GET "+at+"/"+name, in(p.page(name)))
		}
		mux.HandleFunc("GET "+at+"/wallet/login", in(p.page("login")))
		mux.HandleFunc("GET "+at+"/patient", in(p.page("patient")))
		mux.HandleFunc("GET "+at+"/patient/{who}", in(p.page("patient")))
		mux.HandleFunc("GET "+at+"/stories/{story}", in(p.page("story")))
		mux.HandleFunc("GET "+at+"/part/{part}", in(p.part))
		mux.HandleFunc("GET "+at+"/part/{part}/{who}", in(p.part))
		mux.HandleFunc("GET "+at+"/part/story/{story}/{part}", in(p.part))
		mux.HandleFunc("GET "+at+"/live", in(p.live))
		mux.HandleFunc("POST "+at+"/do", in(p.do))
		mux.HandleFunc("POST "+at+"/play", in(p.play))
		mux.HandleFunc("GET "+at+"/", in(p.nothing))
	}
	assets, _ := fs.Sub(assetFiles, "assets") // which is embedded
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	return guarded(mux)
}

// welcome leads to the language that the browser asks for.
func (p *Pages) welcome(w http.ResponseWriter, r *http.Request) {
	wanted := words.Languages()[0]
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	if first != "" && !strings.HasPrefix(strings.ToLower(first), wanted) {
		wanted = "en"
	}
	http.Redirect(w, r, "/"+wanted+"/", http.StatusFound)
}

// page serves a whole page.
func (p *Pages) page(name string) func(http.ResponseWriter, *http.Request, string) {
	return func(w http.ResponseWriter, r *http.Request, language string) {
		view, ok := p.view(r, language, name)
		if !ok {
			p.nothing(w, r, language)
			return
		}
		p.render(w, http.StatusOK, language, name, view)
	}
}

// parts are the parts of pages that are fetched again when something changed.
var parts = []string{"questions", "wallet", "decisions", "tokens", "audit", "run", "lanes", "alllanes"}

func (p *Pages) part(w http.ResponseWriter, r *http.Request, language string) {
	name := r.PathValue("part")
	for _, each := range parts {
		if each != name {
			continue
		}
		if view, ok := p.view(r, language, "part"); ok {
			p.render(w, http.StatusOK, language, "part-"+name, view)
			return
		}
	}
	p.nothing(w, r, language)
}

// nothing says that there is no such page. The path is not repeated.
func (p *Pages) nothing(w http.ResponseWriter, r *http.Request, language string) {
	view, _ := p.view(r, language, "message")
	view.Message = "message.nothing"
	p.render(w, http.StatusNotFound, language, "message", view)
}

// render writes a page when all of it could be made.
func (p *Pages) render(w http.ResponseWriter, status int, language, name string, view view) {
	var page bytes.Buffer
	if err := p.tongues[language].templates.ExecuteTemplate(&page, name, view); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}
