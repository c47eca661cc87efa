// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// Config is the "mitz" section of the node's configuration.
type Config struct {
	// Enabled is false where nothing is to be guarded, on purpose.
	Enabled bool `koanf:"enabled"`
	// Endpoint is the base URL of Mitz, without the path of a service.
	Endpoint string `koanf:"endpoint"`
	// Timeout is for one whole consult: 3 s by default, at least 500 ms and at most 1 m.
	Timeout time.Duration `koanf:"timeout"`
	// QueriesPerMinute is how often Mitz is asked about one patient on behalf of one
	// requester: 10 by default.
	QueriesPerMinute int `koanf:"queriesperminute"`

	TLS           TLSConfig   `koanf:"tls"`
	Audit         AuditConfig `koanf:"audit"`
	policy.Config `koanf:",squash"`
	// DataHoldersFile and FacilityTypesFile hold more of the lists of these names, and are
	// read again when they change.
	DataHoldersFile   string `koanf:"dataholdersfile"`
	FacilityTypesFile string `koanf:"facilitytypesfile"`
}

// TLSConfig names the files with which the node proves itself to Mitz, of the formats of
// [mitzclient.TLSFiles].
type TLSConfig struct {
	CertFile       string `koanf:"certfile"`
	CertKeyFile    string `koanf:"certkeyfile"`
	PasswordFile   string `koanf:"passwordfile"`
	TrustStoreFile string `koanf:"truststorefile"`
}

// AuditConfig says where the log goes that NEN 7513 asks for.
type AuditConfig struct {
	// File is appended to; empty: there is no such log. It holds patients' numbers.
	File string `koanf:"file"`
}

// DefaultConfig gives the values of a section that says nothing.
func DefaultConfig() Config {
	return Config{Enabled: true, Timeout: mitzclient.DefaultTimeout, QueriesPerMinute: mitzclient.DefaultQueriesPerMinute}
}

// distinctiveKeys are those that no other section of the node has.
var distinctiveKeys = []string{"dataholders", "dataholdersfile", "profiles", "facilitytypes", "facilitytypesfile"}

// keysToCome are those that are agreed upon, and that this version does not know yet.
var keysToCome = []string{
	"withdrawal", "registration", "pdp",
	"profiles.afterdeny", "profiles.subscribe", "profiles.recheck", "profiles.recheckfailure",
}

// secretKey is what a key looks like that holds a secret rather than a file's name.
var secretKey = regexp.MustCompile(`(?i)(pass|secret|pin$|privatekey|token)`)

// explainKey says more of a key that does not exist than that.
func explainKey(key string) string {
	for _, each := range keysToCome {
		if key == each || strings.HasPrefix(key, each+".") {
			return "is not available in this version: remove it"
		}
	}
	if secretKey.MatchString(key) {
		return "no such key; a secret does not belong in the configuration, which the node logs: put it in a file and name that in tls.passwordfile"
	}
	return ""
}

// decodeConfig reads the section. Unlike the node's own engines it refuses what it does not
// know: a misspelt key must not silently unguard a scope. It reports whether there is a
// section. The error joins every problem; no value is in it, because it may be a secret.
func decodeConfig(sources settings.Sources) (config Config, present bool, err error) {
	config = DefaultConfig()
	sources.Name, sources.Distinctive, sources.Unknown = moduleName, distinctiveKeys, explainKey
	present, err = sources.Read(&config)
	return config, present, err
}

// scopes are the guarded scopes in the order of the configuration.
func (c Config) scopes() []string {
	var scopes []string
	for _, profile := range c.Profiles {
		scopes = append(scopes, profile.Scope)
	}
	return scopes
}

// The bounds of Config.Timeout. A query takes Mitz some hundreds of milliseconds; with less
// than the least, none would ever be answered in time.
const (
	minTimeout = 500 * time.Millisecond
	maxTimeout = time.Minute
)

// maxQueriesPerMinute is more than any test needs. There is no value for "no limit": Mitz
// shows each query to the patient.
const maxQueriesPerMinute = 1_000_000

