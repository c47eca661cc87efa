// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/commandtest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// checkedMitz is a simulator, and the configuration of a node that reaches it.
type checkedMitz struct {
	*mitztest.Simulator
	identity *mitztest.Identity
	files    mitztest.Files
}

// startCheckedMitz gives the node a client certificate with some time left.
func startCheckedMitz(t *testing.T, left time.Duration) *checkedMitz {
	t.Helper()
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	files, err := identity.WriteFiles(t.TempDir())
	require.NoError(t, err)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	client, err := identity.IssueClient("hospital-east.example", key, time.Now().Add(left))
	require.NoError(t, err)
	certificatePEM, keyPEM, err := mitztest.PEM(client)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(files.Certificate, certificatePEM, 0o600))
	require.NoError(t, os.WriteFile(files.Key, keyPEM, 0o600))
	simulator, err := mitztest.Start(identity.Config())
	require.NoError(t, err)
	t.Cleanup(simulator.Close)
	return &checkedMitz{simulator, identity, files}
}

const year = 365 * 24 * time.Hour

// config is a configuration in strict mode. The time is more than a test needs.
func (m *checkedMitz) config() string {
	return fmt.Sprintf(`
url: https://node.example
mitz:
  endpoint: %s
  timeout: 60s
  tls: {certfile: %q, certkeyfile: %q, truststorefile: %q}
  dataholders: [{subject: hospital-east, ura: "00000659", facilitytype: V6}]
  profiles: [{scope: birth-care, categories: [GGC002, GGC013], purpose: TREAT}]
  trust:
    organization: ["did:x509:0:sha256:ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0::*"]
    facilitytype: ["did:web:vektis.example"]
    practitioner: ["holder"]
    enrollment: ["holder"]
`, m.Endpoint(), m.files.Certificate, m.files.Key, m.files.TrustStore)
}

// runCheck runs "mitz check" of a whole node's commands, and returns what was printed.
func runCheck(t *testing.T, config string, args ...string) (output string, system *core.System, err error) {
	t.Helper()
	return commandtest.Command{Name: "check"}.Run(t, config, args...)
}

// told finds the first line of what was said of a step, without its verdict.
func told(t *testing.T, output, verdict, step string) string {
	t.Helper()
	line := regexp.MustCompile(`(?m)^` + fmt.Sprintf("%-9s", verdict) + step + ` +(.*)$`).FindStringSubmatch(output)
	require.NotNil(t, line, "no line with %s %s in:\n%s", verdict, step, output)
	return line[1]
}

func TestCheckFindsTheLinkInOrder(t *testing.T) {
	documented := documentedCheck(t, "in order")
	mitz := startCheckedMitz(t, year)
	output, system, err := runCheck(t, mitz.config())
	require.NoError(t, err)
	assert.Zero(t, mitz.Received(), "a request was sent")
	for _, step := range []string{"name", "connection", "TLS", "server certificate", "client certificate", "acceptance"} {
		told(t, output, "ok", step)
	}
	assert.NotContains(t, output, "What to do")
	assert.Contains(t, output, "The link works. No query was sent")
	for line := range strings.Lines(output) {
		assert.LessOrEqual(t, len(line), report.Width+1)
		assert.Equal(t, strings.TrimRight(line, " \n"), strings.TrimSuffix(line, "\n"), "spaces at the end")
	}
	commandtest.AssertUnused(t, system)

	t.Run("this is what the documentation shows", func(t *testing.T) {
		assert.Equal(t, withoutParticulars(documented), withoutParticulars(output))
	})
}

// TestCheckSaysWhereMitzPosts checks a node of which Mitz is told. Nobody connects to where that is.
func TestCheckSaysWhereMitzPosts(t *testing.T) {
	key := filepath.Join(t.TempDir(), "patients.key")
	require.NoError(t, os.WriteFile(key, withdrawal.NewKeys().Lines(), 0o600))
	output, _, err := runCheck(t, startCheckedMitz(t, year).config()+fmt.Sprintf("  withdrawal: {keyfile: %q, notifyurl: 'https://192.0.2.1/mitz/notify', gatewaysystem: 2.999.1}\n", key))
	require.NoError(t, err)
	assert.Equal(t, "192.0.2.1 is an address: there is nothing to look up", told(t, output, "ok", "notifications"))
	assert.Contains(t, output, "Mitz is told to post to https://192.0.2.1/mitz/notify/<secret>. Whether")
	assert.Contains(t, output, "WARNING: mitz.withdrawal.sourcesystem: is not given")
	assert.Contains(t, output, "The link works.")
}

