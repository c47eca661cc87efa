// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/api"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/evidence"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/lists"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/notify"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/version"
)

const moduleName = config.Name

// Engine is the node's engine named "mitz": its configuration and its life cycle. What it
// configures are the link to Mitz, the record, and the guard of the token endpoint.
type Engine struct {
	node     node.Engines
	now      func() time.Time
	flags    config.Flags // of the commands that load the configuration
	metrics  *metrics
	recorder *record.Recorder
	requests *drain.Drain // those for guarded tokens
	// redacting tells the log's hook to take patients' numbers out.
	redacting atomic.Bool
	stdlog    io.Writer // of Go's standard log, before it came into the node's

	// idle tells that nothing was guarded when the node's configuration was loaded: then its
	// spans are not redacted.
	idle bool
	off  string // why nothing is guarded; empty: it is, and all that follows is there
	// What Configure makes.
	config    config.Section
	policy    *policy.Policy
	client    *mitzclient.Link // nil: no profile asks Mitz
	lists     *lists.Watcher   // of data holders and types of requesters
	auditLog  *nen7513.Log     // nil: none is kept
	auditKey  auditKey         // signs it
	router    *node.Router
	api       api.API           // for the data holder's own systems
	decisions decisionEndpoints // where nodes and gateways ask
	claims    *once.Cluster     // of what is used once; nil: this node shares it with no other
	// moveWithdrawals moves those that are kept to the key in use; nil: none are kept.
	moveWithdrawals func(ctx context.Context) error
	// evidence of consents that requesters recorded; nil: no token rests on one.
	evidence *evidence.Service
	// subscriptions to patients' consents; nil: Mitz does not notify this node.
	subscriptions *subscriptions.Service
	notified      *notify.Endpoint   // where it does; nil likewise
	notifyTrust   *notify.TrustStore // of who may do so; nil: whoever knows a secret path

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

func newEngine(engines node.Engines) *Engine {
	engine := &Engine{node: engines, now: time.Now, requests: drain.New(), off: "it is not configured yet"}
	engine.recorder = record.New(engine.now)
	engine.auditKey.store = engines.Crypto
	engine.metrics = newMetrics(engine, engine.recorder.Collectors()...)
	engine.ending, engine.end = context.WithCancel(context.Background())
	return engine
}

// Name returns "mitz".
func (e *Engine) Name() string { return moduleName }

func (e *Engine) enabled() bool { return e.off == "" }

// configNode is what a configuration must know of the node.
func (e *Engine) configNode() config.Node {
	return config.Node{Policies: e.node.Policy, HTTP: e.node.HTTP, Flags: e.flags}
}

// Configure reads the configuration and takes it into use. The error tells every problem at
// once.
func (e *Engine) Configure(server core.ServerConfig) error {
	read, err := config.Read(server, e.configNode(), config.Hooks{
		Link: e.hooks(), NotifyTrust: notifyTrustHooks(), ListsChanged: e.listsChanged, ListsRefused: listsRefused,
	})
	if err != nil {
		return err
	}
	if read.Off != "" {
		e.off = read.Off
		return e.metrics.register(prometheus.DefaultRegisterer)
	}
	if e.idle {
		return errors.New("the configuration changed while it was read: start again")
	}
	if err := e.node.LoadContexts(server.Datadir); err != nil {
		return err
	}
	if file := read.Audit.File; file != "" {
		if e.auditLog, err = nen7513.Open(file, auditHooks(), nen7513.SignedBy(&e.auditKey)); err != nil {
			return config.Invalid(fmt.Errorf("audit.file: %w", err))
		}
		e.recorder.WriteTo(e.auditLog)
	}
	if e.router, err = e.newRouter(read); err != nil {
		return err
	}
	e.metrics.linked = read.Link != nil
	if err := e.metrics.register(prometheus.DefaultRegisterer); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	logWarnings(read.Warnings(e.now()))
	if read.Link != nil {
		e.metrics.certificateExpires(read.Link.Certificate())
	}
	e.config, e.client, e.policy, e.lists, e.notifyTrust = read.Section, read.Link, read.Policy, read.Watcher, read.NotifyTrust
	e.redacting.Store(true)
	e.stdlog = stdlog.Writer()
	stdlog.SetOutput(standardLog{})
	e.off = ""
	return nil
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
	if !e.router.Guards() {
		return errors.New("the token endpoint is not guarded")
	}
	info := version.Read()
	log().WithFields(logrus.Fields{
		"scopes": e.config.Scopes(), "audit_file": e.auditLog != nil, "version": info.Plugin, "node_version": info.Node,
	}).Info("Guarding scopes: a token for them needs consent")
	if e.client != nil {
		e.client.Start()
	}
	if e.auditLog != nil {
		log().WithField("entry", e.auditLog.Opened().String()).Info("The audit file goes on after this entry")
		e.background.Go(func() { e.auditKey.announce(e.ending) })
	}
	e.lists.Start()
	if e.notifyTrust != nil {
		e.notifyTrust.Start()
	}
	if e.subscriptions != nil {
		e.subscriptions.Start()
	}
	if e.evidence != nil {
		e.evidence.Start()
	}
	e.workInBackground()
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
	if e.enabled() {
		e.stopGuarding()
	}
	e.metrics.unregister(prometheus.DefaultRegisterer)
	return nil
}

func (e *Engine) stopGuarding() {
	if left := e.requests.Close(e.config.Timeout+afterConsult, stopGrace); left > 0 {
		log().WithField("requests", left).Error("Requests for guarded tokens did not end: the node stops without them")
	}
	e.lists.Stop()
	if e.notifyTrust != nil {
		e.notifyTrust.Stop()
	}
	if e.subscriptions != nil {
		e.subscriptions.Stop() // after the requests, whose wishes it writes
	}
	if e.evidence != nil {
		e.evidence.Stop()
	}
	e.background.Wait()
	stdlog.SetOutput(e.stdlog)
	if e.client != nil {
		e.client.Close()
	}
	e.recorder.Flush()
	if e.auditLog != nil {
		if err := e.auditLog.Close(); err != nil {
			// An error would keep the node from stopping its other engines.
			log().WithError(err).Error("The audit file could not be written to its end")
		}
	}
}

func (e *Engine) isRunning() bool { return e.requests.IsOpen() }

// listsChanged tells that changed lists are in use.
func (e *Engine) listsChanged(changed *policy.Lists) {
	e.listsChangedAlone(changed)
	logWarnings(config.SubjectWarnings(e.ending, changed, e.node.VDR))
}

func listsRefused(err error) {
	log().WithError(err).Error("The changed lists of data holders or facility types are not good: those before stay in use")
}

// workInBackground tells what only the node's database can tell, and moves withdrawals to the key
// in use. It does not hold up the start; the stop waits for it.
func (e *Engine) workInBackground() {
	if e.moveWithdrawals != nil {
		e.background.Go(e.moveHistory)
	}
	e.background.Go(func() {
		logWarnings(config.SubjectWarnings(e.ending, e.policy.Lists(), e.node.VDR))
		logWarnings(config.AuthorityWarnings(e.ending, e.policy, e.node.VDR, e.node.VCR.Wallet()))
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
