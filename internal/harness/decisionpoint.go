// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// PointConfig says which decision point without a node to start.
type PointConfig struct {
	Name   string // names its log and directory
	Binary string
	Mitz   MitzConfig
	// PDP are lines of the section mitz.pdp besides the address, as YAML below no key.
	PDP string
	TLS bool // PDP gives it a certificate
	// YAML is a whole section mitz in the place of Mitz and PDP, in which [PointAddress] stands
	// for the address.
	YAML string
	// Env are further environment variables, as "NUTS_MITZ_TIMEOUT=1s".
	Env []string
}

// PointAddress stands in [PointConfig.YAML] for the address at which the decision point listens.
const PointAddress = "${address}"

// Point is a decision point without a node that runs. It has no internal API but what is at
// /status, /health and /metrics.
type Point struct {
	API
	Dir     string // in which it runs
	process *process
}

// StartPoint starts a decision point and waits until it answers. It fails at once, with the end
// of the log, when the process ends first. The workspace stops it.
func (w *Workspace) StartPoint(ctx context.Context, config PointConfig) (*Point, error) {
	config.Name = w.unique(config.Name)
	ports, err := ReservePorts()
	if err != nil {
		return nil, err
	}
	w.onClose(func() error { ports.Release(); return nil })
	section, err := config.section(ports.address(1))
	if err != nil {
		return nil, err
	}
	point := &Point{API: API{base: "http://" + ports.address(1), client: w.Client()}, Dir: w.Path(config.Name)}
	if config.TLS {
		point.base = fmt.Sprintf("https://localhost:%d", ports.Port(1))
	}
	if err := os.Mkdir(point.Dir, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(point.Dir, "nuts.yaml")
	if err := os.WriteFile(file, []byte("url: https://localhost\nstrictmode: false\nverbosity: debug\n"+section), 0o600); err != nil {
		return nil, err
	}
	command := exec.Command(config.Binary, "mitz", "pdp", "--configfile", file)
	command.Dir = point.Dir
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + point.Dir}, config.Env...)
	if point.process, err = startProcess(config.Name, command, w.logFile(config.Name)); err != nil {
		return nil, err
	}
	w.onClose(point.process.stop)
	return point, point.awaitUp(ctx)
}

// section is the section mitz.
func (c PointConfig) section(address string) (string, error) {
	if c.YAML != "" {
		return strings.ReplaceAll(c.YAML, PointAddress, address), nil
	}
	section, err := c.Mitz.YAML()
	return fmt.Sprintf("%s  pdp:\n    address: %q\n%s", section, address, c.PDP), err
}

// awaitUp waits until it answers.
func (p *Point) awaitUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if answer, err := p.Get(ctx, "/status"); err == nil && answer.Contains("OK") {
			return nil
		}
		select {
		case <-p.process.done:
			return fmt.Errorf("ended with exit status %d\n%s", p.process.exitCode(), p.process.logTail())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("does not answer\n%s", p.process.logTail()), ctx.Err())
		case <-ticker.C:
		}
	}
}

// URL is where the clients of a data holder ask.
func (p *Point) URL(subject string) string { return p.base + "/internal/mitz/authzen/" + subject }

// Stop asks it to end, and waits for that.
func (p *Point) Stop() error { return p.process.stop() }

// PID is its process id, to measure it.
func (p *Point) PID() int { return p.process.command.Process.Pid }

// ExitCode is its exit status after [Point.Stop], -1 before.
func (p *Point) ExitCode() int { return p.process.exitCode() }

// WriteServer issues a certificate as [CA.Server] does, and writes it and its key to files.
func (c *CA) WriteServer(name, dir string) (certificateFile, keyFile string, err error) {
	certificate, err := c.Server(name)
	if err != nil {
		return "", "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		return "", "", err
	}
	certificateFile, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	return certificateFile, keyFile, errors.Join(
		os.WriteFile(certificateFile, certificatePEM(certificate.Certificate[0]), 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600),
	)
}
