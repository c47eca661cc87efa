// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
)

// PatientKeys makes a file for mitz.withdrawal.keyfile.
func (w *Workspace) PatientKeys() (string, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // which never fails
	file := w.Path(w.unique("patients") + ".key")
	return file, os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString(key)+"\n"), 0o600)
}

// EndTokens asks a node to end live tokens of a subject: {"patient": ...} or {"token": ...}.
func (a API) EndTokens(ctx context.Context, subject string, body any) (Answer, error) {
	return a.postJSON(ctx, "/internal/mitz/v1/"+url.PathEscape(subject)+"/revocations", body)
}

// Subscribe asks a node to subscribe a subject: {"patient": ...} or {"patients": [...]}.
func (a API) Subscribe(ctx context.Context, subject string, body any) (Answer, error) {
	return a.postJSON(ctx, subscriptionsOf(subject), body)
}

// CountSubscriptions returns how many subscriptions of a subject are in each state.
func (a API) CountSubscriptions(ctx context.Context, subject string) (map[string]int, error) {
	var page struct {
		Counts map[string]int `json:"counts"`
	}
	answer, err := a.Get(ctx, subscriptionsOf(subject)+"?limit=1")
	if err != nil {
		return nil, err
	}
	return page.Counts, json.Unmarshal(answer.Body, &page)
}

func subscriptionsOf(subject string) string {
	return "/internal/mitz/v1/" + url.PathEscape(subject) + "/subscriptions"
}
