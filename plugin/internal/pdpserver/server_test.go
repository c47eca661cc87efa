// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
)

func TestWhatIsServed(t *testing.T) {
	server := start(t, Files{}, nil, nil)
	at := Prefix + "hospital-east"
	for _, tc := range []struct {
		method, path string
		status       int
		body         string // empty: whatever it is
	}{
		{"POST", at + "/access/v1/evaluation", 200, `{"decision":true}`},
		{"POST", at + "/access/v1/evaluations", 200, `{"decision":true}`},
		{"GET", at + "/access/v1/evaluation", 405, ""},
		{"POST", at + "/access/v1/search/subject", 404, ""},
		{"POST", Prefix + "access/v1/evaluation", 404, ""},
		{"POST", "/access/v1/evaluation", 404, ""},
		{"POST", Prefix + "/access/v1/evaluation", 404, ""},
		{"GET", "/.well-known/authzen-configuration" + at, 200, `{"policy_decision_point":"` + server.Base() + at + `","access_evaluation_endpoint":"` +
			server.Base() + at + `/access/v1/evaluation","access_evaluations_endpoint":"` + server.Base() + at + `/access/v1/evaluations"}`},
		{"GET", at + "/.well-known/authzen-configuration", 200, ""},
		{"GET", "/.well-known/authzen-configuration" + Prefix + "a%20b%2Fc", 200, ""},
		{"POST", Prefix + "hospital-north/access/v1/evaluation", 404, ""},
		{"GET", "/.well-known/authzen-configuration" + Prefix + "hospital-north", 404, ""},
		{"GET", "/.well-known/authzen-configuration", 404, ""},
		{"GET", "/status", 200, "OK"},
		{"GET", "/health", 200, "health"},
		{"GET", "/metrics", 200, "counts"},
		{"GET", "/", 404, ""},
		{"POST", "/internal/auth/v2/accesstoken/introspect", 404, ""},
	} {
		given := server.send(t, http.DefaultClient, tc.method, tc.path)
		assert.Equal(t, tc.status, given.status, "%s %s", tc.method, tc.path)
		if tc.body != "" {
			assert.Equal(t, tc.body, given.body, "%s %s", tc.method, tc.path)
		}
	}
	assert.Equal(t, []string{"hospital-east", "hospital-east"}, server.point.asked())
	http.DefaultClient.CloseIdleConnections()
}

func TestTheSubjectOfAPath(t *testing.T) {
	server := start(t, Files{}, nil, func(p *Parts) { p.URL = "https://pdp.example" })
	client := httpClient(t, newIdentity(t), nil)
	for _, subject := range []string{"hospital-east", "a b/c", "ziekenhuis-é"} {
		path := strings.TrimPrefix(server.Address(subject), "https://pdp.example")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+server.Listens()+path+"/access/v1/evaluation", strings.NewReader(question))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, 200, response.StatusCode, subject)
	}
	assert.Equal(t, []string{"hospital-east", "a b/c", "ziekenhuis-é"}, server.point.asked())
}

func TestClientsWithTokens(t *testing.T) {
	files := Files{Tokens: write(t, filepath.Join(t.TempDir(), "tokens"), goodToken+"\n"+otherToken)}
	server := start(t, files, nil, nil)
	client := httpClient(t, newIdentity(t), nil)
	for _, tc := range []struct {
		name      string
		headers   []string
		status    int
		challenge string
		why       Stranger
	}{
		{"a token", []string{"Authorization", "Bearer " + goodToken}, 200, "", ""},
		{"another token", []string{"Authorization", "Bearer " + otherToken}, 200, "", ""},
		{"no token", nil, 401, `Bearer realm="decision point"`, NoToken},
		{"a wrong token", []string{"Authorization", "Bearer " + goodToken + "x"}, 401, `Bearer realm="decision point", error="invalid_token"`, UnknownToken},
		{"a password", []string{"Authorization", "Basic " + goodToken}, 401, `Bearer realm="decision point", error="invalid_token"`, UnknownToken},
	} {
		asked, before := len(server.point.asked()), len(server.told.all())
		given := server.ask(t, client, evaluation, tc.headers...)
		assert.Equal(t, tc.status, given.status, tc.name)
		assert.Equal(t, tc.challenge, given.header.Get("WWW-Authenticate"), tc.name)
		if tc.why != "" {
			assert.Len(t, server.point.asked(), asked, tc.name)
			assert.Equal(t, []string{string(tc.why) + " 127.0.0.1"}, server.told.all()[before:], tc.name)
			assert.NotContains(t, given.body, goodToken)
		}
	}
	for _, path := range []string{"/status", "/health", "/metrics", "/.well-known/authzen-configuration" + Prefix + "hospital-east"} {
		given := server.send(t, client, "GET", path)
		assert.Equal(t, 200, given.status, "%s tells nothing of a patient", path)
	}
}

