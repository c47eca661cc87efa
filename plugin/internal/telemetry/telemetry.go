// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/tracing"
	"github.com/sirupsen/logrus"
	"go.opentelemetry.io/contrib/bridges/otellogrus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.26.0"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// defaultServiceName is the node's.
const defaultServiceName = "nuts-node"

// flushTime bounds how long a stopping node waits for its collector.
const flushTime = 5 * time.Second

// Engine is an engine of the node that exports what it tells. Register it after the node's
// own: then it stops before them.
type Engine struct {
	config *tracing.Config // of the node's tracing engine
	active *atomic.Bool    // redact
	guards func() bool     // whether the node guards anything; asked once its configuration is loaded

	once    sync.Once
	idle    bool // nothing is guarded: the node exports by itself, as the stock node does
	problem error
	foreign bool // the application around the node exports by itself
	spans   *sdktrace.TracerProvider
	logs    *sdklog.LoggerProvider
	hook    logHook
	ending  atomic.Bool
}

var (
	_ core.Injectable   = (*Engine)(nil)
	_ core.Configurable = (*Engine)(nil)
	_ core.Runnable     = (*Engine)(nil)
)

// New returns one for the node's tracing engine. It redacts while active is true, and leaves
// everything as it is on a node that guards nothing.
func New(traced *tracing.Engine, active *atomic.Bool, guards func() bool) *Engine {
	return &Engine{config: traced.Config().(*tracing.Config), active: active, guards: guards}
}

// Name returns "mitztelemetry".
func (e *Engine) Name() string { return "mitztelemetry" }

// Config returns a place for a configuration, which is empty. The node asks for it
// when it loads the configuration, engine by engine, so its tracing engine has its own by
// then and has not used it: the moment to come before it. What goes wrong, Configure tells.
func (e *Engine) Config() any {
	e.once.Do(func() {
		if e.idle = !e.guards(); e.idle || e.config.Endpoint == "" {
			return
		}
		if _, e.foreign = otel.GetTracerProvider().(*sdktrace.TracerProvider); !e.foreign {
			e.problem = e.prepare()
		}
	})
	return &struct{}{}
}

// prepare does what the node's setupStandaloneTracing does, around an exporter that redacts.
func (e *Engine) prepare() error {
	ctx := context.Background()
	name := e.config.ServiceName
	if name == "" {
		name = defaultServiceName
	}
	described, err := resource.New(ctx, resource.WithAttributes(semconv.ServiceNameKey.String(name), semconv.ServiceVersionKey.String(core.Version())))
	if err != nil {
		return err
	}
	spanOptions := []otlptracehttp.Option{otlptracehttp.WithEndpoint(e.config.Endpoint)}
	logOptions := []otlploghttp.Option{otlploghttp.WithEndpoint(e.config.Endpoint)}
	if e.config.Insecure {
		spanOptions, logOptions = append(spanOptions, otlptracehttp.WithInsecure()), append(logOptions, otlploghttp.WithInsecure())
	}
	spans, spansErr := otlptracehttp.New(ctx, spanOptions...)
	logs, logsErr := otlploghttp.New(ctx, logOptions...)
	if err := errors.Join(spansErr, logsErr); err != nil {
		return err
	}
	e.spans = sdktrace.NewTracerProvider(sdktrace.WithBatcher(RedactSpans(spans, e.active)), sdktrace.WithResource(described))
	e.logs = sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(logs)), sdklog.WithResource(described))
	e.hook = logHook{otellogrus.NewHook(name, otellogrus.WithLoggerProvider(e.logs)), e}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logrus.WithError(err).Error("OpenTelemetry SDK error") }))
	otel.SetTextMapPropagator(propagator{propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}), e.active})
	otel.SetTracerProvider(e.spans)
	logrus.AddHook(e.hook) // after the one that redacts
	return nil
}

// Configure tells what went wrong, and redacts and exports the node's audit log, which has a
// logger of its own that takes the form of its lines from the configuration.
func (e *Engine) Configure(core.ServerConfig) error {
	if e.idle {
		return nil
	}
	if e.problem != nil {
		return fmt.Errorf("failed to setup tracing: %w", e.problem)
	}
	if e.foreign {
		logrus.StandardLogger().WithField(core.LogFieldModule, "mitz").
			Warn("Spans are exported by the application around this node: give it the exporter of plugin.RedactSpans, or they hold what requesters send")
	}
	logger := audit.Log(audit.Context(context.Background(), "mitz", "mitz", "configure"), logrus.NewEntry(logrus.StandardLogger()), "configure").Logger
	before := logger.ReplaceHooks(logrus.LevelHooks{})
	hooks := logrus.LevelHooks{}
	hooks.Add(redact.NewHook(e.active)) // before those that export
	if e.logs != nil {
		hooks.Add(e.hook)
	}
	for level, others := range before {
		hooks[level] = append(hooks[level], others...)
	}
	logger.ReplaceHooks(hooks)
	return nil
}

// Start does nothing: spans are exported from the time that the node makes them.
func (e *Engine) Start() error { return nil }

// Shutdown exports what there is. What comes after it is exported at the node's last line.
func (e *Engine) Shutdown() error {
	if e.spans == nil {
		return nil
	}
	e.ending.Store(true)
	e.flush()
	return nil
}

func (e *Engine) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := errors.Join(e.spans.ForceFlush(ctx), e.logs.ForceFlush(ctx)); err != nil {
		otel.Handle(err)
	}
}

// logHook exports lines while the node traces, as its own hook does.
type logHook struct {
	*otellogrus.Hook
	engine *Engine
}

func (h logHook) Fire(entry *logrus.Entry) error {
	switch {
	case tracing.Enabled():
		return h.Hook.Fire(entry)
	case h.engine.ending.Load() && isLastLine(entry.Message):
		h.engine.flush()
	}
	return nil
}

// isLastLine reports whether this is what the node logs when all its engines have stopped.
func isLastLine(message string) bool {
	return strings.HasPrefix(message, "Shutdown complete") || strings.HasPrefix(message, "Error shutting down system")
}