// validateLink checks how Mitz is to be reached. In strict mode nothing that
// protects the link may be missing.
func (c Config) validateLink(strict bool) []error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if endpoint, err := mitzclient.ParseEndpoint(c.Endpoint); err != nil {
		problems = append(problems, err)
	} else if strict && endpoint.Scheme != "https" {
		problem("endpoint: must be https in strict mode")
	}
	if c.QueriesPerMinute < 1 || c.QueriesPerMinute > maxQueriesPerMinute {
		problem("queriesperminute: at least 1 and at most %d", maxQueriesPerMinute)
	}
	if c.Timeout < minTimeout || c.Timeout > maxTimeout {
		problem("timeout: at least 500ms and at most 1m")
	}
	if strict && c.TLS.CertFile == "" {
		problem("tls.certfile: required in strict mode")
	}
	if strict && c.TLS.TrustStoreFile == "" {
		problem("tls.truststorefile: required in strict mode")
	}
	return problems
}

// tlsFiles names the files that an https endpoint is reached with.
func (c Config) tlsFiles() *mitzclient.TLSFiles {
	if strings.HasPrefix(c.Endpoint, "http:") && c.TLS == (TLSConfig{}) {
		return nil
	}
	files := mitzclient.TLSFiles(c.TLS)
	return &files
}

// checkTLS reads the files, to report what is wrong with them among other problems. It gives
// the client certificate, if there is one.
func (c Config) checkTLS() (*x509.Certificate, error) {
	files := c.tlsFiles()
	if files == nil {
		return nil, nil
	}
	loaded, err := mitzclient.LoadTLS(*files)
	if err != nil || len(loaded.Certificates) == 0 {
		return nil, err
	}
	return loaded.Certificates[0].Leaf, nil
}

// checkDataHolders refuses a configuration in which nobody is listed, nor a file in which
// somebody may come to be.
func (c Config) checkDataHolders() error {
	if len(c.DataHolders) == 0 && c.DataHoldersFile == "" {
		return errors.New("dataholders: none, so no question can be asked")
	}
	return nil
}

// checkAudit looks whether the audit file can be opened, as a start would find out.
func (c Config) checkAudit() error {
	if c.Audit.File == "" {
		return nil
	}
	if err := nen7513.Check(c.Audit.File); err != nil {
		return fmt.Errorf("audit.file: %w", err)
	}
	return nil
}

// configError is every problem of the configuration in one line, as the node logs it. What
// is only the consequence of a value that could not be read is left out.
func configError(problems []error) error {
	var texts, unread []string
	add := func(text string) {
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	all := flatten(errors.Join(problems...))
	for _, problem := range all {
		if read, ok := errors.AsType[*settings.Problem](problem); ok {
			unread = append(unread, read.Key)
			add(problem.Error())
		}
	}
	for _, problem := range all {
		text := moduleName + "." + problem.Error()
		if _, told := errors.AsType[*settings.Problem](problem); !told && !slices.ContainsFunc(unread, func(key string) bool {
			return strings.HasPrefix(text, key+":") || key == moduleName
		}) {
			add(text)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	noun := "problems"
	if len(texts) == 1 {
		noun = "problem"
	}
	return fmt.Errorf("invalid configuration, %d %s: %s", len(texts), noun, strings.Join(texts, "; "))
}

// flatten gives the errors that are joined in err, however deep.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var flat []error
	for _, each := range joined.Unwrap() {
		flat = append(flat, flatten(each)...)
	}
	return flat
}

// outside gives what is wrong with more than the values in the section. Where nothing is
// guarded on purpose, only that matters.
func outside(err error) (problems []error) {
	for _, each := range flatten(err) {
		problem, read := errors.AsType[*settings.Problem](each)
		if !read || !strings.HasPrefix(problem.Key, moduleName+".") || problem.Key == moduleName+".enabled" {
			problems = append(problems, each)
		}
	}
	return problems
}
