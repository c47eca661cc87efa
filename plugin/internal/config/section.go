// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/lists"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// Section holds the values of the section "mitz".
type Section struct {
	// Enabled is false where nothing is to be guarded, on purpose.
	Enabled bool `koanf:"enabled"`
	// Endpoint is the base URL of Mitz, without the path of a service.
	Endpoint string `koanf:"endpoint"`
	// Timeout is for one whole consult: 3 s by default, at least 500 ms and at most 1 m.
	Timeout time.Duration `koanf:"timeout"`
	// QueriesPerMinute is how often Mitz is asked about one patient on behalf of one
	// requester: 10 by default.
	QueriesPerMinute int `koanf:"queriesperminute"`

	TLS          TLS          `koanf:"tls"`
	Audit        Audit        `koanf:"audit"`
	Withdrawal   Withdrawal   `koanf:"withdrawal"`
	Registration Registration `koanf:"registration"`
	Localization Localization `koanf:"localization"`
	// DecisionPoint is that of "mitz pdp". A node has no use for it.
	DecisionPoint DecisionPoint `koanf:"pdp"`
	Access        Access        `koanf:"access"`
	policy.Config `koanf:",squash"`
	// DataHoldersFile and FacilityTypesFile hold more of the lists of these names, and are
	// read again when they change.
	DataHoldersFile   string `koanf:"dataholdersfile"`
	FacilityTypesFile string `koanf:"facilitytypesfile"`
}

// TLS names the files with which the node proves itself to Mitz, of the formats of
// [mitzclient.TLSFiles].
type TLS struct {
	CertFile       string `koanf:"certfile"`
	CertKeyFile    string `koanf:"certkeyfile"`
	PasswordFile   string `koanf:"passwordfile"`
	TrustStoreFile string `koanf:"truststorefile"`
}

// Audit says where the log goes that NEN 7513 asks for.
type Audit struct {
	// File is appended to; empty: there is no such log. It holds patients' numbers.
	File string `koanf:"file"`
}

// Withdrawal says how live tokens end when consent ends.
type Withdrawal struct {
	// KeyFile holds the keys under which patients are known without their numbers, see
	// [withdrawal.LoadKeys]; empty: a random key, where no other node shares the sessions.
	KeyFile string `koanf:"keyfile"`
	// NotifyURL is where Mitz reaches this node to tell of changes, for all data holders; each
	// subscription's secret follows it. Empty: nobody is subscribed.
	NotifyURL string `koanf:"notifyurl"`
	// GatewaySystem and SourceSystem are OIDs that a subscription names; empty: it does not.
	GatewaySystem string `koanf:"gatewaysystem"`
	SourceSystem  string `koanf:"sourcesystem"`
	// AuthorizationFile holds the header Authorization of messages about subscriptions, see
	// [authorization.File]; empty: they have none.
	AuthorizationFile string `koanf:"authorizationfile"`
	// NotifyTrustStoreFile has the roots in PEM of the client certificate that a notification
	// must come with, and NotifyCertNames are the names of which it must have one: DNS names
	// or the common name. Both empty: it may come without.
	NotifyTrustStoreFile string   `koanf:"notifytruststorefile"`
	NotifyCertNames      []string `koanf:"notifycertnames"`
	// ProviderCategories replace [withdrawal.DefaultKinds]; empty: those.
	ProviderCategories []ProviderCategory `koanf:"providercategories"`
}

// ProviderCategory is a kind of care provider by which patients consent.
type ProviderCategory struct {
	Code          string   `koanf:"code"`          // RPZAC and three digits
	FacilityTypes []string `koanf:"facilitytypes"` // of organisations of this kind
}

// defaults returns the values of a section that says nothing.
func defaults() Section {
	return Section{
		Enabled: true, Timeout: mitzclient.DefaultTimeout, QueriesPerMinute: mitzclient.DefaultQueriesPerMinute,
		Registration: defaultRegistration(), DecisionPoint: defaultDecisionPoint(),
	}
}

// Scopes returns the guarded scopes in the order of the configuration.
func (s Section) Scopes() []string {
	var scopes []string
	for _, profile := range s.Profiles {
		scopes = append(scopes, profile.Scope)
	}
	return scopes
}

// reachesMitz reports whether anything in the section needs Mitz, or says how it is reached.
func (s Section) reachesMitz() bool {
	return s.Endpoint != "" || s.TLS != (TLS{}) || s.Withdrawal.NotifyURL != "" || s.Registration.Endpoint != "" || s.Localization.Issuer != "" ||
		len(s.Profiles) == 0 || slices.ContainsFunc(s.Profiles, func(profile policy.ProfileConfig) bool {
		return len(profile.Grounds) == 0 || slices.Contains(profile.Grounds, string(policy.GroundClosedQuery))
	})
}

// DefinitionFile returns the file of the presentation definition that the profile of a scope
// names; empty when it names none.
func (s Section) DefinitionFile(scope string) string {
	for _, profile := range s.Profiles {
		if profile.Scope == scope {
			return profile.PresentationDefinition
		}
	}
	return ""
}

// HasListFiles reports whether there are lists in files of their own.
func (s Section) HasListFiles() bool { return s.listSource().HasFiles() }

// listSource says where data holders and types of requesters are listed.
func (s Section) listSource() lists.Source {
	return lists.Source{DataHolders: s.DataHoldersFile, FacilityTypes: s.FacilityTypesFile, Config: s.Config}
}

// tlsFiles names the files that an https endpoint is reached with; nil for plain http.
func (s Section) tlsFiles() *mitzclient.TLSFiles {
	if strings.HasPrefix(s.Endpoint, "http:") && s.TLS == (TLS{}) {
		return nil
	}
	files := mitzclient.TLSFiles(s.TLS)
	return &files
}

// distinctiveKeys are those that no other section of the node has.
var distinctiveKeys = []string{"dataholders", "dataholdersfile", "profiles", "facilitytypes", "facilitytypesfile"}

// secretKey matches the keys that hold a secret rather than a file's name.
var secretKey = regexp.MustCompile(`(?i)(pass|secret|pin$|privatekey|token|authorization)`)

// explainKey says more of a key that does not exist than that.
func explainKey(key string) string {
	if strings.HasPrefix(key, "pdp.token") {
		return "no such key; a secret does not belong in the configuration, which the node logs: put it in a file and name that in pdp.tokenfile"
	}
	if strings.Contains(key, "authorization") {
		return "no such key; a secret does not belong in the configuration, which the node logs: put it in a file and name that in withdrawal.authorizationfile"
	}
	if secretKey.MatchString(key) {
		return "no such key; a secret does not belong in the configuration, which the node logs: put it in a file and name that in tls.passwordfile"
	}
	return ""
}

// readSection reads the section. Unlike the node's own engines it refuses what it does not
// know: a misspelt key must not silently unguard a scope. It reports whether there is a
// section. The error joins every problem; no value is in it, because it may be a secret.
func readSection(sources settings.Sources) (section Section, present bool, err error) {
	section = defaults()
	sources.Name, sources.Distinctive, sources.Unknown = Name, distinctiveKeys, explainKey
	present, err = sources.Read(&section)
	return section, present, err
}
