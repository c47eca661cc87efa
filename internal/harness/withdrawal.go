// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"crypto/rand"
	"encoding/base64"
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
