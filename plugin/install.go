// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"fmt"
	"sync/atomic"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/sirupsen/logrus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/telemetry"
)

// Install registers the engine "mitz" in a node's system and guards its token
// endpoint. Call it once, after cmd.CreateSystem and before the system is
// configured. It fails when the system is not built as the node that this software
// was written for: an unguarded node must not start by accident.
func Install(system *core.System) error {
	engines, err := node.FindEngines(system)
	if err != nil {
		return fmt.Errorf("mitz: unable to guard this node: %w", err)
	}
	engine := newEngine(engines)
	guarded := &router{engine: engine}
	if guarded.stock, err = node.ReplaceRouter(system, guarded); err != nil {
		return fmt.Errorf("mitz: unable to guard this node: %w", err)
	}
	guards := func() bool {
		engine.idle = !config.Guards(*system.Config, engine.flags)
		if !engine.idle {
			engines.AllowContexts()
		}
		return !engine.idle
	}
	system.RegisterEngine(telemetry.New(engines.Tracing, &engine.redacting, guards))
	system.RegisterEngine(engine)
	// Before the hooks that export the log.
	logrus.AddHook(config.SecretHook{})
	logrus.AddHook(redact.NewHook(&engine.redacting))
	return nil
}

// RedactSpans returns an exporter of spans that takes patients' numbers out of them. It is for
// an application that has this node in it and exports spans by itself; by itself, the node
// exports them so.
func RedactSpans(next sdktrace.SpanExporter) sdktrace.SpanExporter {
	var always atomic.Bool
	always.Store(true)
	return telemetry.RedactSpans(next, &always)
}
