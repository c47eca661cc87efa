// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// Workspace holds what one run needs: a directory, the CA for TLS, the running
// processes and servers, and all their logs.
type Workspace struct {
	dir    string
	logDir string
	tls    *CA

	startTime    time.Duration    // how long one attempt to start a node may take
	beforeLaunch func(*PortBlock) // for the test that starts again on other ports

	mu      sync.Mutex
	names   map[string]int
	cleanup []func() error
	issuers map[*issuer.Issuer]*issuerDoor

	walletsOnce sync.Once
	wallets     *didHost
	walletsErr  error

	hosts *hosts
}

// NewWorkspace makes a workspace in a new temporary directory, which [Workspace.Close]
// removes. Its logs go into a new directory below logRoot, which stays; with an
// empty logRoot they go the way of the workspace.
func NewWorkspace(logRoot string) (*Workspace, error) {
	dir, err := os.MkdirTemp("", "nuts-mitz-*")
	if err != nil {
		return nil, err
	}
	w := &Workspace{dir: dir, names: map[string]int{}, issuers: map[*issuer.Issuer]*issuerDoor{}, startTime: startTime, hosts: &hosts{addresses: map[string]string{}}}
	w.onClose(func() error { return os.RemoveAll(dir) })
	if err := w.prepare(logRoot); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Workspace) prepare(logRoot string) (err error) {
	if w.logDir, err = os.MkdirTemp(orElse(logRoot, w.dir), "logs-*"); err != nil {
		return err
	}
	if err = os.Mkdir(w.Path("trust"), 0o700); err != nil {
		return err
	}
	if w.tls, err = NewCA("nuts-mitz loopback TLS"); err != nil {
		return err
	}
	return w.tls.WritePEM(w.trustFile())
}

// Path returns a path inside the workspace.
func (w *Workspace) Path(elements ...string) string {
	return filepath.Join(append([]string{w.dir}, elements...)...)
}

// LogDir is where every process and server of this workspace logs.
func (w *Workspace) LogDir() string { return w.logDir }

// TLS is the CA of everything that is reached by https in this workspace.
func (w *Workspace) TLS() *CA { return w.tls }

// Client returns an HTTP client that trusts the workspace's CA alone, follows no
// redirects and keeps enough connections for many requests at once.
func (w *Workspace) Client() *http.Client {
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: w.tls.Pool(), MinVersion: tls.VersionTLS12},
		DialContext:         w.hosts.dial,
		MaxIdleConnsPerHost: 256, ForceAttemptHTTP2: true, IdleConnTimeout: 30 * time.Second,
	}
	w.onClose(func() error { transport.CloseIdleConnections(); return nil })
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close stops everything in reverse order of its start and removes the directory.
func (w *Workspace) Close() error {
	w.mu.Lock()
	cleanup := w.cleanup
	w.cleanup = nil
	w.mu.Unlock()
	var errs []error
	for i := len(cleanup) - 1; i >= 0; i-- {
		errs = append(errs, cleanup[i]())
	}
	return errors.Join(errs...)
}

// ServeTLS serves the handler at https://localhost:<port> until the workspace is closed.
func (w *Workspace) ServeTLS(name string, handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	certificate, err := w.tls.Server(name)
	if err != nil {
		return "", errors.Join(err, listener.Close())
	}
	logger, err := w.openLog(name)
	if err != nil {
		return "", errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: logger,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			logger.Print(err)
		}
	}()
	w.onClose(func() error { return closeServer(server, ended) })
	return fmt.Sprintf("https://localhost:%d", listener.Addr().(*net.TCPAddr).Port), nil
}

// closeServer ends a server at once: a graceful end waits a second for each HTTP/2 client.
func closeServer(server *http.Server, ended <-chan struct{}) error {
	err := server.Close()
	<-ended
	return err
}

// openLog opens a log file of its own for a server inside this process.
func (w *Workspace) openLog(name string) (*log.Logger, error) {
	file, err := os.OpenFile(w.logFile(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	w.onClose(file.Close)
	return log.New(file, "", log.LstdFlags|log.LUTC), nil
}

func (w *Workspace) logFile(name string) string { return filepath.Join(w.LogDir(), name+".log") }

func (w *Workspace) trustFile() string { return w.Path("trust", "ca.pem") }

// unique gives each name once: "hospital", "hospital-2", ...
func (w *Workspace) unique(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names[name]++
	if n := w.names[name]; n > 1 {
		return fmt.Sprintf("%s-%d", name, n)
	}
	return name
}

func (w *Workspace) onClose(f func() error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cleanup = append(w.cleanup, f)
}
