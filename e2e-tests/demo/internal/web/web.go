// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package web serves the demo at one address on loopback: a living system (package scene), stories
// that are played in it (stories), and pages that show both (pages), told of every message by a bus
// (events).
//
// It must never listen beyond loopback.
package web

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/pages"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
)

// Config says what is served.
type Config struct {
	Scene scene.Config // its bus is that of the server
	// Address is where it listens, on loopback; where that is taken, it takes any other port. Empty:
	// any port.
	Address string
	Pace    time.Duration // how long a story rests before each step
}

// Server serves the demo until it is closed.
type Server struct {
	URL string // http://localhost:<port>/

	stop   context.CancelFunc
	server *http.Server
	ended  chan struct{}
	player *stories.Player
}

// Start serves the demo.
func Start(config Config) (*Server, error) {
	ctx, stop := context.WithCancel(context.Background())
	server, err := start(ctx, config)
	if err != nil {
		stop()
		return nil, err
	}
	server.stop = stop
	return server, nil
}

func start(ctx context.Context, config Config) (*Server, error) {
	bus := new(events.Bus)
	config.Scene.Bus = bus
	living, err := scene.New(ctx, config.Scene)
	if err != nil {
		return nil, err
	}
	player := stories.NewPlayer(ctx, living, bus, config.Pace)
	shown, err := pages.New(ctx, living, player, bus)
	if err != nil {
		return nil, err
	}
	listener, err := listen(config.Address)
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	s := &Server{
		URL: "http://localhost:" + port + "/", player: player, ended: make(chan struct{}),
		server: &http.Server{Handler: shown.Handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)},
	}
	go func() {
		defer close(s.ended)
		_ = s.server.Serve(listener)
	}()
	return s, nil
}

// anyPort is any port on loopback.
const anyPort = "127.0.0.1:0"

func listen(address string) (net.Listener, error) {
	if address == "" {
		address = anyPort
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		listener, err = net.Listen("tcp", anyPort)
	}
	if err != nil {
		return nil, err
	}
	if bound, tcp := listener.Addr().(*net.TCPAddr); !tcp || !bound.IP.IsLoopback() {
		return nil, errors.Join(errors.New("the demo listens on loopback alone"), listener.Close())
	}
	return listener, nil
}

// Close ends what is played and served.
func (s *Server) Close() {
	s.stop()
	_ = s.server.Close()
	<-s.ended
	s.player.Wait()
}
