// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// subscribesWords say what follows a token in a profile that subscribes.
const subscribesWords = "Mitz is asked, once for each patient and data holder, to tell this node when the consent changes (subscribe)"

// notifications are rows about how Mitz tells this node of changes; none: it does not.
func notifications(cfg *config.Config) [][2]string {
	if cfg.NotifyURL == "" {
		return nil
	}
	rows := [][2]string{
		{"changes", "Mitz tells them at " + report.Whole(cfg.NotifyURL+"/<secret>") + ", with a secret for each patient and data holder"},
		{"", certificateWords(cfg)},
		{"subscribing", "gateway system " + cmp.Or(cfg.Withdrawal.GatewaySystem, "none") + ", source system " + cmp.Or(cfg.Withdrawal.SourceSystem, "none")},
	}
	if file := cfg.Withdrawal.AuthorizationFile; file != "" {
		rows = append(rows, [2]string{"", "with the header Authorization that is in " + report.Whole(file)})
	}
	types := map[consent.ProviderCategory][]string{}
	for facility, kind := range cfg.Kinds {
		types[kind] = append(types[kind], string(facility))
	}
	for _, kind := range slices.Sorted(maps.Keys(types)) {
		slices.Sort(types[kind])
		rows = append(rows, [2]string{string(kind), "permitted together: " + strings.Join(types[kind], ", ")})
	}
	return rows
}

// certificateWords say which client certificate a notification must come with.
func certificateWords(cfg *config.Config) string {
	certificate := cfg.NotifyCertificate
	if certificate == nil {
		return "without a client certificate: whoever knows a secret can post there"
	}
	return "with a client certificate of " + strings.Join(certificate.Names, " or ") + ", under a root in " +
		report.Whole(cfg.Withdrawal.NotifyTrustStoreFile) + ", which your proxy puts in the header " + certificate.Header
}
