// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	startAttempts = 3
	startTime     = time.Minute
	pollInterval  = 10 * time.Millisecond
	tailLines     = 25
)

// Node is a running Nuts node with TLS in front of it.
type Node struct {
	API // its internal API

	Name string
	// URL is the public address: https://localhost:<port>, or the strict node's own name,
	// without a slash at the end.
	URL string
	// StartTime is how long it took until the node was up.
	StartTime time.Duration

	process *process
	proxy   *proxy
	public  string // address behind the proxy
}

// StartNode starts a node and waits until it is up. It fails at once, with the end of
// the log, when the process ends first. The workspace stops it; [Node.Stop] does so
// earlier.
func (w *Workspace) StartNode(ctx context.Context, config NodeConfig) (*Node, error) {
	config.Name = w.unique(config.Name)
	front, err := w.startProxy(config.Name)
	if err != nil {
		return nil, err
	}
	if config.Strict {
		front.url = w.nameHost(config.Name, front.url)
	}
	var errs []error
	for range startAttempts {
		node, err := w.tryStart(ctx, config, front)
		if err == nil {
			return node, nil
		}
		errs = append(errs, err)
		if !errors.Is(err, errNotBound) || ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// errNotBound says that the node did not get its ports. It does not say so itself: it
// just never answers.
var errNotBound = errors.New("the node did not come up on its ports")

func (w *Workspace) tryStart(ctx context.Context, config NodeConfig, front *proxy) (*Node, error) {
	started := time.Now()
	child, ports, err := w.launch(config, front.url)
	if err != nil {
		return nil, err
	}
	node := &Node{
		API:  API{base: "http://" + ports.address(internalPort), client: w.Client()},
		Name: config.Name, URL: front.url, process: child, proxy: front, public: "http://" + ports.address(publicPort),
	}
	ctx, cancel := context.WithTimeout(ctx, w.startTime)
	defer cancel()
	if err := node.awaitUp(ctx); err != nil {
		child.kill() // a node that waits for its ports does not listen to SIGTERM
		return nil, fmt.Errorf("%s: %w\n%s", config.Name, err, child.logTail())
	}
	node.StartTime = time.Since(started)
	front.target.Store(&node.public)
	w.onClose(front.rest) // before the node is stopped
	return node, nil
}

// launch writes the configuration and starts the process, which keeps its ports claimed
// until the workspace is closed.
func (w *Workspace) launch(config NodeConfig, url string) (*process, *PortBlock, error) {
	dir := w.Path(config.Name)
	ports, err := ReservePorts()
	if err != nil {
		return nil, nil, err
	}
	w.onClose(func() error { ports.Release(); return nil })
	if w.beforeLaunch != nil {
		w.beforeLaunch(ports)
	}
	file, err := config.write(dir, url, ports)
	if err != nil {
		return nil, nil, err
	}
	proxy, err := w.proxyOf(config)
	if err != nil {
		return nil, nil, err
	}
	command := exec.Command(config.Binary, "server", "--configfile", file)
	command.Dir = dir
	command.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir,
		// The node writes every presentation that it makes to a temporary file.
		"TMPDIR=" + filepath.Join(dir, "tmp"),
		"SSL_CERT_FILE=" + w.trustFile(), "SSL_CERT_DIR=" + w.Path("trust"),
	}, append(proxy, config.Env...)...)
	child, err := startProcess(config.Name, command, w.logFile(config.Name))
	if err != nil {
		return nil, nil, err
	}
	w.onClose(child.stop)
	return child, ports, nil
}

// proxyOf is the environment by which a strict node finds the others.
func (w *Workspace) proxyOf(config NodeConfig) ([]string, error) {
	if !config.Strict {
		return nil, nil
	}
	proxy, err := w.hostsProxy()
	return []string{"HTTPS_PROXY=" + proxy}, err
}

// awaitUp waits until both interfaces answer, and the guard is started, which it is after them:
// the node runs on with one of the interfaces when the other cannot be bound.
func (n *Node) awaitUp(ctx context.Context) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if n.answers(ctx, n.base) && n.answers(ctx, n.public) && n.guards(ctx) {
			return nil
		}
		select {
		case <-n.process.done:
			return fmt.Errorf("ended with exit status %d", n.process.exitCode())
		case <-ctx.Done():
			return errors.Join(errNotBound, ctx.Err())
		case <-ticker.C:
		}
	}
}

func (n *Node) answers(ctx context.Context, base string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/status", nil)
	if err != nil {
		return false
	}
	response, err := n.client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// healthTime is how long the health check may take: the node's own waits for its databases.
const healthTime = 5 * time.Second

// guards reports whether the node's health does not say that its guard is down. A stock node has
// none, and one whose health does not answer cannot be waited for.
func (n *Node) guards(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	health, err := n.Get(ctx, "/health")
	return err != nil || !health.Contains(`"mitz.guard":{"status":"DOWN"`)
}

// Stop ends the node and waits for it. It may be called more than once.
func (n *Node) Stop() error { return errors.Join(n.proxy.rest(), n.process.stop()) }

// Kill ends the node at once, as a machine that fails does; see [Node.Restart].
func (n *Node) Kill() { n.process.kill() }

// Restart starts the node again, with all that it had, when it was killed or stopped. The
// workspace stops it.
func (n *Node) Restart(ctx context.Context, w *Workspace) error {
	n.process.kill()
	before := n.process.command
	command := exec.Command(before.Path, before.Args[1:]...)
	command.Dir, command.Env = before.Dir, before.Env
	child, err := startProcess(n.process.name, command, n.process.logPath)
	if err != nil {
		return err
	}
	w.onClose(child.stop)
	n.process = child
	ctx, cancel := context.WithTimeout(ctx, w.startTime)
	defer cancel()
	if err := n.awaitUp(ctx); err != nil {
		return fmt.Errorf("%s: %w\n%s", n.Name, err, child.logTail())
	}
	n.proxy.target.Store(&n.public)
	return nil
}

// GetPublic gets a path of the node's public interface, without the TLS in front of it.
func (n *Node) GetPublic(ctx context.Context, path string) (Answer, error) {
	return do(ctx, n.client, http.MethodGet, n.public+path, http.Header{"Accept": {"application/json"}}, nil)
}

// PID is the process id of the running node, to measure it.
func (n *Node) PID() int { return n.process.command.Process.Pid }

// ExitCode is the exit status after [Node.Stop], -1 before.
func (n *Node) ExitCode() int { return n.process.exitCode() }

// LogFile is the path of the node's log.
func (n *Node) LogFile() string { return n.process.logPath }

// PublicURL is the node's public interface without the TLS in front of it, to measure
// the node alone.
func (n *Node) PublicURL() string { return n.public }

// Issuer is the OAuth authorization server of a subject on this node.
func (n *Node) Issuer(subject string) string { return n.URL + "/oauth2/" + subject }
