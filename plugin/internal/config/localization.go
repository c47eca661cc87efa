// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// Localization says how Mitz is asked which data holders may share a patient's data with an
// organisation of this node: the open query.
type Localization struct {
	// Issuer is the organisation that says who asks, see [mitzclient.LocationConfig]; empty: Mitz
	// is not asked.
	Issuer string `koanf:"issuer"`
	// SigningKeyFile holds the certificate and key with which it signs, see
	// [mitzclient.LoadSigning]; empty: it does not.
	SigningKeyFile string `koanf:"signingkeyfile"`
}

func addLocalizationFlags(flags *pflag.FlagSet, unset Localization) {
	flags.String("mitz.localization.issuer", unset.Issuer, "Organisation that says to Mitz who asks which data holders may share a patient's data: an https URL, or 'urn:oid:' and an OID. Without it Mitz is not asked.")
	flags.String("mitz.localization.signingkeyfile", unset.SigningKeyFile, "PEM file with an RSA private key and its certificate, with which mitz.localization.issuer signs what it says. Without it that is not signed.")
}

// locations says how the link asks where data are.
func (s Section) locations() (mitzclient.LocationConfig, error) {
	config := mitzclient.LocationConfig{Issuer: s.Localization.Issuer, QueriesPerMinute: s.QueriesPerMinute}
	if s.Localization.Issuer != "" {
		if err := mitzclient.CheckIssuer(s.Localization.Issuer); err != nil {
			return config, fmt.Errorf("localization.issuer: %w", err)
		}
	}
	if s.Localization.SigningKeyFile != "" {
		certificate, err := mitzclient.LoadSigning(s.Localization.SigningKeyFile)
		if err != nil {
			return config, fmt.Errorf("localization.signingkeyfile: %w", err)
		}
		config.Certificate = &certificate
	}
	return config, nil
}

// localizationWarnings are about how Mitz is asked where data are.
func (s Section) localizationWarnings() []string {
	if s.Localization.SigningKeyFile != "" && s.Localization.Issuer == "" {
		return []string{"localization.signingkeyfile: of no use without localization.issuer: Mitz is not asked where data are"}
	}
	return nil
}

// signingWarning returns the warning about a certificate that signs no more; empty when there is
// nothing to warn of.
func signingWarning(signing *tls.Certificate, now time.Time) string {
	if signing == nil || !now.After(signing.Leaf.NotAfter) {
		return ""
	}
	return "localization.signingkeyfile: the certificate expired at " + signing.Leaf.NotAfter.UTC().Format(time.RFC3339)
}
