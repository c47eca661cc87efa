// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"strings"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagSet gives the engine's command line flags. Lists (data holders, profiles,
// trust) have none: they belong in the configuration file.
func flagSet() *pflag.FlagSet {
	defaults := DefaultConfig()
	flags := pflag.NewFlagSet(moduleName, pflag.ContinueOnError)
	flags.Bool("mitz.enabled", defaults.Enabled, "When false, nothing is guarded, on purpose: the node behaves as the stock node.")
	flags.String("mitz.endpoint", defaults.Endpoint, "Base URL of Mitz, without the path of a service. Must be HTTPS when strictmode is set.")
	flags.Duration("mitz.timeout", defaults.Timeout, "Time-out for one whole consult of Mitz, such as '3s': at least 500ms and at most 1m.")
	flags.Int("mitz.queriesperminute", defaults.QueriesPerMinute, "How often Mitz is asked about one patient on behalf of one requester, in a minute: each query is shown to the patient. More are refused.")
	flags.String("mitz.tls.certfile", defaults.TLS.CertFile, "File containing the client certificate for Mitz: PKCS#12 (.p12, .pfx), or PEM together with mitz.tls.certkeyfile. Required in strict mode.")
	flags.String("mitz.tls.certkeyfile", defaults.TLS.CertKeyFile, "PEM file containing the private key of the client certificate for Mitz.")
	flags.String("mitz.tls.passwordfile", defaults.TLS.PasswordFile, "File containing the password of the client certificate for Mitz, or of its private key.")
	flags.String("mitz.tls.truststorefile", defaults.TLS.TrustStoreFile, "PEM file containing the only CA certificates that are trusted for Mitz. Required in strict mode.")
	flags.String("mitz.audit.file", defaults.Audit.File, "File to append the NEN 7513 log to, as FHIR AuditEvents. It holds patients' numbers; no token is issued that cannot be logged in it.")
	flags.String("mitz.dataholdersfile", defaults.DataHoldersFile, "File with more data holders, in the form of mitz.dataholders (YAML or JSON). It is read again when it changes.")
	flags.String("mitz.facilitytypesfile", defaults.FacilityTypesFile, "File with more types of requesters by URA, in the form of mitz.facilitytypes (YAML or JSON). It is read again when it changes.")
	return flags
}

// AddCommands adds the engine's flags to the node's commands that load its
// configuration, and the engine's own commands: "mitz explain", "mitz check" and "mitz
// version". The system is the one that [Install] was given.
func AddCommands(root *cobra.Command, system *core.System) {
	engine, installed := system.FindEngineByName(moduleName).(*Engine)
	addFlags(root)
	group := &cobra.Command{
		Use: moduleName, Short: "Commands about patients' consent (Mitz)",
		RunE: refuseUnknown, SilenceErrors: true, SilenceUsage: true,
	}
	server, _, err := root.Find([]string{"server"})
	for _, command := range []*cobra.Command{explainCommand(system), checkCommand(system)} {
		if err == nil {
			addServerFlags(command, server)
		}
		group.AddCommand(command)
	}
	group.AddCommand(versionCommand())
	root.AddCommand(group)
	if installed {
		engine.flags = prepare(root)
	}
}

// prepare has the commands that load the configuration check first whether it can be read,
// and gives their flags: the engine asks them what was given on the command line.
func prepare(command *cobra.Command) (flags []*pflag.FlagSet) {
	for _, each := range command.Commands() {
		if each.Flags().Lookup(configFileKey) != nil {
			flags = append(flags, each.Flags())
			if each.PreRun == nil && each.PreRunE == nil {
				each.PreRunE = checkSyntax
			}
		}
		flags = append(flags, prepare(each)...)
	}
	return flags
}

// addServerFlags gives a command the server's flags, with which the configuration is
// loaded. Its help shows those that matter to it: there are more than a hundred.
func addServerFlags(command, server *cobra.Command) {
	server.Flags().VisitAll(func(flag *pflag.Flag) {
		shared := *flag // the same value, which is hidden here alone
		shared.Hidden = flag.Hidden || flag.Name != configFileKey && flag.Name != "strictmode" && !strings.HasPrefix(flag.Name, moduleName+".")
		command.Flags().AddFlag(&shared)
	})
}

func addFlags(command *cobra.Command) {
	for _, each := range command.Commands() {
		if each.Flags().Lookup(configFileKey) != nil {
			each.Flags().AddFlagSet(flagSet())
		}
		addFlags(each)
	}
}