// documentedCheck returns an output that docs/operations.md shows. It must be called before
// the command is run, which changes the working directory.
func documentedCheck(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "operations.md"))
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)<!-- check: " + name + " -->\n```text\n(.*?)```").FindStringSubmatch(string(page))
	require.NotNil(t, block)
	return block[1]
}

// withoutParticulars leaves out what differs from one link and one moment to another.
func withoutParticulars(output string) string {
	for _, each := range [][2]string{
		{`https://\S+, at most \S+`, "URL, at most TIME"},
		{`(?m)^(ok +name +).*`, "${1}HOST"},
		{`(?m)^(ok +connection +)\S+`, "${1}ADDRESS"},
		{`"CN=.*"`, "NAME"},
		{`(?m)^( +)for .*`, "${1}for HOSTS"},
		{`\d+(\.\d+)? m?s\b`, "TIME"},
		{`\d{4}-\d\d-\d\d \d\d:\d\d`, "DATE"},
		{`less than a day|1 day|\d+ days`, "DAYS"},
		{`([0-9a-f]{2}:)+[0-9a-f]{2}`, "HEX"},
		{`TLS_\w+`, "SUITE"},
	} {
		output = regexp.MustCompile(each[0]).ReplaceAllString(output, each[1])
	}
	return output
}

func TestCheckWarns(t *testing.T) {
	t.Run("of a client certificate that ends within 30 days", func(t *testing.T) {
		mitz := startCheckedMitz(t, config.CertificateNotice-time.Hour)
		output, _, err := runCheck(t, mitz.config())
		require.NoError(t, err, "a warning is no failure")
		told(t, output, "warning", "client certificate")
		assert.Contains(t, output, "29 days left")
		assert.Contains(t, output, "What to do: Renew it in time")
		assert.Contains(t, output, "The link works.")
	})
	t.Run("of a server that asks for no client certificate", func(t *testing.T) {
		mitz := startCheckedMitz(t, year)
		for version, expected := range map[uint16]string{tls.VersionTLS12: "warning", tls.VersionTLS13: "FAILED"} {
			_, port, err := net.SplitHostPort(serveTLS(t, &tls.Config{Certificates: []tls.Certificate{mitz.identity.Server()}, MaxVersion: version}))
			require.NoError(t, err)
			output, _, err := runCheck(t, mitz.config(), "--mitz.endpoint", "https://localhost:"+port)
			assert.Equal(t, expected == "FAILED", err != nil)
			told(t, output, expected, "acceptance")
			assert.NotContains(t, output, "The link works")
		}
	})
	t.Run("of an endpoint without TLS, which strict mode refuses", func(t *testing.T) {
		address := openPort(t)
		config := commandtest.LaxNode + "mitz: {endpoint: 'http://" + address + "', dataholders: [{subject: a, ura: '00000659', facilitytype: V6}]," +
			" profiles: [{scope: birth-care, categories: [GGC002], purpose: TREAT}], trust: {organization: holder, facilitytype: holder, practitioner: holder, enrollment: holder}}"
		output, _, err := runCheck(t, config)
		require.NoError(t, err)
		told(t, output, "warning", "TLS")
		assert.Contains(t, output, "development only")
	})
}

// openPort accepts connections until the test ends.
func openPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_ = connection.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	return listener.Addr().String()
}

func TestCheckFails(t *testing.T) {
	documented := documentedCheck(t, "another CA")
	mitz := startCheckedMitz(t, year)
	stranger, err := mitztest.NewIdentity()
	require.NoError(t, err)
	otherCA := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(otherCA, stranger.CAPEM(), 0o600))
	closed := openPort(t)
	t.Run("on a name that is not known", func(t *testing.T) {
		output, _, err := runCheck(t, mitz.config(), "--mitz.endpoint", "https://nowhere.invalid/mitz", "--mitz.timeout", "5s")
		require.EqualError(t, err, "the link to Mitz does not work: 1 FAILED")
		told(t, output, "FAILED", "name")
		told(t, output, "-", "connection")
		told(t, output, "-", "acceptance")
		told(t, output, "ok", "client certificate")
		assert.Contains(t, output, "The link does not work: begin with the first step that FAILED. No query was sent")
	})
	t.Run("on a server that ends the connection", func(t *testing.T) {
		output, _, err := runCheck(t, mitz.config(), "--mitz.endpoint", "https://"+closed)
		require.Error(t, err)
		assert.Contains(t, told(t, output, "ok", "name"), "is an address")
		assert.Contains(t, told(t, output, "FAILED", "TLS"), "ends the connection")
	})
	t.Run("on a server of another CA, as the documentation shows", func(t *testing.T) {
		output, _, err := runCheck(t, mitz.config(), "--mitz.tls.truststorefile", otherCA)
		require.EqualError(t, err, "the link to Mitz does not work: 1 FAILED")
		told(t, output, "ok", "TLS")
		told(t, output, "FAILED", "server certificate")
		assert.Contains(t, output, " Missing is the CA \"CN=Mitz simulator CA,O=nuts-mitz test\"\n")
		_, from, _ := strings.Cut(withoutParticulars(output), "FAILED")
		step, _, _ := strings.Cut(from, "ok ")
		assert.Equal(t, withoutParticulars(documented), "FAILED"+step)
	})
	t.Run("on a client certificate that has expired", func(t *testing.T) {
		expired := startCheckedMitz(t, -time.Hour)
		output, _, err := runCheck(t, expired.config())
		require.Error(t, err)
		told(t, output, "FAILED", "client certificate")
		assert.Contains(t, output, " UTC, EXPIRED ")
		assert.Zero(t, expired.Received())
	})
	assert.Zero(t, mitz.Received())
}

