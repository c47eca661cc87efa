// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
)

// The bounds of a connection and a request. A client that is known can still be slow, or broken.
const (
	headerTime = 5 * time.Second  // to send the header of a request
	bodyTime   = 10 * time.Second // to send all of it
	answerTime = 15 * time.Second // to decide and answer, beyond the time of a consult
	idleTime   = 2 * time.Minute
	maxHeader  = 16 << 10
	// maxRunning is how many requests are decided at once, of all clients together. What waits for
	// Mitz costs little, and a client that gets no answer takes it for a fault.
	maxRunning = 1000
)

// Parts are what a server is made of. All are needed but URL.
type Parts struct {
	Address string // where it listens: host and port
	// URL is where clients reach it, without a slash at its end; empty: at Address. There are no
	// metadata when that is every address of the machine.
	URL    string
	Access *Access
	Point  authzen.Point
	// Listed reports whether a subject is a data holder. There is nothing at any other.
	Listed func(subject string) bool
	// Health tells the state of what a decision rests on; Metrics serves the counts. Neither may
	// tell anything of a client or a patient: everybody can see them.
	Health, Metrics http.Handler

	Timeout time.Duration // of one consult
	Hooks   ServerHooks
}

// ServerHooks are told what the server does not answer. None is nil.
type ServerHooks struct {
	// Stranger came from an address that may not ask.
	Stranger func(from string, why Stranger)
	// Broken tells that no connection came about, such as for a certificate that nobody vouches
	// for.
	Broken func(from string)
	// Busy tells that a request was refused because too many run.
	Busy func()
	// Panicked is called while a panic is recovered.
	Panicked func()
	// Trouble tells of trouble of the system with connections.
	Trouble func(text string)
}

// Server is a decision point that can be asked.
type Server struct {
	parts   Parts
	authzen *authzen.Server
	http    *http.Server
	turns   chan struct{}

	listener net.Listener
	base     string // where clients reach it
	ended    chan error
}

// New returns a server that does not listen yet.
func New(parts Parts) *Server {
	s := &Server{parts: parts, turns: make(chan struct{}, maxRunning), ended: make(chan error, 1)}
	s.authzen = authzen.NewServer(parts.Point, s.turn)
	s.http = &http.Server{
		Handler: s.recovering(s.routes()), ErrorLog: log.New(errorLog{parts.Hooks}, "", 0),
		ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: parts.Timeout + answerTime,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context { return withConnection(ctx) },
	}
	return s
}

// Listen takes the address, and fails when it cannot be had or is another than it was taken for.
// It answers nothing yet.
func (s *Server) Listen(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.parts.Address)
	if err != nil {
		return fmt.Errorf("pdp.address: %w", err)
	}
	bound, isTCP := listener.Addr().(*net.TCPAddr)
	if !isTCP || IsLoopback(s.parts.Address) && !bound.IP.IsLoopback() {
		return errors.Join(errors.New("pdp.address: it is not an address of this machine alone: write 127.0.0.1"), listener.Close())
	}
	s.base = s.parts.URL
	if s.base == "" && !bound.IP.IsUnspecified() {
		s.base = s.scheme() + "://" + listener.Addr().String()
	}
	s.listener = listener
	return nil
}

func (s *Server) scheme() string {
	if s.parts.Access.encrypts() {
		return "https"
	}
	return "http"
}

// Base is where clients reach the server, once it listens; empty: it cannot be told.
func (s *Server) Base() string { return s.base }

// Listens returns the address at which the server listens.
func (s *Server) Listens() string { return s.listener.Addr().String() }

// Start begins to answer.
func (s *Server) Start() {
	s.parts.Access.Start()
	serve := s.http.Serve
	if s.parts.Access.encrypts() {
		s.http.TLSConfig = s.parts.Access.tls()
		serve = func(listener net.Listener) error { return s.http.ServeTLS(listener, "", "") }
	}
	go func() { s.ended <- serve(s.listener) }()
}

// Ended tells when the server ends by itself, and why.
func (s *Server) Ended() <-chan error { return s.ended }

// Stop lets nothing begin any more, and waits for what runs, but not longer than so. Then it
// ends the connections.
func (s *Server) Stop(most time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(errors.New("requests did not end"), s.http.Close())
	}
	s.parts.Access.Stop()
	return err
}

// IsLoopback reports whether an address, a host with a port, is of this machine alone.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}
