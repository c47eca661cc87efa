// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/lists"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/version"
)

const moduleName = config.Name

// Engine is the node's engine named "mitz": its configuration, its life cycle and
// the link to Mitz.
type Engine struct {
	node     nodeEngines
	now      func() time.Time
	flags    config.Flags // of the commands that load the configuration
	config   config.Section
	off      string               // why nothing is guarded; empty: it is
	policy   *policy.Policy       // nil: no mitz section, nothing is guarded
	consult  mitzclient.Consulter // the client, or a test's
	client   *mitzclient.Link     // nil in such a test
	keys     once.Keys            // of what may be used once
	claims   once.Claims          // of what a guarded token rests on; opened at the start
	metrics  *metrics
	auditLog *nen7513.Log // nil: none is kept
	refusals *refusals
	guarding atomic.Bool // the token endpoint was replaced
	// redacting tells the log's hook to take patients' numbers out.
	redacting atomic.Bool
	stdlog    io.Writer // of Go's standard log, before it came into the node's; nil when it did not

	requests *drain.Drain // those for guarded tokens

	lists     *lists.Watcher // of data holders and types of requesters
	publicURL *url.URL       // of the node, from which the issuers of tokens are made

	// background is what is looked up while the node runs; it ends with the node.
	background sync.WaitGroup
	ending     context.Context
	end        context.CancelFunc
}

var (
	_ core.Named           = (*Engine)(nil)
	_ core.Configurable    = (*Engine)(nil)
	_ core.Runnable        = (*Engine)(nil)
	_ core.HealthCheckable = (*Engine)(nil)
)

func newEngine(node nodeEngines) *Engine {
	engine := &Engine{node: node, now: time.Now}
	engine.metrics = newMetrics(engine.circuit, func() int { return len(engine.config.Profiles) }, engine.load)
	engine.requests = drain.New()
	engine.refusals = newRefusals(engine)
	engine.node.refused, engine.node.panicked = func() { engine.countRefused(door.ReasonPresentation) }, engine.panicked
	engine.ending, engine.end = context.WithCancel(context.Background())
	return engine
}

// Name gives "mitz".
func (e *Engine) Name() string { return moduleName }

func (e *Engine) enabled() bool { return e.policy != nil }

func (e *Engine) backend() backend { return backend{PDPBackend: e.node.policy, engine: e} }

// readConfig reads and validates the section, and takes nothing of it into use.
func (e *Engine) readConfig(server core.ServerConfig) (*config.Config, error) {
	return config.Read(server, config.Node{Policies: e.node.policy, HTTP: e.node.http, Flags: e.flags}, config.Hooks{
		Link: e.hooks(), ListsChanged: e.listsChanged, ListsRefused: listsRefused,
	})
}

// Configure reads the configuration and takes it into use. The error tells every problem at
// once.
func (e *Engine) Configure(server core.ServerConfig) error {
	read, err := e.readConfig(server)
	if err != nil {
		return err
	}
	if e.off = read.Off; e.off != "" {
		return e.metrics.register(prometheus.DefaultRegisterer)
	}
	e.publicURL = e.node.auth.PublicURL()
	if file := read.Audit.File; file != "" {
		if e.auditLog, err = nen7513.Open(file, auditHooks()); err != nil {
			return config.Invalid(fmt.Errorf("audit.file: %w", err))
		}
	}
	if err := e.metrics.register(prometheus.DefaultRegisterer); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	logWarnings(read.Warnings(e.now()))
	e.metrics.certificateExpires(read.Link.Certificate())
	e.config, e.client, e.consult, e.policy, e.lists = read.Section, read.Link, read.Link, read.Policy, read.Watcher
	e.redacting.Store(true)
	e.stdlog = stdlog.Writer()
	stdlog.SetOutput(standardLog{})
	return nil
}

// auditHooks log when the audit file cannot be written, and when it can be again. Its errors
// are the system's: they hold nothing of an entry.
func auditHooks() nen7513.Hooks {
	return nen7513.Hooks{Changed: func(failure error) {
		if failure != nil {
			log().WithError(failure).Error("The audit file cannot be written: guarded scopes get no token")
			return
		}
		log().Warn("The audit file can be written again")
	}}
}

