// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// privateDomain is nobody's on the internet: "internal" is for private use (ICANN, 29
// July 2024). It is none of the names that a node refuses in strict mode, as localhost is.
const privateDomain = "nuts-mitz.internal"

// hosts are the names of strict nodes: https://<node>.nuts-mitz.internal, without a port.
// The harness dials them. Nodes reach them by a proxy (RFC 9110 section 9.3.6), which
// leads nowhere else.
type hosts struct {
	once  sync.Once
	proxy string // its URL
	err   error

	mu        sync.RWMutex
	addresses map[string]string // "<host>:443" to where it listens
	strangers []string
}

func hostName(node string) string { return node + "." + privateDomain }

// nameHost gives what listens at https://localhost:<port> a name of its own, and its new URL.
func (w *Workspace) nameHost(node, url string) string {
	w.hosts.mu.Lock()
	defer w.hosts.mu.Unlock()
	host := hostName(node)
	w.hosts.addresses[host+":443"] = strings.TrimPrefix(url, "https://")
	return "https://" + host
}

// Strangers are the hosts that strict nodes wanted to reach and that are none of ours.
func (w *Workspace) Strangers() []string {
	w.hosts.mu.RLock()
	defer w.hosts.mu.RUnlock()
	return slices.Clone(w.hosts.strangers)
}

// hostsProxy starts the proxy when the first node needs it, and returns its URL.
func (w *Workspace) hostsProxy() (string, error) {
	w.hosts.once.Do(func() {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			w.hosts.err = err
			return
		}
		server, ended := &http.Server{Handler: w.hosts, ReadHeaderTimeout: 10 * time.Second}, make(chan struct{})
		go func() {
			defer close(ended)
			_ = server.Serve(listener)
		}()
		w.onClose(func() error { return closeServer(server, ended) })
		w.hosts.proxy = "http://" + listener.Addr().String()
	})
	return w.hosts.proxy, w.hosts.err
}

// dial connects to a host by its name; any other address is taken as it is.
func (h *hosts) dial(ctx context.Context, network, address string) (net.Conn, error) {
	h.mu.RLock()
	if known, ok := h.addresses[address]; ok {
		address = known
	}
	h.mu.RUnlock()
	return new(net.Dialer).DialContext(ctx, network, address)
}

// ServeHTTP is the proxy.
func (h *hosts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect || !h.admit(r.Host) {
		http.Error(w, "not one of ours", http.StatusForbidden)
		return
	}
	if err := h.tunnel(w, r); err != nil {
		http.Error(w, "unreachable", http.StatusBadGateway)
	}
}

func (h *hosts) admit(address string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, known := h.addresses[address]
	if !known {
		h.strangers = append(h.strangers, address)
	}
	return known
}

// tunnel joins a node to a host until one of them closes the connection, which a node
// does at the latest when it ends.
func (h *hosts) tunnel(w http.ResponseWriter, r *http.Request) error {
	host, err := h.dial(r.Context(), "tcp", r.Host)
	if err != nil {
		return err
	}
	node, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return errors.Join(err, host.Close())
	}
	closeBoth := func() { _, _ = node.Close(), host.Close() }
	go func() {
		defer closeBoth()
		_, _ = io.Copy(host, buffered)
	}()
	defer closeBoth()
	if _, err := io.WriteString(node, "HTTP/1.1 200 OK\r\n\r\n"); err == nil {
		_, _ = io.Copy(node, host)
	}
	return nil
}
