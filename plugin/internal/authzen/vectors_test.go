// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package authzen

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/authzentest"
)

// fixture decides as the certification of AuthZEN has its fixture decide.
type fixture struct{}

func (f fixture) Begin(string) Evaluator { return f }

// rules are what is permitted of a record that is not archived.
var rules = map[string]bool{
	"alice read": true, "alice write": true, "bob read": true,
}

func (fixture) Evaluate(_ context.Context, asked Evaluation) Decision {
	if asked.Subject.Type != "user" || asked.Resource.Type != "record" || asked.Resource.ID != "record-1" && asked.Resource.ID != "record-2" {
		return Decision{Reason: "not_known"}
	}
	switch asked.Action.Name {
	case "delete":
		return Decision{Permit: asked.Subject.ID == "alice" && asked.Action.Properties["soft"] == true}
	case "write":
		if asked.Resource.Properties["status"] == "archived" {
			return Decision{Permit: asked.Subject.Properties["role"] == "admin"}
		}
	}
	return Decision{Permit: rules[asked.Subject.ID+" "+asked.Action.Name]}
}

// serving has a server answer at the paths of the standard.
func serving(t *testing.T, point Point) string {
	t.Helper()
	server := NewServer(point, nil)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+EvaluationPath, func(w http.ResponseWriter, r *http.Request) { server.Evaluation(w, r, "") })
	mux.HandleFunc("POST "+EvaluationsPath, func(w http.ResponseWriter, r *http.Request) { server.Evaluations(w, r, "") })
	listening := httptest.NewServer(mux)
	t.Cleanup(listening.Close)
	return listening.URL
}

// TestTheVectors asks what is on board and, where AUTHZEN_VECTORS names another file, what is
// in that.
func TestTheVectors(t *testing.T) {
	vectors, err := authzentest.Own()
	require.NoError(t, err)
	if file := os.Getenv("AUTHZEN_VECTORS"); file != "" {
		others, err := authzentest.Read(file)
		require.NoError(t, err)
		vectors.Cases = append(vectors.Cases, others.Cases...)
	}
	runner := authzentest.Runner{URL: serving(t, fixture{}), Client: http.DefaultClient}
	for _, each := range vectors.Cases {
		if each.IsAsked() {
			t.Run(each.ID, func(t *testing.T) {
				assert.NoError(t, runner.Run(t.Context(), each), each.Title)
			})
		}
	}
}
