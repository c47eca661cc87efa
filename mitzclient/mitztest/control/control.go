// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package control is the HTTP interface by which a simulator of Mitz is told what to do:
// record, withdraw and list consents, issue credentials, misbehave, list what was asked and
// registered, who subscribed and what they were told.
//
// It is for programs on the same machine: it knows no passwords, and must never listen
// beyond loopback, nor answer a web page in a browser. Patients' numbers are in bodies, as
// it is all about them; they must never be in a URL, an error or a log line.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"text/tabwriter"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// maxBody is how many bytes a request may have.
const maxBody = 64 << 10

// Control is the interface of one simulator.
type Control struct {
	Simulator *mitztest.Simulator
	Curl      string       // a command that gets a Permit; empty: none is shown
	Stop      func()       // ends the program; nil: it cannot be ended
	Logger    *slog.Logger // is told what was done; nil: nobody is
}

// route is one thing that can be asked. To add one is to add a line to routes.
type route struct {
	method, path string
	does         string // for the overview
	body         string // an example; empty: none is read
	handle       func(body []byte) (any, error)
}

func (c Control) routes() []route {
	all := []route{
		{"GET", "/consents", "list the consents on record", "", c.listConsents},
		{"POST", "/consents", "record a consent", exampleConsent, c.record},
		{"POST", "/consents/withdraw", "forget a consent", exampleScope, c.withdraw},
		{"POST", "/consents/forget", "forget all consents of a patient", examplePatient, c.forget},
		{"GET", "/queries", "list what was asked, and what was refused and why", "", c.listQueries},
		{"DELETE", "/queries", "empty that list, and the one of notifications", "", c.emptyQueries},
		{"GET", "/subscriptions", "list who is told when consents change", "", c.listSubscriptions},
		{"GET", "/notifications", "list what was told, and what was answered", "", c.listNotifications},
		{"POST", "/members", "make an organisation a member of the Mitz scheme", exampleMember, c.enroll},
		{"POST", "/credentials", "issue a credential, without OpenID4VCI", exampleCredential, c.issue},
		{"GET", "/credentials", "list what was issued, and whether it was revoked", "", c.listIssued},
		{"POST", "/members/end", "end a membership, and revoke its credentials", exampleMember, c.endMembership},
		{"GET", "/registrations", "list the consents that were registered, and whether they are in force", "", c.listRegistrations},
		{"POST", "/registrations/process", "have what was registered be in force", "", c.processRegistrations},
		{"GET", "/behaviours", "list the ways to misbehave", "", c.listBehaviours},
		{"PUT", "/behaviour", "misbehave, so many times or (without times) until told otherwise", exampleBehaviour, c.misbehave},
		{"DELETE", "/behaviour", "behave again", "", c.behave},
	}
	if c.Curl != "" {
		all = append(all, route{"GET", "/curl", "show a curl command that gets a Permit", "", c.curl})
	}
	if c.Stop != nil {
		all = append(all, route{"POST", "/stop", "end the simulator", "", c.stop})
	}
	return all
}

// Handler serves the interface. Have [Control.Serve] listen.
func (c Control) Handler() http.Handler {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	for _, r := range c.routes() {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, request *http.Request) { c.serve(w, request, r) })
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, c.overview()) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		// The path is not repeated: somebody may have put a patient's number in it.
		refuse(w, http.StatusNotFound, errors.New("there is nothing here, or not with this method: GET / lists what there is"))
	})
	return localOnly(mux)
}

// localOnly refuses what a web page can have a browser send: a page of another origin
// says so, and one that made its own name lead here has that name in Host.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" || !loopback(r.Host) {
			refuse(w, http.StatusForbidden, errors.New("this is for programs on this machine: no Origin, and a loopback address or localhost in Host"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopback(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.Trim(hostPort, "[]")
	}
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

// text is an answer for people; all others are JSON.
type text string

// serve answers one request with what its route gives.
func (c Control) serve(w http.ResponseWriter, r *http.Request, route route) {
	if r.URL.RawQuery != "" {
		refuse(w, http.StatusBadRequest, errors.New("nothing is read from the URL: put it in the body"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusBadRequest, errors.New("the body could not be read, or is more than 64 KiB"))
		return
	}
	if route.body == "" && len(body) > 0 {
		refuse(w, http.StatusBadRequest, errors.New("a body is of no use here"))
		return
	}
	answer, err := route.handle(body)
	if err != nil {
		refuse(w, statusOf(err), err)
		return
	}
	if route.method != http.MethodGet {
		c.Logger.Info("control", "did", route.does)
	}
	write(w, http.StatusOK, answer)
}

// notFoundError says that what was meant is not there.
type notFoundError string

func (e notFoundError) Error() string { return string(e) }

func statusOf(err error) int {
	if _, missing := errors.AsType[notFoundError](err); missing {
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

// done is the answer when there is nothing to tell.
var done = struct {
	Done bool `json:"done"`
}{true}

// refuse says what is wrong, each problem by itself.
func refuse(w http.ResponseWriter, status int, reason error) {
	write(w, status, struct {
		Errors []string `json:"errors"`
	}{strings.Split(reason.Error(), "\n")})
}

func write(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if words, plain := answer.(text); plain {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, string(words))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(answer)
}

// overview lists the routes.
func (c Control) overview() text {
	var page strings.Builder
	_, _ = fmt.Fprintf(&page, "Mitz simulator, for tests only\n\nMitz is simulated at %s\n\nAnswers are JSON. Examples stand for the body of a request.\n\n", c.Simulator.Endpoint())
	table := tabwriter.NewWriter(&page, 0, 0, 2, ' ', 0)
	for _, r := range c.routes() {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", r.method, r.path, r.does)
		if r.body != "" {
			_, _ = fmt.Fprintf(table, "\t\t%s\n", r.body)
		}
	}
	_ = table.Flush() // a Builder does not fail
	return text(page.String())
}

func (c Control) curl([]byte) (any, error) { return text(c.Curl), nil }

func (c Control) stop([]byte) (any, error) {
	c.Stop()
	return done, nil
}
