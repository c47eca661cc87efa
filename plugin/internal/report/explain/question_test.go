// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/commandtest"
)

// TestExplainedMessage compares the message in the explanation with the one that the
// client sends.
func TestExplainedMessage(t *testing.T) {
	sent := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent <- r.URL.Path + " " + string(body)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(server.Close)
	config, err := os.ReadFile(testdata(t, "full.yaml"))
	require.NoError(t, err)
	output, system, err := command.Run(t, strings.ReplaceAll(commandtest.LaxNode+string(config), "http://mitz.example", server.URL), "--message")
	require.NoError(t, err)
	assert.Empty(t, sent)

	cfg := commandtest.Config(t, system)
	sample := cfg.Policy.Explain(cfg.Policy.Profile("birth-care")).Samples[0]
	_, err = cfg.Link.Consult(t.Context(), sample.Question)
	require.Error(t, err)

	path, body, _ := strings.Cut(<-sent, " ")
	body = regexp.MustCompile(`urn:uuid:[0-9a-f-]{36}`).ReplaceAllString(body, "urn:uuid:"+sample.RequestID)
	body = strings.ReplaceAll(body, sampleBSN, "[BSN]")
	_, explained, _ := strings.Cut(output, "<?xml")
	explained, _, _ = strings.Cut(explained, "</soap:Envelope>")
	assert.Equal(t, withoutLayout(body), withoutLayout("<?xml"+explained+"</soap:Envelope>"))
	assert.True(t, strings.HasSuffix(path, "/geslotenautorisatievraag/xacml3"), path)
}

// sampleBSN is the number in the samples, which no page may show.
const sampleBSN = "900186021"

// withoutLayout takes the space between elements away, and makes that within a tag one.
func withoutLayout(message string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(message), " "), "> <", "><")
}