func TestClientsWithCertificates(t *testing.T) {
	identity, stranger := newIdentity(t), newIdentity(t)
	files := serverFiles(t, identity)
	files.ClientCAs = write(t, filepath.Join(t.TempDir(), "clients.pem"), string(identity.CAPEM()))
	server := start(t, files, []string{"gateway.example", "node.example"}, nil)
	later := time.Now().Add(time.Hour)

	right := httpClient(t, identity, client(t, identity, "gateway.example", later))
	given := server.ask(t, right, evaluation)
	assert.Equal(t, 200, given.status)
	assert.Equal(t, 2, given.protocol)

	for name, tc := range map[string]struct {
		client *http.Client
		why    Stranger
	}{
		"none":           {httpClient(t, identity, nil), NoCertificate},
		"another's name": {httpClient(t, identity, client(t, identity, "somebody.example", later)), UnknownCertificate},
	} {
		asked, before := len(server.point.asked()), len(server.told.all())
		given := server.ask(t, tc.client, evaluation)
		assert.Equal(t, 403, given.status, name)
		assert.Empty(t, given.header.Get("WWW-Authenticate"), name)
		assert.Len(t, server.point.asked(), asked, name)
		assert.Equal(t, []string{string(tc.why) + " 127.0.0.1"}, server.told.all()[before:], name)
	}
	for name, certificate := range map[string]*http.Client{
		"of another CA": httpClient(t, identity, client(t, stranger, "gateway.example", later)),
		"that expired":  httpClient(t, identity, client(t, identity, "gateway.example", time.Now().Add(-time.Minute))),
	} {
		asked, before := len(server.point.asked()), len(server.told.all())
		assert.Zero(t, server.try(certificate), name)
		assert.Len(t, server.point.asked(), asked, name)
		assert.EventuallyWithT(t, func(c *assert.CollectT) {
			assert.Equal(c, []string{"broken 127.0.0.1"}, server.told.all()[before:], name)
		}, 30*time.Second, time.Millisecond)
	}
	given = server.send(t, httpClient(t, identity, nil), "GET", "/status")
	assert.Equal(t, 200, given.status, "a probe has no certificate")

	t.Run("what changes counts for connections that are there", func(t *testing.T) {
		now := time.Now()
		server.access.now = func() time.Time { return now }
		write(t, files.ClientCAs, string(identity.CAPEM())+string(stranger.CAPEM()))
		server.access.look()
		given := server.ask(t, right, evaluation)
		assert.Equal(t, 200, given.status)
		write(t, files.ClientCAs, string(stranger.CAPEM()))
		server.access.look()
		given = server.ask(t, right, evaluation)
		assert.Equal(t, 403, given.status, "its CA is no longer one of the roots")
		write(t, files.ClientCAs, string(identity.CAPEM()))
		server.access.look()
		given = server.ask(t, right, evaluation)
		assert.Equal(t, 200, given.status)
		now = now.Add(2 * time.Hour)
		given = server.ask(t, right, evaluation)
		assert.Equal(t, 403, given.status, "it expired meanwhile")
	})
}

func TestClientsWithBoth(t *testing.T) {
	identity := newIdentity(t)
	files := serverFiles(t, identity)
	files.ClientCAs = write(t, filepath.Join(t.TempDir(), "clients.pem"), string(identity.CAPEM()))
	files.Tokens = write(t, filepath.Join(t.TempDir(), "tokens"), goodToken)
	server := start(t, files, []string{AnyName}, nil)
	certified := httpClient(t, identity, client(t, identity, "anybody", time.Now().Add(time.Hour)))
	for _, tc := range []struct {
		client *http.Client
		token  string
		status int
	}{
		{certified, "Bearer " + goodToken, 200},
		{certified, "Bearer " + otherToken, 401},
		{httpClient(t, identity, nil), "Bearer " + goodToken, 403},
	} {
		given := server.ask(t, tc.client, evaluation, "Authorization", tc.token)
		assert.Equal(t, tc.status, given.status)
	}
}

func TestNoMoreRunAtOnceThanThereAreTurns(t *testing.T) {
	server := start(t, Files{}, nil, nil)
	for range maxRunning {
		server.turns <- struct{}{}
	}
	client := httpClient(t, newIdentity(t), nil)
	given := server.ask(t, client, evaluation)
	assert.Equal(t, 503, given.status)
	assert.Equal(t, "1", given.header.Get("Retry-After"))
	assert.Equal(t, []string{"busy"}, server.told.all())
	given = server.send(t, client, "GET", "/status")
	assert.Equal(t, 200, given.status)
	<-server.turns
	given = server.ask(t, client, evaluation)
	assert.Equal(t, 200, given.status)
	given = server.ask(t, client, evaluation)
	assert.Equal(t, 200, given.status, "a turn is given back")
}