// hooks log what happens on the link to Mitz. None of it concerns a patient, nor tells which
// requester it was: the lines of its refusals do.
func (e *Engine) hooks() mitzclient.Hooks {
	return mitzclient.Hooks{
		CircuitChanged: func(state mitzclient.CircuitState) {
			log().WithField("circuit", state.String()).Warn("The link to Mitz changed")
		},
		HeldBack: func() {
			log().Warn("A requester whose queries failed time after time is held back for a while")
		},
		Paused: func(d time.Duration, everybody bool) {
			message := "Mitz asked for fewer queries: the requester whose query it was is held back"
			if everybody {
				message = "Mitz asked several requesters for fewer queries and is left alone"
			}
			log().WithField("for", d.String()).Warn(message)
		},
		Overdue: func() {
			e.metrics.overdue.Inc()
			log().Error("A query to Mitz did not end when its time was over, and was left behind")
		},
		Reloaded: func(notAfter time.Time) {
			e.metrics.certificateExpires(notAfter)
			log().WithField("not_after", notAfter).Info("The changed TLS files for Mitz are in use")
		},
		ReloadFailed: func(err error) {
			log().WithError(err).Error("The changed TLS files for Mitz are not good: those before stay in use")
		},
	}
}

// Start begins to answer token requests for guarded scopes.
func (e *Engine) Start() error {
	if !e.enabled() {
		log().WithField("version", version.Read().Plugin).Warn("No scope is guarded: " + e.off)
		return nil
	}
	if !e.guarding.Load() {
		return errors.New("the token endpoint is not guarded")
	}
	if err := e.openClaims(); err != nil {
		return err
	}
	info := version.Read()
	log().WithFields(logrus.Fields{
		"scopes": e.config.Scopes(), "audit_file": e.auditLog != nil, "version": info.Plugin, "node_version": info.Node,
	}).Info("Guarding scopes: a token for them needs consent")
	if e.client != nil {
		e.client.Start()
	}
	if e.lists != nil {
		e.lists.Start()
		e.warnInBackground()
	}
	e.requests.Open()
	return nil
}

// How long a stop waits. The node's HTTP server stops after this engine, so that what is
// waited for reaches the requester.
const (
	// afterConsult is what a request takes at the most besides its consult.
	afterConsult = time.Second
	// stopGrace is for a request whose context was ended: to write its last entry.
	stopGrace = 5 * time.Second
)

// Shutdown lets the requests that run come to their end, and refuses new ones: Mitz shows
// the patient a query whether or not its answer is waited for. What is left after the time
// of a consult is ended. After it, every token request for a guarded scope is refused.
func (e *Engine) Shutdown() error {
	e.end()
	if left := e.requests.Close(e.config.Timeout+afterConsult, stopGrace); left > 0 {
		log().WithField("requests", left).Error("Requests for guarded tokens did not end: the node stops without them")
	}
	if e.lists != nil {
		e.lists.Stop()
	}
	e.background.Wait()
	e.metrics.unregister(prometheus.DefaultRegisterer)
	if e.stdlog != nil {
		stdlog.SetOutput(e.stdlog)
	}
	if e.client != nil {
		e.client.Close()
	}
	e.refusals.flush()
	if e.auditLog != nil {
		if err := e.auditLog.Close(); err != nil {
			// An error would keep the node from stopping its other engines.
			log().WithError(err).Error("The audit file could not be written to its end")
		}
	}
	return nil
}

// begin gives a context that ends with the request, or when the node's stop has waited long
// enough. It reports false when the engine is not running; the context is the request's
// then, and nothing waits for done.
func (e *Engine) begin(request context.Context) (ctx context.Context, done func(), ok bool) {
	return e.requests.Begin(request)
}

func (e *Engine) isRunning() bool { return e.requests.IsOpen() }

func (e *Engine) circuit() mitzclient.CircuitState {
	if e.client == nil {
		return mitzclient.StateClosed
	}
	return e.client.Circuit()
}

// load is what the link does.
func (e *Engine) load() mitzclient.Load {
	if e.client == nil {
		return mitzclient.Load{}
	}
	return e.client.Load()
}

// listsChanged tells that changed lists are in use.
func (e *Engine) listsChanged(changed *policy.Lists) {
	dataHolders, facilityTypes := changed.Len()
	log().WithField("data_holders", dataHolders).WithField("facility_types", facilityTypes).
		Info("The changed lists of data holders and facility types are in use")
	logWarnings(config.ListWarnings(changed))
	logWarnings(config.SubjectWarnings(e.ending, changed, e.node.vdr))
}

func listsRefused(err error) {
	log().WithError(err).Error("The changed lists of data holders or facility types are not good: those before stay in use")
}

// warnInBackground tells what only the node's database can tell. It does not hold up the
// start; the stop waits for it.
func (e *Engine) warnInBackground() {
	e.background.Go(func() {
		logWarnings(config.SubjectWarnings(e.ending, e.policy.Lists(), e.node.vdr))
		logWarnings(config.AuthorityWarnings(e.ending, e.policy, e.node.vdr, e.node.vcr.Wallet()))
	})
}

func logWarnings(warnings []string) {
	for _, warning := range warnings {
		log().Warn("Check the configuration: " + moduleName + "." + warning)
	}
}

func log() *logrus.Entry {
	return logrus.StandardLogger().WithField(core.LogFieldModule, moduleName)
}