func TestCheckWarnsOfTheConfiguration(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	output, _, err := runCheck(t, strings.Replace(mitz.config(), "GGC013", "GGC999", 1))
	require.NoError(t, err)
	assert.Contains(t, output, "\nWARNING: mitz.profiles[0].categories: GGC999 is not a data category")
	assert.Contains(t, output, "The link works.")
}

// The check reads the files as the start and a change while running do.
func TestCheckRefusesAFileThatCannotBeReadToItsEnd(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	whole, err := os.ReadFile(mitz.files.TrustStore)
	require.NoError(t, err)
	half := filepath.Join(t.TempDir(), "half.pem")
	require.NoError(t, os.WriteFile(half, append(whole, whole[:len(whole)/2]...), 0o600))
	_, _, err = runCheck(t, mitz.config(), "--mitz.tls.truststorefile", half)
	require.ErrorContains(t, err, "tls.truststorefile: block 2 (CERTIFICATE) does not end: a part of the file is missing")
	assert.Zero(t, mitz.Received())
}

func TestCheckWrongConfiguration(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	config := strings.NewReplacer(mitz.files.Certificate, "/does/not/exist", "purpose: TREAT", "purpose: BTG", "timeout:", "timeuot:").Replace(mitz.config())
	output, system, err := runCheck(t, config)
	assert.Empty(t, output)
	for _, problem := range []string{"mitz.tls.certfile: open /does/not/exist", "mitz.profiles[0].purpose: ", "mitz.timeuot: no such key"} {
		assert.ErrorContains(t, err, problem)
	}
	assert.EqualError(t, err, commandtest.StartError(t, system, "mitz"), "the message of a start that fails")

	_, _, err = runCheck(t, commandtest.LaxNode+"policy: {directory: /does/not/exist}")
	assert.ErrorContains(t, err, "unable to configure policy: ")
	_, _, err = runCheck(t, commandtest.LaxNode)
	assert.EqualError(t, err, "there is no mitz section in nuts.yaml, and so no link to check")
	assert.Zero(t, mitz.Received())
}

func TestCheckTakesTheEnvironment(t *testing.T) {
	mitz := startCheckedMitz(t, year)
	t.Setenv("NUTS_MITZ_ENDPOINT", "https://"+openPort(t)+"/elsewhere")
	output, _, err := runCheck(t, mitz.config())
	require.Error(t, err)
	assert.Contains(t, output, "/elsewhere, at most 1m0s for a query\n")
}

// TestCheckWhereMitzIsNeverAsked: there is no link to try, and no query to ask.
func TestCheckWhereMitzIsNeverAsked(t *testing.T) {
	const section = `mitz:
  dataholders: [{subject: hospital-east, ura: "00000659", facilitytype: V6}]
  profiles: [{scope: birth-care, categories: [GGC002], purpose: TREAT, grounds: [mitz-attestation]}]
  trust:
    organization: ["did:web:a.example"]
    facilitytype: ["did:web:a.example"]
    practitioner: ["holder"]
    enrollment: ["holder"]
    attestation: ["did:web:mitz.example"]
`
	output, _, err := runCheck(t, commandtest.LaxNode+section)
	require.NoError(t, err)
	assert.Contains(t, output, "there is no link to Mitz to check")
	_, _, err = runCheck(t, commandtest.LaxNode+section, "--bsn-file", "patient")
	require.ErrorContains(t, err, "no profile has a ground for which Mitz is asked")
}
