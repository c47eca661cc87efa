// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProxyPassesCancellationOn(t *testing.T) {
	workspace := newWorkspace(t)
	arrived, cancelled := make(chan struct{}), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // the server notices that a client leaves once the body was read
		close(arrived)
		<-r.Context().Done()
		close(cancelled)
	}))
	defer backend.Close()
	front, err := workspace.startProxy("cancelled")
	require.NoError(t, err)
	front.target.Store(&backend.URL)

	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err = postForm(ctx, workspace.Client(), front.url+"/oauth2/x/token", nil, nil)
	require.ErrorIs(t, err, context.Canceled)
	select {
	case <-cancelled:
	case <-time.After(time.Minute):
		t.Fatal("the cancellation did not reach the node")
	}
}

func TestScanLogsNamesTheLineAndNotTheNumber(t *testing.T) {
	dir := t.TempDir()
	require.ErrorContains(t, ScanLogs(dir, []string{testBSN}), "no logs")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "node.log"), []byte("fine\nbsn|"+testBSN+"!"), 0o600))
	err := ScanLogs(dir, []string{"111222333", testBSN})
	require.ErrorContains(t, err, "node.log:2: forbidden text 2 of 2")
	assert.NotContains(t, err.Error(), testBSN)
	assert.NoError(t, ScanLogs(dir, []string{"111222333"}))

	encoded := base64.RawURLEncoding.EncodeToString([]byte(`{"patientId":"` + testBSN + `"}`))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "node.log"), []byte("a credential=eyJhbGciOiJFUzI1NiJ9."+encoded+".c2lnbmF0dXJl"), 0o600))
	require.ErrorContains(t, ScanLogs(dir, []string{testBSN}), "node.log:1: forbidden text", "inside a JWT")
}

func TestMitzConfigRendersTheContract(t *testing.T) {
	yaml, err := MitzConfig{
		Endpoint: "https://localhost:1/mitz", Timeout: "3s", CertFile: "/c.pem", CertKeyFile: "/k.pem", TrustStoreFile: "/ca.pem",
		DataHolders: []DataHolder{{"hospital-east", "00000659", "V6"}, {"hospital-west", "00000660", "V4"}},
		Profiles: []MitzProfile{{
			Scope: "birth-care", Categories: []string{"GGC002", "GGC012"}, Purpose: "TREAT", Grounds: []string{"mitz-closed-query"},
		}, {
			Scope: "own", Categories: []string{"GGC002"}, Purpose: "COC", PresentationDefinition: "/own.json", EnrollmentMaxAge: "24h",
			AllowUnconstrained: true, Claims: map[string]string{"user_id": "subject_id", "user_role": "subject_role"},
		}},
		FacilityTypes: map[string]string{"00005678": "J8"},
		Trust: MitzTrust{
			Organization: []string{"did:x509:0:sha256:abc::*"}, FacilityType: []string{"did:web:a", "did:web:b"},
			Practitioner: []string{"holder"}, Enrollment: []string{"holder"}, Delegation: []string{"holder"},
		},
	}.YAML()
	require.NoError(t, err)
	want, err := os.ReadFile("testdata/mitz.yaml")
	require.NoError(t, err)
	assert.Equal(t, string(want), yaml)
}
