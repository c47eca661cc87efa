// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

const (
	// basePath is where the test environment of Mitz keeps its services.
	basePath = "/tst-us/mitz"
	// closedQueryPath follows the base path.
	closedQueryPath = "/geslotenautorisatievraag/xacml3"
	// openQueryPath likewise.
	openQueryPath = "/openautorisatievraag"
	// redirectedPath is where [Redirect] sends a client to; a client must not follow.
	redirectedPath = "/redirected"
	// handshakeLimit bounds a TLS handshake and the reading of HTTP headers.
	handshakeLimit = 10 * time.Second
)

// Config says where a [Simulator] listens and whom it trusts. [Identity.Config]
// gives one that works.
type Config struct {
	// Address is a loopback address and port. Empty means 127.0.0.1 and a free port.
	Address string
	// BeyondLoopback allows other addresses. Whoever reaches one of those, and has a
	// client certificate, gets answers that nobody should take for Mitz's.
	BeyondLoopback bool
	// Host is the name by which clients reach the simulator: it is in the endpoint, and
	// so in wsa:To. Empty means localhost.
	Host string
	// Certificate is the server's; it must be valid for Host.
	Certificate tls.Certificate
	// ClientCAs are the issuers of client certificates that are let in. It may not be nil.
	ClientCAs *x509.CertPool
	// Notify carries notifications to who subscribed. Its TLS configuration has the certificate
	// by which the simulator makes itself known, and whom it trusts. Without a DialContext,
	// addresses beyond loopback are reached only where BeyondLoopback allows it. Nil means no
	// certificate, and trust in the CAs of this machine.
	Notify *http.Transport
	// Issuer is Mitz as an issuer of credentials, which attest what is decided here. Nil means
	// that it issues none. Whoever gives it has it served at its own address.
	Issuer *issuer.Issuer
	// Processing is how long after it was registered a consent is in force. 0: it is when
	// [Simulator.Process] is called.
	Processing time.Duration
	// clock gives the times in the log. Nil means time.Now. TLS keeps to the machine's clock.
	clock func() time.Time
	// Logger is told of each query, refusal and failed handshake, without the patient's
	// number. Nil means nobody is.
	Logger *slog.Logger
}

// Simulator is a Mitz of one's own. Its methods may be called from any goroutine.
type Simulator struct {
	register      register      // the patients' consents
	subscribers   subscribers   // who is told when they change
	postman       postman       // tells them
	registrations registrations // consents that data holders registered
	processing    time.Duration // until those are in force; 0: until Process
	journal       journal       // what was asked and told
	conduct       conduct       // how to behave
	openRules     openRules     // of open queries
	changing      sync.Mutex    // held while consents change and what is to be told is queued

	issuer *issuer.Issuer // nil: it issues nothing

	host    string // name and port
	clock   func() time.Time
	logger  *slog.Logger
	server  *http.Server
	closing chan struct{} // closed by Close
	once    sync.Once
	serving sync.WaitGroup // the accepting goroutine
	conns   sync.WaitGroup // one for each connection, handlers included
}

// Start listens and serves until [Simulator.Close].
//
// Clients must present a certificate of one of the ClientCAs (TLS 1.2 or newer),
// and its key must be RSA, as Mitz's must be.
func Start(cfg Config) (*Simulator, error) {
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:0"
	}
	if cfg.Host == "" {
		cfg.Host = "localhost"
	}
	if cfg.clock == nil {
		cfg.clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("mitz simulator: %w", err)
	}
	listener, err := net.Listen("tcp", cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("mitz simulator: %w", err)
	}
	s := &Simulator{
		host:    net.JoinHostPort(cfg.Host, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)),
		clock:   cfg.clock,
		logger:  cfg.Logger,
		closing: make(chan struct{}),
		issuer:  cfg.Issuer,

		processing:  cfg.Processing,
		openRules:   openRules{authorities: cfg.ClientCAs},
		register:    register{key: newPatientKey()},
		subscribers: subscribers{key: newPatientKey(), byID: map[string]Subscription{}, about: map[[32]byte][]string{}},
	}
	s.followConsents()
	s.postman.start(s, cfg.transport())
	s.server = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: handshakeLimit,
		ConnState:         s.count,
		ErrorLog:          log.New(handshakeLog{cfg.Logger}, "", 0),
	}
	s.serving.Go(func() { _ = s.server.Serve(tls.NewListener(listener, cfg.tls())) })
	return s, nil
}

// validate refuses what would be reachable from outside or let everyone in.
func (cfg Config) validate() error {
	host, _, err := net.SplitHostPort(cfg.Address)
	if err != nil {
		return err
	}
	if address, err := netip.ParseAddr(host); !cfg.BeyondLoopback && host != "localhost" && (err != nil || !address.IsLoopback()) {
		return errors.New("the address must be a loopback address: never for real patients")
	}
	if len(cfg.Certificate.Certificate) == 0 {
		return errors.New("a server certificate is needed")
	}
	if cfg.ClientCAs == nil {
		return errors.New("the issuers of client certificates are needed")
	}
	return nil
}

func (cfg Config) tls() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cfg.Certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    cfg.ClientCAs,
		NextProtos:   []string{"http/1.1"},
	}
}

// count follows connections, so that Close can wait for them. A new one is counted
// by the accepting goroutine, hence never after that has ended.
func (s *Simulator) count(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
		select {
		case <-s.closing: // the server may have overlooked this one
			_ = conn.Close()
		default:
		}
	case http.StateClosed, http.StateHijacked:
		s.conns.Done()
	}
}

// Endpoint returns the base URL, which an operator writes in mitz.endpoint.
func (s *Simulator) Endpoint() string {
	return "https://" + s.host + basePath
}

// ClosedQueryURL returns the URL of the closed query, which wsa:To must name.
func (s *Simulator) ClosedQueryURL() string { return s.Endpoint() + closedQueryPath }

// OpenQueryURL returns the URL of the open query, likewise.
func (s *Simulator) OpenQueryURL() string { return s.Endpoint() + openQueryPath }

// Close ends the simulator and waits for its goroutines, hanging handlers included.
// Notifications that were not sent yet are not sent.
// It may be called more than once.
func (s *Simulator) Close() {
	s.once.Do(func() {
		close(s.closing)
		_ = s.server.Close()
		s.postman.end()
	})
	s.postman.wait()
	s.serving.Wait()
	s.conns.Wait()
}
