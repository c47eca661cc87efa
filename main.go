// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command nuts-mitz is a Nuts node that consults Mitz before it issues an access
// token: the stock node's system, plus the plugin, and nothing else.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/nuts-foundation/nuts-node/cmd"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/plugin"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()

	system := cmd.CreateSystem(cancel)
	if err := plugin.Install(system); err != nil {
		logrus.WithError(err).Fatal("Could not install the plugin")
	}
	command := cmd.CreateCommand(system)
	plugin.AddCommands(command, system)
	if err := command.ExecuteContext(ctx); err != nil {
		logrus.WithError(err).Fatal("Command failed")
	}
}
