// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package telemetry

import (
	"bytes"
	"context"
	"testing"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/tracing"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// engineFor returns the engine for a node that guards something and exports to this endpoint.
func engineFor(endpoint string) *Engine { return engineIn(endpoint, true) }

func engineIn(endpoint string, guards bool) *Engine {
	node := tracing.New()
	engine := New(node, activeIf(true), func() bool { return guards })
	node.Config().(*tracing.Config).Endpoint = endpoint
	return engine
}

func auditLine(message string) *logrus.Entry {
	return audit.Log(audit.Context(context.Background(), "actor "+testBSN, "module", "operation"), logrus.WithField("field", testBSN), message)
}

func TestTheAuditLogIsRedacted(t *testing.T) {
	logger := auditLine("before").Logger
	output, hooks := logger.Out, logger.Hooks
	t.Cleanup(func() { logger.SetOutput(output); logger.ReplaceHooks(hooks) })
	var written bytes.Buffer
	logger.SetOutput(&written)
	require.NoError(t, engineFor("").Configure(core.ServerConfig{}))
	auditLine("event").Info("about " + testBSN)
	assert.Contains(t, written.String(), "about [BSN]")
	assert.Contains(t, written.String(), `actor="actor [BSN]"`)
	assert.NotContains(t, written.String(), testBSN)
}

func TestWithoutTracingNothingChanges(t *testing.T) {
	before := otel.GetTracerProvider()
	engine := engineFor("")
	assert.IsType(t, &struct{}{}, engine.Config())
	assert.Equal(t, before, otel.GetTracerProvider())
	require.NoError(t, engine.Start())
	require.NoError(t, engine.Shutdown())
}

func TestWhereNothingIsGuardedTheNodeExportsByItself(t *testing.T) {
	provider, propagator, hooks := otel.GetTracerProvider(), otel.GetTextMapPropagator(), logrus.StandardLogger().Hooks
	before := len(hooks[logrus.InfoLevel])
	audited := auditLine("before").Logger
	auditedBefore := len(audited.Hooks[logrus.InfoLevel])
	engine := engineIn("127.0.0.1:1", false)
	engine.Config()
	require.NoError(t, engine.Configure(core.ServerConfig{}))
	assert.Equal(t, provider, otel.GetTracerProvider())
	assert.Equal(t, propagator, otel.GetTextMapPropagator())
	assert.Len(t, logrus.StandardLogger().Hooks[logrus.InfoLevel], before)
	assert.Len(t, audited.Hooks[logrus.InfoLevel], auditedBefore)
	require.NoError(t, engine.Start())
	require.NoError(t, engine.Shutdown())
}

func TestTheProviderOfTheApplicationAroundIsLeft(t *testing.T) {
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	theirs := sdktrace.NewTracerProvider()
	otel.SetTracerProvider(theirs)
	engine := engineFor("127.0.0.1:1")
	engine.Config()
	assert.Same(t, theirs, otel.GetTracerProvider())
	var written bytes.Buffer
	output := logrus.StandardLogger().Out
	t.Cleanup(func() { logrus.SetOutput(output) })
	logrus.SetOutput(&written)
	require.NoError(t, engine.Configure(core.ServerConfig{}))
	assert.Contains(t, written.String(), "plugin.RedactSpans")
	require.NoError(t, engine.Shutdown())
}

func TestTheProviderIsMadeOnceAndBeforeTheNodes(t *testing.T) {
	before, hooks := otel.GetTracerProvider(), logrus.StandardLogger().Hooks
	t.Cleanup(func() { otel.SetTracerProvider(before); logrus.StandardLogger().ReplaceHooks(hooks) })
	logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{})
	engine := engineFor("127.0.0.1:1")
	engine.Config()
	made := otel.GetTracerProvider()
	assert.Same(t, engine.spans, made)
	engine.Config()
	assert.Same(t, made, otel.GetTracerProvider())
	assert.False(t, engine.foreign)
	require.NoError(t, engine.spans.Shutdown(t.Context()))
	require.NoError(t, engine.logs.Shutdown(t.Context()))
}
