// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Config says where an [Issuer] is reached and how long what it issues is good for.
type Config struct {
	// URL is the https address by which wallets and verifiers reach it: a host, perhaps with a
	// port, and no path. Its did:web is that of the host.
	URL string
	// Client gets the DID documents of wallets. Nil means one that trusts the CAs of this machine.
	Client *http.Client
	// Lifetime is how long an attestation is valid. Zero means an hour.
	Lifetime time.Duration
	// Logger is told of what is issued, revoked and refused, without patients' numbers. Nil
	// means nobody is.
	Logger *slog.Logger
	// Clock gives the time. Nil means time.Now.
	Clock func() time.Time
	// Demand is what it wants to see before it issues anything. Nil means nothing.
	Demand *Demand
}

// Issuer is Mitz as an issuer. Its methods may be called from any goroutine.
type Issuer struct {
	url, did string
	key      *ecdsa.PrivateKey
	client   *http.Client
	lifetime time.Duration
	logger   *slog.Logger
	clock    func() time.Time
	demand   *Demand
	public   *http.ServeMux

	mu      sync.Mutex
	decide  func(consent.Question) consent.Decisions
	members map[Member]time.Time // since when
	issued  []issued             // by the index on the status list
	flow    flow
}

// New makes an issuer with a new key. It issues no attestation before [Issuer.DecideBy].
func New(config Config) (*Issuer, error) {
	address, err := url.Parse(config.URL)
	if err != nil || address.Scheme != "https" || address.Host == "" || address.Path != "" || address.RawQuery != "" || address.Fragment != "" || address.User != nil {
		return nil, errors.New("issuer: the address must be https, a host and perhaps a port, without a path")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	issuer := &Issuer{
		url: config.URL, did: "did:web:" + strings.ReplaceAll(address.Host, ":", "%3A"), key: key,
		client: config.Client, lifetime: config.Lifetime, logger: config.Logger, clock: config.Clock, demand: config.Demand,
		members: map[Member]time.Time{}, flow: newFlow(),
	}
	if issuer.client == nil {
		issuer.client = &http.Client{}
	}
	if issuer.lifetime == 0 {
		issuer.lifetime = time.Hour
	}
	if issuer.logger == nil {
		issuer.logger = slog.New(slog.DiscardHandler)
	}
	if issuer.clock == nil {
		issuer.clock = time.Now
	}
	issuer.public = issuer.routes()
	return issuer, nil
}

// URL is the credential issuer's identifier, and that of its authorization server.
func (i *Issuer) URL() string { return i.url }

// DID is the issuer of its credentials.
func (i *Issuer) DID() string { return i.did }

// DecideBy has it attest what this decides, as the closed query is decided. The function may
// not call the issuer.
func (i *Issuer) DecideBy(decide func(consent.Question) consent.Decisions) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.decide = decide
}

// maxBody is how many bytes a request may have.
const maxBody = 16 << 10

func (i *Issuer) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/did.json", i.serveDID)
	mux.HandleFunc("GET /.well-known/openid-credential-issuer", i.serveIssuerMetadata)
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", i.serveServerMetadata)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	if i.demand != nil {
		mux.HandleFunc("GET /.well-known/openid-configuration", i.serveConfiguration)
		mux.HandleFunc("POST "+presentedPath, i.presented)
	}
	mux.HandleFunc("POST /credential", i.credential)
	mux.HandleFunc("GET "+statusListPath, i.serveStatusList)
	return mux
}

// ServeHTTP is what wallets, browsers and verifiers reach at the issuer's address.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	i.public.ServeHTTP(w, r.WithContext(ctx))
}
