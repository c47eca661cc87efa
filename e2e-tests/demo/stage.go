// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// signOfLife is how often a build says that it is still busy.
const signOfLife = 10 * time.Second

// build builds both nodes. It says so, and goes on saying so.
func build(ctx context.Context, progress io.Writer) (harness.Binaries, error) {
	shared := &lockedWriter{out: progress}
	stop := keepTelling(shared, signOfLife)
	defer stop()
	return harness.Build(ctx, shared)
}

// keepTelling tells how long something takes, until it is stopped.
func keepTelling(progress io.Writer, every time.Duration) (stop func()) {
	started := time.Now()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				_, _ = fmt.Fprintf(progress, "  ... still building, %s so far\n", time.Since(started).Round(time.Second))
			}
		}
	}()
	return func() { close(done); <-ended }
}

type lockedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

// stage is the world of the story: the midwives' node, the hospital's node, Mitz, and the
// hospital's record server; and a birth centre that has no Mitz, with the same.
type stage struct {
	*harness.World
	node           string // the binary of the data holders' nodes
	records        *harness.RecordServer
	centre         *harness.Node
	centreSessions *harness.Sessions
	centreRecords  *harness.RecordServer
}

// openStage starts the world, with its logs below logRoot.
func openStage(ctx context.Context, binaries harness.Binaries, cast cast, logRoot string, progress io.Writer) (*stage, error) {
	world, err := harness.NewWorld(ctx, harness.WorldConfig{
		Binaries: binaries, Progress: progress, LogRoot: logRoot,
		DataHolders: []harness.DataHolder{{Subject: hospitalSubject, URA: hospitalURA, FacilityType: hospitalType}},
		Requester:   harness.UZISubject{Organization: practice, Locality: "Utrecht", URA: practiceURA, AGB: "08001234"},
		Facility:    practiceType,
		GuideForms:  true,
		Employee:    harness.Employee{Identifier: harness.UZIIdentifier(midwifeID), Name: midwife, Role: midwifeRole},
		Profiles: []harness.MitzProfile{{Scope: scope, Categories: []string{category}, Purpose: purpose, Subscribe: true,
			Grounds: []string{closedQuery, registration}, AfterDeny: "continue"}},
		MitzIssues: true,
		Prepare:    (*harness.World).StartRegisters,
		ConfigureMitz: func(section *harness.MitzConfig) {
			section.NotifyURL = harness.NotifyURL
		},
		ConfigureDataHolder: func(_ context.Context, world *harness.World, node *harness.NodeConfig) error {
			node.Env = append(node.Env, "NUTS_MITZ_AUDIT_FILE="+world.Path(hospitalAudit))
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	stage := &stage{World: world}
	if err := stage.open(ctx, binaries, cast); err != nil {
		return nil, errors.Join(err, world.Close())
	}
	return stage, nil
}

// open starts what is not in a world by itself.
func (s *stage) open(ctx context.Context, binaries harness.Binaries, cast cast) (err error) {
	s.node = binaries.Mitz
	s.records, err = s.StartRecordServer("record-server", harness.RecordServerConfig{
		Node: s.DataHolder, URA: hospitalURA, Scopes: []string{scope}, Category: category, Patients: records(cast.client, cast.other, cast.asked),
	})
	if err != nil {
		return err
	}
	if s.centreSessions, err = s.StartSessions(); err != nil {
		return err
	}
	if s.centre, err = s.StartDataHolderWithoutMitz(ctx, binaries.Mitz, harness.MitzConfig{
		AuditFile:   s.Path(centreAudit),
		DataHolders: []harness.DataHolder{birthCentre()},
		Profiles:    []harness.MitzProfile{{Scope: scope, Categories: []string{category}, Purpose: purpose, Grounds: []string{attestation}}},
	}, s.centreSessions.Settings()); err != nil {
		return err
	}
	s.centreRecords, err = s.StartRecordServer("record-server-centre", harness.RecordServerConfig{
		Node: s.centre, URA: centreURA, Scopes: []string{scope}, Category: category, Patients: records(cast.west),
	})
	return err
}

// The NEN 7513 logs of the data holders, in the workspace.
const (
	hospitalAudit = "audit-hospital.jsonl"
	centreAudit   = "audit-centre.jsonl"
)

func birthCentre() harness.DataHolder {
	return harness.DataHolder{Subject: "birth-centre-west", URA: centreURA, FacilityType: centreType}
}

// The grounds, as the token names them.
const (
	closedQuery  = "mitz-closed-query"
	attestation  = "mitz-attestation"
	registration = "consent-registration"
)
