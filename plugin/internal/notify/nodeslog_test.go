// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/core"
	nutshttp "github.com/nuts-foundation/nuts-node/http"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// TestTheNodesLogHoldsNoSecret serves it by the node's own HTTP engine, with the log's real hook.
func TestTheNodesLogHoldsNoSecret(t *testing.T) {
	var active atomic.Bool
	active.Store(true)
	var out lockedBuffer
	hooks, level := logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{}), logrus.GetLevel()
	logrus.SetOutput(&out)
	logrus.SetLevel(logrus.TraceLevel)
	logrus.AddHook(redact.NewHook(&active))
	t.Cleanup(func() {
		logrus.SetOutput(io.Discard)
		logrus.SetLevel(level)
		logrus.StandardLogger().ReplaceHooks(hooks)
	})
	w := newWorld(t)
	url := w.serveAsTheNode(t)
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodPut} {
		for _, path := range []string{withdrawal.PathPrefix + w.secret, withdrawal.PathPrefix + w.secret + "?a=b", withdrawal.PathPrefix + w.secret + "/x", "/mitz/" + w.secret, "/mitz//notify/" + w.secret, "/mitz/%6eotify/" + w.secret, withdrawal.PathPrefix + forged(w.secret)} {
			request, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(example(t)))
			require.NoError(t, err)
			request.Header.Set(echo.HeaderContentType, xmlType)
			request.Header.Set("Authorization", "Bearer "+w.secret)
			response, err := client.Do(request)
			require.NoError(t, err)
			_ = response.Body.Close()
		}
	}
	text := out.String()
	assert.Contains(t, text, "HTTP request")
	assert.Contains(t, text, "uri=\"/mitz/notify/[secret]")
	assert.Contains(t, text, "requestURI=\"/mitz/notify/[secret]")
	assert.NotContains(t, strings.ReplaceAll(text, "Bearer "+w.secret, ""), w.secret[1:20])
}

// serveAsTheNode starts the node's HTTP engine on a port that is free.
func (w *world) serveAsTheNode(t *testing.T) (url string) {
	t.Helper()
	for range 20 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := listener.Addr().String()
		require.NoError(t, listener.Close())
		failed := make(chan struct{})
		engine := nutshttp.New(func() { close(failed) }, nil)
		config := engine.Config().(*nutshttp.Config)
		config.Public.Address, config.Internal.Address = address, address
		require.NoError(t, engine.Configure(core.ServerConfig{}))
		w.Routes(engine.Router())
		require.NoError(t, engine.Start())
		if w.isServed(failed, address) {
			t.Cleanup(func() {
				assert.NoError(t, engine.Shutdown())
				<-failed
			})
			return "http://" + address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// isServed reports whether the server answers there; it has failed when somebody else has the port.
func (w *world) isServed(failed <-chan struct{}, address string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	for ctx.Err() == nil {
		select {
		case <-failed:
			return false
		default:
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// lockedBuffer is written by several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
