// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// asCommand makes the test binary the command itself.
const asCommand = "MITZ_SIMULATOR_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	leaks.VerifyTestMain(m, func() {
		if dir, err := standIn(); err == nil {
			_ = os.RemoveAll(dir)
		}
	})
}

// standIn builds, once, what is as much of curl as is needed, for machines without.
var standIn = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "stand-in-*"); err != nil {
		return "", err
	}
	build := exec.CommandContext(context.Background(), "go", "build", "-o", filepath.Join(dir, "curl"), "../../../../e2e-tests/demo/testdata/curl")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return dir, nil
})

// patience is how long a test waits for what must happen.
const patience = 5 * time.Minute

// output keeps what is written, and tells when a text is in it.
type output struct {
	mu    sync.Mutex
	all   bytes.Buffer
	until string
	found chan struct{}
}

func newOutput(until string) *output { return &output{until: until, found: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.Write(p)
	if o.until != "" && bytes.Contains(o.all.Bytes(), []byte(o.until)) {
		o.until = ""
		close(o.found)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// running is a simulator that is up.
type running struct {
	stdout, stderr *output
	stop           context.CancelFunc
	ended          chan int
}

// start runs the command until the test ends.
func start(t *testing.T, stdin io.Reader, arguments ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stdout: newOutput("Ctrl-C ends it."), stderr: newOutput(""), stop: cancel, ended: make(chan int, 1)}
	go func() { r.ended <- run(ctx, arguments, stdin, r.stdout, r.stderr) }()
	select {
	case <-r.stdout.found:
	case code := <-r.ended:
		cancel()
		t.Fatalf("ended with status %d\n%s", code, r.stderr)
	case <-time.After(patience):
		cancel()
		t.Fatal("it does not come up")
	}
	return r
}

// end waits for the end, and returns the exit status.
func (r *running) end(t *testing.T) int {
	t.Helper()
	defer r.stop()
	select {
	case code := <-r.ended:
		return code
	case <-time.After(patience):
		t.Fatal("it does not end")
		return failure
	}
}

// line returns what stands behind a name on the page.
func (r *running) line(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` +(.*)$`).FindStringSubmatch(r.stdout.String())
	require.NotNil(t, found, "no line %s in\n%s", name, r.stdout)
	return found[1]
}

// command returns the printed command.
func (r *running) command(t *testing.T) string {
	t.Helper()
	_, rest, found := strings.Cut(r.stdout.String(), "to paste into a shell:\n\n")
	require.True(t, found)
	command, _, found := strings.Cut(rest, "\nCtrl-C ends it.")
	require.True(t, found)
	return command
}

// tell sends a request to the control.
func (r *running) tell(t *testing.T, method, path, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.line(t, "Control")+path, strings.NewReader(body))
	require.NoError(t, err)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", answer)
	return string(answer)
}

// word returns a path as one word of a shell's command.
func word(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }

// shell runs a command as someone who pastes it; the stand-in for curl comes last in the
// path.
func shell(t *testing.T, command string) string {
	t.Helper()
	dir, err := standIn()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sh := exec.CommandContext(ctx, "sh")
	sh.Stdin = strings.NewReader(command)
	sh.Env = []string{"PATH=" + os.Getenv("PATH") + string(os.PathListSeparator) + dir}
	answer, err := sh.CombinedOutput()
	require.NoError(t, err, "%s", answer)
	return string(answer)
}

// temporary has everything that is temporary in a directory of the test's own.
func temporary(t *testing.T) string {
	t.Helper()
	_, err := standIn() // which is not the command's
	require.NoError(t, err)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return dir
}

func assertEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left, "something is left behind")
}

func TestThePrintedCommandGetsAPermitEachTime(t *testing.T) {
	left := temporary(t)
	r := start(t, nil)
	for range 2 {
		assert.Contains(t, shell(t, r.command(t)), "<Decision>Permit</Decision>")
	}
	assert.Equal(t, r.command(t), r.tell(t, "GET", "/curl", ""))
	assert.Equal(t, 2, strings.Count(r.stderr.String(), "msg=query"))
	assert.NotContains(t, r.stderr.String(), mitztest.PatientAlwaysPermit)
	r.stop()
	assert.Equal(t, success, r.end(t), r.stderr)
	assertEmpty(t, left)
}

