// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// defaultTimeout is how long a request waits for the node, and for who tells whose a resource is.
const defaultTimeout = 5 * time.Second

// Config says what a [Guard] stands before. Rules, Node and URL are needed.
type Config struct {
	Rules Rules
	// Node is the base URL of the internal interface of the data holder's own node, such as
	// http://127.0.0.1:8081. The token is sent there, at each request.
	Node string
	// Client reaches the node; nil: [http.DefaultClient]. Redirects are not followed.
	Client *http.Client
	// URL is the address below which requesters reach what is guarded, such as
	// https://records.example/fhir. A DPoP proof must name it, whatever a request says in Host. Its
	// path is also the path of the requests that come here: guard before anything is stripped
	// of it.
	URL string
	// Read tells what a request asks for, whose body is given (64 KiB at most); nil: it is a
	// request to a FHIR R4 server, for [ReadFHIR]. Its error refuses the request.
	Read func(request *http.Request, body []byte) (Request, error)
	// PatientOf tells about which patient a resource of this server is: of Patient/1 the number,
	// of another resource that of its patient. Its error refuses the request; nil: so are all
	// requests that name a resource by id.
	PatientOf func(ctx context.Context, reference Reference) (consent.BSN, error)
	// Refused is told why a request got nothing; nil: nobody is. The request's address may hold
	// anything: log the refusal.
	Refused func(request *http.Request, refusal Refusal)
	// Timeout is how long all of it may take; 0: five seconds.
	Timeout time.Duration
}

// Guard lets requests through to a record server. Use [New].
type Guard struct {
	config Config
	node   node
	path   string // of URL
	origin string // URL without its path
}

// Decision is what a request that was let through rests on.
type Decision struct {
	// Claims are those of the token. Its patient, Claims.Patient, is the only one whose data may
	// be released.
	Claims Claims
	// Asked is what the request was judged to ask for. Release nothing that is not among its
	// Resources.
	Asked Request
}

// New returns a guard, or an error that lists everything that is wrong with the configuration.
func New(config Config) (*Guard, error) {
	base, errURL := baseURL(config.URL)
	if errURL == nil && base.Scheme != "https" && !loopback(base.Hostname()) {
		errURL = errors.New("https is needed")
	}
	_, errNode := baseURL(config.Node)
	wrong := []error{config.Rules.Validate(), named("the address of what is guarded", errURL), named("the node's address", errNode)}
	if config.Timeout < 0 {
		wrong = append(wrong, errors.New("the timeout is negative"))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	if config.Rules.Categories == nil {
		config.Rules.Categories = DefaultCategories()
	}
	client := http.DefaultClient
	if config.Client != nil {
		client = config.Client
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	guard := &Guard{config: config, node: node{base: config.Node, client: &own}, path: base.EscapedPath()}
	guard.origin = strings.TrimSuffix(config.URL, guard.path)
	if config.Read == nil {
		guard.config.Read = guard.readFHIR
	}
	return guard, nil
}

// baseURL reads an address to which paths can be added.
func baseURL(address string) (*url.URL, error) {
	read, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("no URL") // without what it is
	case read.Scheme != "https" && read.Scheme != "http" || read.Host == "":
		return nil, errors.New("an https or http URL is needed")
	case read.User != nil || strings.ContainsAny(address, "?#") || strings.HasSuffix(address, "/"):
		return nil, errors.New("a URL without user, query, fragment and slash at the end is needed")
	default:
		return read, nil
	}
}

func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

func named(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

type decisionKey struct{}

// DecisionOf returns what a request rests on that a guard let through. Without one, nothing
// was judged: release nothing.
func DecisionOf(ctx context.Context) (Decision, bool) {
	decision, ok := ctx.Value(decisionKey{}).(Decision)
	return decision, ok
}
