// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/tlsfile"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/control"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/internal/certdir"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/internal/consentfile"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/internal/sample"
)

// simulate runs the simulator until it is told to end.
func (o options) simulate(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	consents, err := o.readConsents()
	if err != nil {
		return err
	}
	dir, made, clean, err := o.openDir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clean()) }()
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	simulator, end, err := o.start(dir, logger)
	if err != nil {
		return err
	}
	defer end()
	for _, each := range consents {
		if err := simulator.Record(each); err != nil {
			return err
		}
	}
	command := sample.Curl(o.curlClient(dir), simulator.ClosedQueryURL())
	address, closeControl, err := control.Control{Simulator: simulator, Curl: command, Stop: stop, Logger: logger}.Serve(o.control)
	if err != nil {
		return fmt.Errorf("--control: %w", err)
	}
	defer closeControl()
	if o.untilInputEnds {
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			stop()
		}()
	}
	page := page{
		simulator: simulator, control: address, dir: dir, made: made, own: o.serverCert, exposed: o.beyondLoopback,
		consents: len(simulator.Consents()), command: command,
	}
	if _, err := io.WriteString(stdout, page.String()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (o options) readConsents() ([]mitztest.Consent, error) {
	if o.consents == "" {
		return nil, nil
	}
	file, err := os.Open(o.consents)
	if err != nil {
		return nil, fmt.Errorf("--consents: %w", err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, consentfile.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("--consents: %w", err)
	}
	consents, err := consentfile.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("--consents: %s:\n%w", o.consents, err)
	}
	return consents, nil
}

// openDir returns the directory of certificates, and what removes it if it is temporary.
func (o options) openDir() (dir certdir.Dir, made bool, clean func() error, err error) {
	path, clean := o.dir, func() error { return nil }
	if path == "" {
		if path, err = os.MkdirTemp("", "mitz-simulator-*"); err != nil {
			return dir, false, nil, err
		}
		clean = func() error { return os.RemoveAll(path) }
	}
	dir, made, err = certdir.Open(path, o.host, time.Now())
	if err != nil {
		return dir, false, nil, errors.Join(fmt.Errorf("--dir: %w", err), clean())
	}
	return dir, made, clean, nil
}

// start starts the simulator with its own certificates or the ones that were given.
func (o options) start(dir certdir.Dir, logger *slog.Logger) (simulator *mitztest.Simulator, end func(), err error) {
	certificate, key := dir.ServerCert, dir.ServerKey
	if o.serverCert != "" {
		certificate, key = o.serverCert, o.serverKey
	}
	server, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, nil, fmt.Errorf("the server's certificate: %w", err)
	}
	if err := server.Leaf.VerifyHostname(o.host); err != nil {
		return nil, nil, fmt.Errorf("the server's certificate: %w: name the right one with --host", err)
	}
	clients := x509.NewCertPool()
	if err := addAuthorities(clients, "--client-ca", dir.CA, o.clientCA); err != nil {
		return nil, nil, err
	}
	notify, err := o.notify(dir)
	if err != nil {
		return nil, nil, err
	}
	issuer, endIssuer, err := o.startIssuer(dir, server, logger)
	if err != nil {
		return nil, nil, err
	}
	simulator, err = mitztest.Start(mitztest.Config{
		Address: o.listen, BeyondLoopback: o.beyondLoopback, Host: o.host,
		Certificate: server, ClientCAs: clients, Notify: notify, Issuer: issuer, Logger: logger, Processing: o.processing,
	})
	if err != nil {
		endIssuer()
		return nil, nil, err
	}
	return simulator, func() { simulator.Close(); endIssuer() }, nil
}

// notify returns what carries notifications: with the client's certificate, as the simulator
// needs one and has no other.
func (o options) notify(dir certdir.Dir) (*http.Transport, error) {
	client, err := tls.LoadX509KeyPair(dir.ClientCert, dir.ClientKey)
	if err != nil {
		return nil, fmt.Errorf("the client's certificate: %w", err)
	}
	servers, err := x509.SystemCertPool()
	if err != nil {
		servers = x509.NewCertPool() // this machine has none
	}
	if err := addAuthorities(servers, "--notify-ca", dir.CA, o.notifyCA); err != nil {
		return nil, err
	}
	return &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: servers, Certificates: []tls.Certificate{client},
	}}, nil
}

// addAuthorities adds the CAs of files; a file without a name is none.
func addAuthorities(pool *x509.CertPool, flag string, files ...string) error {
	for _, file := range files {
		if file == "" {
			continue
		}
		authorities, err := tlsfile.Authorities(file)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", flag, file, err)
		}
		for _, each := range authorities {
			pool.AddCert(each)
		}
	}
	return nil
}

// curlClient is what the printed command needs. A server's certificate of your own is
// trusted by itself: of its CA nothing is known here.
func (o options) curlClient(dir certdir.Dir) sample.Client {
	client := sample.Client{CA: dir.CA, Certificate: dir.ClientCert, Key: dir.ClientKey}
	if o.serverCert != "" {
		client.CA = o.serverCert
	}
	return client
}
