// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	logspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spanpb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// Collector takes the spans and log lines that nodes export by OTLP over HTTP.
type Collector struct {
	server *httptest.Server
	mu     sync.Mutex
	spans  []*spanpb.Span
	texts  []string // of all that was received, readable
	logs   int
}

// NewCollector starts one; [Collector.Close] ends it.
func NewCollector() *Collector {
	c := &Collector{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", c.traces)
	mux.HandleFunc("POST /v1/logs", c.lines)
	c.server = httptest.NewServer(mux)
	return c
}

// Settings have a node export to this collector, soon.
func (c *Collector) Settings() (settings map[string]any, env []string) {
	return map[string]any{"tracing.endpoint": strings.TrimPrefix(c.server.URL, "http://"), "tracing.insecure": true},
		[]string{"OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_BLRP_SCHEDULE_DELAY=100"}
}

// Spans returns the spans that were received.
func (c *Collector) Spans() []*spanpb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*spanpb.Span(nil), c.spans...)
}

// Text returns all that was received, in a form that can be searched, and how many log lines
// are among it.
func (c *Collector) Text() (text string, lines int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.texts, "\n"), c.logs
}

// Close ends it.
func (c *Collector) Close() { c.server.Close() }

func (c *Collector) traces(w http.ResponseWriter, r *http.Request) {
	var request tracepb.ExportTraceServiceRequest
	if !c.receive(w, r, &request) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			c.spans = append(c.spans, scope.Spans...)
		}
	}
}

func (c *Collector) lines(w http.ResponseWriter, r *http.Request) {
	var request logspb.ExportLogsServiceRequest
	if !c.receive(w, r, &request) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.ResourceLogs {
		for _, scope := range resource.ScopeLogs {
			c.logs += len(scope.LogRecords)
		}
	}
}

func (c *Collector) receive(w http.ResponseWriter, r *http.Request, message proto.Message) bool {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, "gzip", http.StatusBadRequest)
			return false
		}
		body = unzipped
	}
	content, err := io.ReadAll(body)
	if err != nil || proto.Unmarshal(content, message) != nil {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return false
	}
	text := prototext.Format(message)
	c.mu.Lock()
	c.texts = append(c.texts, text)
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-protobuf")
	return true
}