func TestItEndsWhenToldTo(t *testing.T) {
	t.Run("by the control", func(t *testing.T) {
		left := temporary(t)
		r := start(t, nil)
		assert.Contains(t, r.tell(t, "POST", "/stop", ""), `"done": true`)
		assert.Equal(t, success, r.end(t), r.stderr)
		assertEmpty(t, left)
	})
	t.Run("by the end of its input", func(t *testing.T) {
		left := temporary(t)
		input, parent := io.Pipe()
		r := start(t, input, "--until-input-ends")
		require.NoError(t, parent.Close())
		assert.Equal(t, success, r.end(t), r.stderr)
		assertEmpty(t, left)
	})
	t.Run("not by the end of its input unless asked", func(t *testing.T) {
		temporary(t)
		r := start(t, strings.NewReader(""))
		r.tell(t, "GET", "/consents", "")
		r.stop()
		assert.Equal(t, success, r.end(t), r.stderr)
	})
	t.Run("while a query hangs", func(t *testing.T) {
		left := temporary(t)
		r := start(t, nil)
		r.tell(t, "PUT", "/behaviour", `{"behaviour": "hanging"}`)
		asked := make(chan struct{})
		query := exec.CommandContext(t.Context(), "sh", "-c", r.command(t))
		go func() {
			defer close(asked)
			_ = query.Run()
		}()
		require.Eventually(t, func() bool { return strings.Contains(r.stderr.String(), "msg=query") }, patience, time.Millisecond)
		r.stop()
		assert.Equal(t, success, r.end(t), r.stderr)
		<-asked
		assertEmpty(t, left)
	})
}

// TestSignalsEndTheProcess runs the command as a process.
func TestSignalsEndTheProcess(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			left := temporary(t)
			command := exec.CommandContext(t.Context(), os.Args[0])
			command.Env = append(os.Environ(), asCommand+"=1")
			stdout := newOutput("Ctrl-C ends it.")
			command.Stdout = stdout
			require.NoError(t, command.Start())
			select {
			case <-stdout.found:
			case <-time.After(patience):
				_ = command.Process.Kill()
			}
			require.NoError(t, command.Process.Signal(signal))
			require.NoError(t, command.Wait())
			assertEmpty(t, left)
		})
	}
}

func TestConsentsBeginWithAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "consents.yaml")
	const consents = `consents:
  - {patient: "900186021", dataHolder: "00000659", category: GGC002, requesterType: G3, decision: Permit}
`
	require.NoError(t, os.WriteFile(file, []byte(consents), 0o600))
	r := start(t, nil, "--consents", file)
	assert.Contains(t, r.line(t, "Consents"), "1 on record")
	assert.Contains(t, r.tell(t, "GET", "/consents", ""), `"900186021"`)
	asked := strings.ReplaceAll(r.command(t), mitztest.PatientAlwaysPermit, "900186021")
	assert.Contains(t, shell(t, asked), "<Decision>Permit</Decision>")
	r.tell(t, "POST", "/consents/withdraw", `{"patient": "900186021", "dataHolder": "00000659", "category": "GGC002", "requesterType": "G3"}`)
	assert.Contains(t, shell(t, asked), "<Decision>Deny</Decision>")
	assert.NotContains(t, r.stdout.String()+r.stderr.String(), "900186021")
	r.stop()
	assert.Equal(t, success, r.end(t))
}

func TestCertificatesOfAnEarlierRunAreUsedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mitz's certificates")
	for _, words := range []string{dir + " (new)", dir + " (of an earlier run)"} {
		r := start(t, nil, "--dir", dir)
		assert.Equal(t, words, r.line(t, "Certificates"))
		assert.Contains(t, shell(t, r.command(t)), "<Decision>Permit</Decision>")
		r.stop()
		assert.Equal(t, success, r.end(t))
	}
}

// own writes certificates of somebody else's.
func own(t *testing.T, host string) (server, serverKey string, client mitztest.Files) {
	t.Helper()
	identity, err := mitztest.IdentityConfig{Host: host}.New()
	require.NoError(t, err)
	dir := t.TempDir()
	client, err = identity.WriteFiles(dir)
	require.NoError(t, err)
	certificate, key, err := mitztest.PEM(identity.Server())
	require.NoError(t, err)
	server, serverKey = filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key")
	require.NoError(t, os.WriteFile(server, certificate, 0o600))
	require.NoError(t, os.WriteFile(serverKey, key, 0o600))
	return server, serverKey, client
}

