// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/nen7513"
	"github.com/nuts-mitz/nuts-mitz/policy"
)

// Config is the "mitz" section of the node's configuration.
type Config struct {
	// Endpoint is the base URL of Mitz, without the path of a service.
	Endpoint string `koanf:"endpoint"`
	// Timeout is for one whole consult: 3 s by default, at most 1 m.
	Timeout       time.Duration `koanf:"timeout"`
	TLS           TLSConfig     `koanf:"tls"`
	Audit         AuditConfig   `koanf:"audit"`
	policy.Config `koanf:",squash"`
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

// DefaultConfig gives the configuration of a node that says nothing about Mitz.
func DefaultConfig() Config {
	return Config{Timeout: mitzclient.DefaultTimeout}
}

// secretKey is what a key looks like that holds a secret rather than a file's name.
var secretKey = regexp.MustCompile(`(?i)(pass|secret|pin$|privatekey|token)`)

// decodeConfig reads the raw section. Unlike the node's own engines it refuses
// keys that it does not know: a misspelt key must not silently unguard a scope.
// The error joins every problem; no value is in it, because a value may be a secret.
func decodeConfig(raw map[string]any) (Config, error) {
	config := DefaultConfig()
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:           &config,
		TagName:          "koanf",
		WeaklyTypedInput: true, // the environment knows only text, as the node's engines have it
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(),
			mapstructure.StringToSliceHookFunc(","),
		),
	})
	if err != nil {
		return Config{}, err
	}
	var problems []error
	if err := decoder.Decode(raw); err != nil {
		problems = append(problems, describeDecodeError(err)...)
	}
	for _, key := range unknownKeys("", raw, reflect.TypeFor[Config]()) {
		if secretKey.MatchString(key) {
			problems = append(problems, fmt.Errorf("%s: no such key; a secret does not belong in the configuration, which the node logs: put it in a file and name that in tls.passwordfile", key))
		} else {
			problems = append(problems, fmt.Errorf("%s: no such key", key))
		}
	}
	return config, errors.Join(problems...)
}

// unknownKeys gives the paths of the keys in raw for which the type has no field,
// in their order. (mapstructure tells them only when nothing else is wrong.)
func unknownKeys(path string, raw any, t reflect.Type) []string {
	var unknown []string
	switch value := raw.(type) {
	case []any:
		for i, element := range value {
			if t.Kind() == reflect.Slice {
				unknown = append(unknown, unknownKeys(fmt.Sprintf("%s[%d]", path, i), element, t.Elem())...)
			}
		}
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return nil
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			keyPath := strings.TrimPrefix(path+"."+key, ".")
			if field, known := fieldOf(t, key); known {
				unknown = append(unknown, unknownKeys(keyPath, value[key], field)...)
			} else {
				unknown = append(unknown, keyPath)
			}
		}
	}
	return unknown
}

// fieldOf finds the type of the field that a key is decoded into.
func fieldOf(t reflect.Type, key string) (reflect.Type, bool) {
	for _, field := range reflect.VisibleFields(t) {
		if tag := field.Tag.Get("koanf"); tag != "-" && !field.Anonymous && strings.EqualFold(tag, key) {
			return field.Type, true
		}
	}
	return nil, false
}

// decodeErrorKey finds the key in mapstructure's message, which repeats the value.
var decodeErrorKey = regexp.MustCompile(`'([^']*)'`)

func describeDecodeError(err error) []error {
	var problems []error
	for _, each := range flatten(err) {
		key := "?"
		if match := decodeErrorKey.FindStringSubmatch(each.Error()); match != nil {
			key = match[1]
		}
		problems = append(problems, fmt.Errorf("%s: has the wrong type", key))
	}
	return problems
}

// isAbsent tells whether the configuration has no mitz section: then the node
// behaves as the stock node.
func (c Config) isAbsent() bool { return reflect.DeepEqual(c, DefaultConfig()) }

// scopes are the guarded scopes in the order of the configuration.
func (c Config) scopes() []string {
	var scopes []string
	for _, profile := range c.Profiles {
		scopes = append(scopes, profile.Scope)
	}
	return scopes
}

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
	if c.Timeout <= 0 || c.Timeout > time.Minute {
		problem("timeout: more than 0s and at most 1m")
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

// checkTLS reads the files, to report what is wrong with them among other problems.
func (c Config) checkTLS() error {
	files := c.tlsFiles()
	if files == nil {
		return nil
	}
	_, err := mitzclient.LoadTLS(*files)
	return err
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

// configError is every problem of the configuration in one line, as the node logs it.
func configError(problems []error) error {
	texts := make([]string, 0, len(problems))
	for _, problem := range flatten(errors.Join(problems...)) {
		if text := moduleName + "." + problem.Error(); !slices.Contains(texts, text) {
			texts = append(texts, text)
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
