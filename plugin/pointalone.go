// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/decisionpoint"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/pdpserver"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/version"
)

// pointAlone is the decision point without a node. Of the engine it has the record, the metrics,
// the lists and the link to Mitz, and nothing that issues tokens.
type pointAlone struct {
	*Engine
	server    *pdpserver.Server
	access    *pdpserver.Access
	strangers *strangers
}

// newPointAlone makes one of a configuration. It listens nowhere yet.
func newPointAlone(e *Engine, read *config.Config) (_ *pointAlone, err error) {
	p := &pointAlone{Engine: e, access: read.PointAccess, strangers: newStrangers()}
	if file := read.Audit.File; file != "" {
		if e.auditLog, err = nen7513.Open(file, auditHooks()); err != nil {
			return nil, config.Invalid(fmt.Errorf("audit.file: %w", err))
		}
		e.recorder.WriteTo(e.auditLog)
	}
	grounds, err := e.newGrounds(read, nothingPresented{}, nothingPresented{})
	if err != nil {
		return nil, errors.Join(err, p.closeAudit())
	}
	point, err := decisionpoint.New(decisionpoint.Parts{
		Policy: read.Policy, Grounds: grounds, Recorder: e.recorder, Requests: e.requests, Timeout: read.Timeout, Now: e.now,
		Categories: read.Resources,
	})
	if err != nil {
		return nil, errors.Join(err, p.closeAudit())
	}
	p.server = pdpserver.New(pdpserver.Parts{
		Address: read.DecisionPoint.Address, URL: strings.TrimRight(read.DecisionPoint.URL, "/"), Access: read.PointAccess, Point: point, Listed: point.Serves,
		Health: p.healthHandler(), Metrics: promhttp.Handler(), Timeout: read.Timeout, Hooks: p.strangers.hooks(e.recorder),
	})
	e.config, e.client, e.policy, e.lists = read.Section, read.Link, read.Policy, read.Watcher
	logWarnings(append(read.Warnings(e.now()), read.PointWarnings()...))
	return p, nil
}

func (p *pointAlone) closeAudit() error {
	if p.auditLog == nil {
		return nil
	}
	return p.auditLog.Close()
}

// nothingPresented is what a decision point can tell of credentials, which do not reach it.
// Nothing asks for it.
type nothingPresented struct{}

var errNothingPresented = errors.New("a decision point knows no credentials")

func (nothingPresented) IsRevoked(context.Context, policy.Kept) (bool, error) {
	return false, errNothingPresented
}

func (nothingPresented) Last(context.Context, consent.Question) (time.Time, error) {
	return time.Time{}, errNothingPresented
}

// serve answers until the context ends, and then lets what runs come to its end.
func (p *pointAlone) serve(ctx context.Context, out io.Writer) error {
	p.metrics.alone, p.metrics.linked = true, p.client != nil
	if err := errors.Join(p.metrics.register(prometheus.DefaultRegisterer), prometheus.Register(p.strangers.refused)); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	defer func() {
		p.metrics.unregister(prometheus.DefaultRegisterer)
		prometheus.Unregister(p.strangers.refused)
	}()
	p.redacting.Store(true)
	p.stdlog = stdlog.Writer()
	stdlog.SetOutput(standardLog{})
	p.off = ""
	if p.client != nil {
		p.metrics.certificateExpires(p.client.Certificate())
		p.client.Start()
	}
	p.lists.Start()
	err := p.server.Listen(ctx)
	if err == nil {
		err = p.answer(ctx, out)
	} else {
		err = config.Invalid(err)
	}
	p.end()
	p.stopGuarding()
	p.strangers.tally.Flush()
	return err
}

// answer answers until the context ends, or the address is lost.
func (p *pointAlone) answer(ctx context.Context, out io.Writer) error {
	p.requests.Open()
	p.server.Start()
	p.tellStart(out)
	var err error
	select {
	case <-ctx.Done():
		log().Info("The decision point stops: requests that run get their answers")
	case err = <-p.server.Ended():
		err = fmt.Errorf("the decision point cannot be reached any more: %w", err)
	}
	if stopErr := p.server.Stop(p.config.Timeout + afterConsult); stopErr != nil {
		log().WithError(stopErr).Error("The decision point stops without answers to all")
	}
	return err
}

// tellStart says that the decision point can be asked, and where: to the log, and to whoever
// started it.
func (p *pointAlone) tellStart(out io.Writer) {
	info := version.Read()
	log().WithFields(logrus.Fields{
		"address": p.server.Listens(), "scopes": p.config.Scopes(), "audit_file": p.auditLog != nil, "version": info.Plugin, "node_version": info.Node,
	}).Info("The decision point answers. It sees no credentials: it relies on the claims that another node verified")
	if p.auditLog != nil {
		log().WithField("entry", p.auditLog.Opened().String()).Info("The audit file goes on after this entry")
	}
	where := p.server.Base()
	if where == "" {
		where = p.server.Listens()
	}
	_, _ = fmt.Fprintf(out, "The decision point answers at %s%s<subject>\n", where, pdpserver.Prefix)
}

// listsChangedAlone tells that changed lists are in use.
func (e *Engine) listsChangedAlone(changed *policy.Lists) {
	dataHolders, facilityTypes := changed.Len()
	log().WithField("data_holders", dataHolders).WithField("facility_types", facilityTypes).
		Info("The changed lists of data holders and facility types are in use")
	logWarnings(config.ListWarnings(changed))
}
