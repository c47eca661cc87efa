// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/pdpserver"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/telemetry"
)

// pdpCommand returns "mitz pdp": the decision point by itself. Nothing of a node is in use: no
// database, no keys, and none of its addresses.
func pdpCommand(system *core.System) *cobra.Command {
	command := &cobra.Command{
		Use:   "pdp",
		Short: "Serves the AuthZEN decision point alone, without a node",
		Long: "Checks the configuration as the server does when it starts, and then answers at mitz.pdp.address\n" +
			"whether there is consent, for nodes and gateways that ask before they give access (OpenID\n" +
			"AuthZEN). It issues no tokens, and has no database and no keys. It ends on SIGTERM or SIGINT,\n" +
			"when every request that runs has its answer.",
		// The text given is not repeated: it may be anything.
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) > 0 {
				return errors.New("pdp takes no arguments")
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error {
			engine, read, err := loadPoint(system, command)
			if err != nil {
				return err
			}
			defer read.Close()
			collectSeldom()
			traced, err := trace(system, engine)
			if err != nil {
				return err
			}
			defer traced()
			point, err := newPointAlone(engine, read)
			if err != nil {
				return err
			}
			return point.serve(command.Context(), command.OutOrStdout())
		},
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return errors.New(redact.Text(err.Error())) })
	return command
}

// collectSeldom has a process whose heap is small collect it less often, which costs some
// megabytes, and takes a tenth of the time off an answer. Who sets GOGC, decides.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(800)
	}
}

// loadPoint loads the configuration of a decision point. What is wrong with it is told in the
// words of a node's start that fails.
func loadPoint(system *core.System, command *cobra.Command) (*Engine, *config.Config, error) {
	engine, err := loadSystem(system, command)
	if err != nil {
		return nil, nil, err
	}
	read, err := config.ReadPoint(*system.Config, engine.configNode(), config.Hooks{
		Link: engine.hooks(), ListsChanged: engine.listsChangedAlone, ListsRefused: listsRefused, PointAccess: accessHooks(),
	})
	if err == nil && read.Off != "" {
		read.LookedIn(command)
		err = errors.New(read.Off + ", and so nothing to decide")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("unable to configure %s: %w", engine.Name(), err)
	}
	// Nobody presents credentials to a decision point: it relies on what another node verified.
	unproven := read.Policy.CheckAlone()
	if unproven != nil && read.Strict {
		read.Close()
		return nil, nil, fmt.Errorf("unable to configure %s: %w", engine.Name(), config.Invalid(unproven))
	}
	for _, each := range errlist.Each(unproven) {
		logWarnings([]string{each.Error() + " (refused in strict mode)"})
	}
	return engine, read, nil
}

// trace has spans and the log exported as those of a node are, and the audit log redacted. The
// function that it returns ends that.
func trace(system *core.System, engine *Engine) (func(), error) {
	traces := []any{engine.node.Tracing}
	system.VisitEngines(func(each core.Engine) {
		if exporting, ok := each.(*telemetry.Engine); ok {
			traces = append(traces, exporting)
		}
	})
	for _, each := range traces {
		if err := each.(core.Configurable).Configure(*system.Config); err != nil {
			return nil, err
		}
	}
	return func() {
		for i := range traces {
			if err := traces[len(traces)-1-i].(core.Runnable).Shutdown(); err != nil {
				log().WithError(err).Error("The traces could not be exported to their end")
			}
		}
	}, nil
}

func accessHooks() pdpserver.Hooks {
	return pdpserver.Hooks{
		Changed: func() {
			log().Info("The changed files of the decision point are in use: its certificate, and who its clients are")
		},
		Refused: func(err error) {
			log().WithError(errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))).
				Error("The changed files of the decision point are not good: those before stay in use")
		},
	}
}
