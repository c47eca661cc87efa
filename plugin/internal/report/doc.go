// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package report holds what the commands that tell about a configuration share: a page of
// text, and words for codes. The commands themselves are in the packages below it.
//
// A command stands on a valid configuration alone; the engine is not in use. It must never
// print a patient's number, and repeats no text that it was given in the wrong place: that
// may be one.
package report

import (
	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
)

// Load reads the configuration for a command, as the server does when it starts. Who calls it
// closes the link of what it returns.
type Load func(command *cobra.Command) (*config.Config, error)
