// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	nodehttp "github.com/nuts-foundation/nuts-node/http"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// The bounds of Section.Timeout. A query takes Mitz some hundreds of milliseconds; with less
// than the least, none would ever be answered in time.
const (
	minTimeout = 500 * time.Millisecond
	maxTimeout = time.Minute
)

// maxQueriesPerMinute is so much that it does not limit a test of load. There is no value for
// "no limit": Mitz shows each query to the patient.
const maxQueriesPerMinute = 1_000_000

// validateLink says what is wrong with how Mitz is to be reached. In strict mode nothing
// that protects the link may be missing.
func (s Section) validateLink(strict bool) []error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	reaches := s.reachesMitz()
	if endpoint, err := mitzclient.ParseEndpoint(s.Endpoint); reaches && err != nil {
		problems = append(problems, err)
	} else if reaches && strict && endpoint.Scheme != "https" {
		problem("endpoint: must be https in strict mode")
	}
	if s.QueriesPerMinute < 1 || s.QueriesPerMinute > maxQueriesPerMinute {
		problem("queriesperminute: at least 1 and at most %d", maxQueriesPerMinute)
	}
	if s.Timeout < minTimeout || s.Timeout > maxTimeout {
		problem("timeout: at least 500ms and at most 1m")
	}
	if reaches && strict && s.TLS.CertFile == "" {
		problem("tls.certfile: required in strict mode")
	}
	if reaches && strict && s.TLS.TrustStoreFile == "" {
		problem("tls.truststorefile: required in strict mode")
	}
	return problems
}

// clientCertificate reads the TLS files, to tell what is wrong with them among the other
// problems. It returns nil when there is no client certificate.
func (s Section) clientCertificate() (*x509.Certificate, error) {
	files := s.tlsFiles()
	if files == nil || !s.reachesMitz() {
		return nil, nil
	}
	loaded, err := mitzclient.LoadTLS(*files)
	if err != nil || len(loaded.Certificates) == 0 {
		return nil, err
	}
	return loaded.Certificates[0].Leaf, nil
}

// validateDataHolders refuses a section in which no data holder is listed, and no file in
// which one may come to be.
func (s Section) validateDataHolders() error {
	if len(s.DataHolders) == 0 && s.DataHoldersFile == "" {
		return errors.New("dataholders: none, so no question can be asked")
	}
	return nil
}

// validateAudit looks whether the audit file can be opened, as a start would find out.
func (s Section) validateAudit() error {
	if s.Audit.File == "" {
		return nil
	}
	if err := nen7513.Check(s.Audit.File); err != nil {
		return fmt.Errorf("audit.file: %w", err)
	}
	return nil
}

// patientKeys reads the keys under which patients are known.
func (s Section) patientKeys() (*withdrawal.Keys, error) {
	if s.Withdrawal.KeyFile == "" {
		return nil, nil
	}
	keys, err := withdrawal.LoadKeys(s.Withdrawal.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("withdrawal.keyfile: %w", err)
	}
	return keys, nil
}

// validateLogging refuses to let the node log the bodies of its messages: token requests and
// introspection answers hold patients' numbers.
func validateLogging(server core.Injectable) error {
	if server == nil {
		return nil
	}
	if config, ok := server.Config().(*nodehttp.Config); ok && config.Log == nodehttp.LogMetadataAndBodyLevel {
		return fmt.Errorf("profiles: cannot be used while http.log is '%s', which writes patients' numbers to the log", config.Log)
	}
	return nil
}