// TestSlowClientsTakeNoTurns has more clients begin a request than there are turns, and end none.
func TestSlowClientsTakeNoTurns(t *testing.T) {
	server := start(t, Files{}, nil, nil)
	for range maxRunning - 1 {
		server.turns <- struct{}{} // what others use
	}
	for range 3 {
		connection, err := net.Dial("tcp", server.Listens())
		require.NoError(t, err)
		t.Cleanup(func() { _ = connection.Close() })
		// The server answers that it wants the body as soon as it reads it.
		_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", evaluation)
		require.NoError(t, err)
		line, err := bufio.NewReader(connection).ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, line, "100 Continue")
		_, err = connection.Write([]byte("{"))
		require.NoError(t, err)
	}
	given := server.ask(t, httpClient(t, newIdentity(t), nil), evaluation)
	assert.Equal(t, 200, given.status)
	assert.Empty(t, server.told.all())
}

func TestAPanicIsAFault(t *testing.T) {
	server := start(t, Files{}, nil, nil)
	server.point.before = func(context.Context) { panic("900186021") }
	given := server.ask(t, httpClient(t, newIdentity(t), nil), evaluation)
	assert.Equal(t, 500, given.status)
	assert.NotContains(t, given.body, "900186021")
	assert.Equal(t, []string{"panicked"}, server.told.all())
}

// TestAStopWaitsForWhatRuns stops a server while it decides.
func TestAStopWaitsForWhatRuns(t *testing.T) {
	server := start(t, Files{}, nil, nil)
	runs, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	server.point.before = func(context.Context) { close(runs); <-goOn }
	answered := make(chan int, 1)
	client := httpClient(t, newIdentity(t), nil)
	go func() {
		answered <- server.try(client)
	}()
	<-runs
	go func() { ended <- server.Stop(time.Minute) }()
	assert.ErrorIs(t, <-server.Ended(), http.ErrServerClosed)
	assert.Zero(t, server.try(httpClient(t, newIdentity(t), nil)), "nothing new begins")
	close(goOn)
	require.NoError(t, <-ended)
	assert.Equal(t, 200, <-answered)
}

func TestAStopDoesNotWaitForEver(t *testing.T) {
	server := start(t, Files{}, nil, nil)
	runs, gone := make(chan struct{}), make(chan struct{})
	server.point.before = func(ctx context.Context) { close(runs); <-ctx.Done(); close(gone) }
	client := httpClient(t, newIdentity(t), nil)
	go server.try(client)
	<-runs
	require.ErrorContains(t, server.Stop(time.Millisecond), "requests did not end")
	<-gone
}

func TestAnAddressThatCannotBeHad(t *testing.T) {
	taken := start(t, Files{}, nil, nil)
	access, err := Open(Files{}, nil, Hooks{})
	require.NoError(t, err)
	server := New(Parts{Address: taken.Listens(), Access: access, Point: &point{}, Hooks: (&told{}).hooks(), Health: http.NotFoundHandler(), Metrics: http.NotFoundHandler()})
	require.ErrorContains(t, server.Listen(t.Context()), "pdp.address: ")
}

func TestLoopback(t *testing.T) {
	for address, is := range map[string]bool{
		"127.0.0.1:1": true, "127.1.2.3:1": true, "[::1]:1": true, "localhost:1": true,
		":1": false, "0.0.0.0:1": false, "[::]:1": false, "192.0.2.1:1": false, "127.0.0.1": false, "localhost.example:1": false, "": false,
	} {
		assert.Equal(t, is, IsLoopback(address), address)
	}
}

func TestWhatIsLoggedOfConnections(t *testing.T) {
	told := &told{}
	out := errorLog{told.hooks()}
	for _, line := range []string{
		"http: TLS handshake error from 192.0.2.7:4711: x509: certificate of 900186021\n",
		"http: TLS handshake error from [2001:db8::1]:4711: EOF",
		"http: Accept error: too many open files; retrying in 5ms\n",
		"http: something about 900186021",
	} {
		_, _ = out.Write([]byte(line))
	}
	assert.Equal(t, []string{
		"broken 192.0.2.7", "broken 2001:db8::1", "trouble http: Accept error: too many open files; retrying in 5ms", "trouble net/http met with an error on a connection",
	}, told.all())
}

var _ authzen.Point = (*point)(nil)
