// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
)

// told is what a browser is told of an event: which it is, and what to say to who does not see it.
type told struct {
	ID  int    `json:"id"`
	Say string `json:"say"`
}

// live tells the browser, as long as it listens, that something changed (server-sent events, WHATWG
// HTML section 9.2). Several events at once are told in one.
func (p *Pages) live(w http.ResponseWriter, r *http.Request, language string) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(p.closing, cancel)()
	watcher := p.bus.Watch(ctx)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	flusher := http.NewResponseController(w)
	for {
		// The first line says that it is open.
		if _, err := fmt.Fprint(w, ": \n\n"); err != nil || flusher.Flush() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case event := <-watcher:
			for more := true; more; {
				select {
				case next := <-watcher:
					if next.ID != 0 {
						event = next
					}
				default:
					more = false
				}
			}
			if p.tell(w, language, event) != nil {
				return
			}
		}
	}
}

func (p *Pages) tell(w http.ResponseWriter, language string, event events.Event) error {
	news := told{ID: event.ID}
	if event.Kind != "" {
		news.Say = p.tongues[language].words.Text("event." + event.Kind)
	}
	encoded, err := json.Marshal(news)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "data: %s\n\n", encoded)
	return err
}