func TestCertificatesOfYourOwn(t *testing.T) {
	server, key, client := own(t, "")
	r := start(t, nil, "--server-cert", server, "--server-key", key, "--client-ca", client.TrustStore)
	assert.Contains(t, r.stdout.String(), "This server has your certificate.")
	command := r.command(t)
	assert.Contains(t, shell(t, command), "<Decision>Permit</Decision>", "with the client that it makes")
	mine := regexp.MustCompile(`(?m)--cert .* --key .* \\$`).ReplaceAllLiteralString(command,
		"--cert "+word(client.Certificate)+" --key "+word(client.Key)+` \`)
	require.NotEqual(t, command, mine)
	assert.Contains(t, shell(t, mine), "<Decision>Permit</Decision>", "with a client of your own")
	r.stop()
	assert.Equal(t, success, r.end(t))
}

func TestServersOfYourOwnAreNotified(t *testing.T) {
	server, key, client := own(t, "")
	pair, err := tls.LoadX509KeyPair(server, key)
	require.NoError(t, err)
	notified := make(chan string, 1)
	holder := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		notified <- r.TLS.PeerCertificates[0].Subject.CommonName
	}))
	holder.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert}
	holder.StartTLS()
	defer holder.Close()
	dir := t.TempDir()
	r := start(t, nil, "--dir", dir, "--notify-ca", client.TrustStore)
	shell(t, "cd "+word(dir)+"\ncurl -s --cacert ca.pem --cert client.pem --key client.key -H 'Content-Type: application/fhir+json' -d '"+
		`{"resourceType":"Subscription","extension":[{"url":"http://fhir.nl/StructureDefinition/GatewaySystem","valueOid":"urn:oid:2.999.10"},`+
		`{"url":"http://fhir.nl/StructureDefinition/SourceSystem","valueOid":"urn:oid:2.999.10.2"}],"status":"requested","reason":"OTV",`+
		`"criteria":"Consent?_query=otv&patientid=900186021&providerid=00000659&providertype=V6",`+
		`"channel":{"type":"rest-hook","endpoint":"`+holder.URL+`","payload":"application/fhir+xml"}}' `+r.line(t, "Subscriptions")+"\n")
	r.tell(t, http.MethodPost, "/consents", `{"patient": "900186021", "dataHolder": "00000659", "category": "GGC002", "requesterType": "G3", "decision": "Permit"}`)
	select {
	case name := <-notified:
		assert.Equal(t, "Mitz simulator client", name)
	case <-time.After(patience):
		t.Fatal(r.stderr.String())
	}
	r.stop()
	assert.Equal(t, success, r.end(t))
}

func TestWhatIsWrongIsToldAndNothingStarts(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	server, key, _ := own(t, "")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	tests := map[string]struct {
		arguments []string
		code      int
		words     string
	}{
		"an unknown flag":                     {[]string{"--port", "1"}, misuse, "flag provided but not defined"},
		"a number as an argument":             {[]string{"900186021"}, misuse, "consents go into a file"},
		"an address of all machines":          {[]string{"--listen", "0.0.0.0:0"}, misuse, "other machines could reach it"},
		"no address":                          {[]string{"--listen", ":8443"}, misuse, "other machines could reach it"},
		"no port":                             {[]string{"--listen", "127.0.0.1"}, misuse, "write an address and a port"},
		"a name to listen at":                 {[]string{"--listen", "mitz.test:0"}, misuse, "not a name"},
		"an issuer beyond loopback":           {[]string{"--issuer", "0.0.0.0:0"}, misuse, "--issuer: other machines could reach it"},
		"a port of the issuer that is taken":  {[]string{"--issuer", taken.Addr().String()}, failure, "--issuer: "},
		"the control beyond loopback":         {[]string{"--control", "0.0.0.0:0", "--beyond-loopback"}, misuse, "--control: it knows no passwords"},
		"half a certificate":                  {[]string{"--server-cert", server}, misuse, "go together"},
		"a certificate of nothing":            {[]string{"--server-cert", key, "--server-key", key}, failure, "the server's certificate:"},
		"a certificate for another name":      {[]string{"--server-cert", server, "--server-key", key, "--host", "mitz.test"}, failure, "name the right one with --host"},
		"a CA of clients that is none":        {[]string{"--client-ca", key}, failure, "block 1 (PRIVATE KEY) is not a certificate"},
		"a CA of clients that is not there":   {[]string{"--client-ca", dir + "/none"}, failure, "--client-ca: "},
		"a CA of the notified that is none":   {[]string{"--notify-ca", key}, failure, "--notify-ca: "},
		"consents that are not there":         {[]string{"--consents", dir + "/none"}, failure, "--consents: "},
		"consents with a misspelt key":        {[]string{"--consents", file("c.yaml", "consent: []")}, failure, "a key that is not known: write consents"},
		"a directory with files of others":    {[]string{"--dir", filepath.Dir(file("client.pem", "mine"))}, failure, "give another directory"},
		"a port that is taken":                {[]string{"--listen", taken.Addr().String()}, failure, "address already in use"},
		"a port of the control that is taken": {[]string{"--control", taken.Addr().String()}, failure, "--control: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			left := temporary(t)
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // should it start after all
			var stdout, stderr bytes.Buffer
			assert.Equal(t, test.code, run(ctx, test.arguments, nil, &stdout, &stderr))
			assert.Empty(t, stdout.String())
			assert.Contains(t, stderr.String(), test.words)
			assert.NotContains(t, stderr.String(), "900186021")
			assertEmpty(t, left)
		})
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Equal(t, success, run(t.Context(), []string{"--help"}, nil, &stdout, &stderr))
	assert.Empty(t, stderr.String())
	source, err := os.ReadFile("options.go")
	require.NoError(t, err)
	flags := regexp.MustCompile(`flags\.\w+Var\(&o\.\w+, "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, flags)
	for _, flag := range flags {
		assert.Contains(t, stdout.String(), "  --"+flag[1]+" ")
	}
	for _, line := range strings.Split(stdout.String(), "\n") {
		assert.LessOrEqual(t, len(line), 92, line)
	}
}
