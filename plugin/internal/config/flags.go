// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// flagSet returns the section's command line flags. Lists (data holders, profiles, trust) have
// none: they belong in the configuration file.
func flagSet() *pflag.FlagSet {
	unset := defaults()
	flags := pflag.NewFlagSet(Name, pflag.ContinueOnError)
	flags.Bool("mitz.enabled", unset.Enabled, "When false, nothing is guarded, on purpose: the node behaves as the stock node.")
	flags.String("mitz.endpoint", unset.Endpoint, "Base URL of Mitz, without the path of a service. Must be HTTPS when strictmode is set.")
	flags.Duration("mitz.timeout", unset.Timeout, "Time-out for one whole consult of Mitz, such as '3s': at least 500ms and at most 1m.")
	flags.Int("mitz.queriesperminute", unset.QueriesPerMinute, "How often Mitz is asked about one patient on behalf of one requester, in a minute: each query is shown to the patient. More are refused.")
	flags.String("mitz.tls.certfile", unset.TLS.CertFile, "File containing the client certificate for Mitz: PKCS#12 (.p12, .pfx), or PEM together with mitz.tls.certkeyfile. Required in strict mode.")
	flags.String("mitz.tls.certkeyfile", unset.TLS.CertKeyFile, "PEM file containing the private key of the client certificate for Mitz.")
	flags.String("mitz.tls.passwordfile", unset.TLS.PasswordFile, "File containing the password of the client certificate for Mitz, or of its private key.")
	flags.String("mitz.tls.truststorefile", unset.TLS.TrustStoreFile, "PEM file containing the only CA certificates that are trusted for Mitz. Required in strict mode.")
	flags.String("mitz.withdrawal.keyfile", unset.Withdrawal.KeyFile, "File with the keys under which patients are known without their numbers, as 'mitz key' makes it: the same on all nodes that share their sessions. Without it, live tokens about a patient can be ended on a node with sessions of its own alone.")
	flags.String("mitz.withdrawal.notifyurl", unset.Withdrawal.NotifyURL, "URL at which Mitz reaches this node to tell that a patient's consent changed, such as 'https://node.example/mitz/notify'. Must be HTTPS when strictmode is set. Without it nobody is subscribed.")
	flags.String("mitz.withdrawal.gatewaysystem", unset.Withdrawal.GatewaySystem, "OID of the gateway system that subscriptions name to Mitz.")
	flags.String("mitz.withdrawal.sourcesystem", unset.Withdrawal.SourceSystem, "OID of the source system that subscriptions name to Mitz.")
	flags.String("mitz.withdrawal.authorizationfile", unset.Withdrawal.AuthorizationFile, "File with the header Authorization of messages to Mitz about subscriptions, such as 'SAML' and a signed assertion in base64. It is read again for each message.")
	flags.String("mitz.withdrawal.notifytruststorefile", unset.Withdrawal.NotifyTrustStoreFile, "PEM file with the root certificates of the client certificate that a notification of Mitz must come with. Needs tls.offload and tls.certheader.")
	flags.String("mitz.registration.endpoint", unset.Registration.Endpoint, "Base URL of Mitz's FHIR service at which consents are registered that a requester recorded. Must be HTTPS when strictmode is set. Without it they are kept, and not registered.")
	flags.Duration("mitz.registration.maxage", unset.Registration.MaxAge, "How long ago a consent may have been recorded that a requester brings, such as '168h': at least 1m and at most 8784h.")
	addLocalizationFlags(flags, unset.Localization)
	addDecisionPointFlags(flags, unset.DecisionPoint)
	addAccessFlags(flags, unset.Access)
	flags.String("mitz.audit.file", unset.Audit.File, "File to append the NEN 7513 log to, as FHIR AuditEvents. It holds patients' numbers; no token is issued that cannot be logged in it.")
	flags.String("mitz.dataholdersfile", unset.DataHoldersFile, "File with more data holders, in the form of mitz.dataholders (YAML or JSON). It is read again when it changes.")
	flags.String("mitz.facilitytypesfile", unset.FacilityTypesFile, "File with more types of requesters by URA, in the form of mitz.facilitytypes (YAML or JSON). It is read again when it changes.")
	return flags
}

// Flags are those of the commands that load the configuration: at most one of them runs.
type Flags []*pflag.FlagSet

// given returns the section's flags on the command line, by their keys below the section.
func (f Flags) given() map[string]string {
	given := map[string]string{}
	for _, flags := range f {
		flags.VisitAll(func(flag *pflag.Flag) {
			if key, ours := strings.CutPrefix(flag.Name, Name+"."); ours && flag.Changed {
				given[key] = flag.Value.String()
			}
		})
	}
	return given
}

// AddFlags adds the section's flags to the node's commands that load its configuration.
func AddFlags(root *cobra.Command) {
	for _, command := range loading(root) {
		command.Flags().AddFlagSet(flagSet())
	}
}

// Prepare has the commands that load the configuration, our own among them, check first
// whether its file can be read. It returns their flags.
func Prepare(root *cobra.Command) (flags Flags) {
	for _, command := range loading(root) {
		flags = append(flags, command.Flags())
		if command.PreRun == nil && command.PreRunE == nil {
			command.PreRunE = checkSyntax
		}
	}
	return flags
}

// loading returns the commands below one that load the node's configuration.
func loading(root *cobra.Command) (commands []*cobra.Command) {
	for _, each := range root.Commands() {
		if each.Flags().Lookup(configFileKey) != nil {
			commands = append(commands, each)
		}
		commands = append(commands, loading(each)...)
	}
	return commands
}

// AddServerFlags has a command load the configuration as the server does: it gets the
// server's flags. Its help shows which file that is, and of our own keys those with a prefix;
// the others are in the server's: there are more than a hundred.
func AddServerFlags(command, server *cobra.Command, shown string) {
	server.Flags().VisitAll(func(flag *pflag.Flag) {
		shared := *flag // the same value, which is hidden here alone
		shared.Hidden = flag.Hidden || flag.Name != configFileKey && flag.Name != "strictmode" && (shown == "" || !strings.HasPrefix(flag.Name, shown))
		command.Flags().AddFlag(&shared)
	})
}

// configFile is the file that a command reads, also when it is not there.
func configFile(command *cobra.Command) string {
	flag := command.Flags().Lookup(configFileKey)
	if variable, exists := os.LookupEnv("NUTS_CONFIGFILE"); exists && !flag.Changed {
		return strings.TrimSpace(variable)
	}
	return flag.Value.String()
}

// LookedIn has a configuration without a section say in which file a command looked for it: who
// forgets --configfile has another than the server's.
func (c *Config) LookedIn(command *cobra.Command) {
	if c.Off != noSection {
		return
	}
	path := configFile(command)
	if content, err := readConfigFile(path); err != nil || content == nil {
		c.Off += " (there is no file " + path + ": name yours with --configfile)"
	} else {
		c.Off += " in " + path
	}
}

// checkSyntax refuses a configuration file that is no YAML before the node does, which says
// where, but not what to do.
func checkSyntax(command *cobra.Command, _ []string) error {
	path := configFile(command)
	content, err := readConfigFile(path)
	if err != nil {
		return nil //nolint:nilerr // for the node to tell, or for Read
	}
	if err := settings.CheckSyntax(content); err != nil {
		command.SilenceErrors, command.SilenceUsage = true, true
		return fmt.Errorf("unable to load the configuration file %s: %w", path, err)
	}
	return nil
}
