// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// patience bounds the reading of a request, its answer, and the end.
const patience = 5 * time.Second

// Serve serves the interface at a loopback address until end is called, and returns its URL.
// Requests that are under way get their answer.
func (c Control) Serve(address string) (url string, end func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, err
	}
	if bound, tcp := listener.Addr().(*net.TCPAddr); !tcp || !bound.IP.IsLoopback() {
		return "", nil, errors.Join(errors.New("the address must be a loopback address: the control knows no passwords"), listener.Close())
	}
	server := &http.Server{
		Handler: c.Handler(), ReadTimeout: patience, WriteTimeout: patience,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0),
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	return "http://" + listener.Addr().String(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		<-served
	}, nil
}
