// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/internal/certdir"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// startIssuer serves Mitz as an issuer, at the host's name, until end is called. Without
// --issuer there is none.
func (o options) startIssuer(dir certdir.Dir, server tls.Certificate, logger *slog.Logger) (mitz *issuer.Issuer, end func(), err error) {
	if o.issuer == "" {
		return nil, func() {}, nil
	}
	client, err := o.walletClient(dir)
	if err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", o.issuer)
	if err != nil {
		return nil, nil, fmt.Errorf("--issuer: %w", err)
	}
	address := "https://" + net.JoinHostPort(o.host, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	mitz, err = issuer.New(issuer.Config{URL: address, Client: client, Logger: logger})
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("--issuer: %w", err), listener.Close())
	}
	served := make(chan struct{})
	serving := &http.Server{
		Handler: mitz, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second,
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, 0),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{server}},
	}
	go func() {
		defer close(served)
		_ = serving.ServeTLS(listener, "", "")
	}()
	return mitz, func() {
		_ = serving.Close()
		<-served
		client.CloseIdleConnections()
	}, nil
}

// walletClient gets the DID documents of wallets. It trusts whom notifications trust, and
// reaches other machines only where that is allowed.
func (o options) walletClient(dir certdir.Dir) (*http.Client, error) {
	servers, err := x509.SystemCertPool()
	if err != nil {
		servers = x509.NewCertPool() // this machine has none
	}
	if err := addAuthorities(servers, "--notify-ca", dir.CA, o.notifyCA); err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if !o.beyondLoopback {
		dialer.Control = onlyLoopback
	}
	return &http.Client{Transport: &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: servers},
	}}, nil
}

// onlyLoopback refuses to dial another address.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	if at, err := netip.ParseAddrPort(address); err != nil || !at.Addr().IsLoopback() {
		return errors.New("wallets are looked up on loopback addresses only")
	}
	return nil
}
