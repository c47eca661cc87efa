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

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// signOfLife is how often it is said that what takes long is still busy.
const signOfLife = 10 * time.Second

// keepTelling tells how long something takes, in a format for that, until it is stopped.
func keepTelling(progress io.Writer, every time.Duration, format string) (stop func()) {
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
				_, _ = fmt.Fprintf(progress, format+"\n", time.Since(started).Round(time.Second))
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

// stage is the world of the stories: the midwives' node, the hospital's node, Mitz, and the node of
// a birth centre that has no Mitz.
type stage struct {
	*harness.World
	node           string // the binary of the data holders' nodes
	centre         *harness.Node
	centreSessions *harness.Sessions
}

// openStage starts the world, with its logs below logRoot.
func openStage(ctx context.Context, binaries harness.Binaries, logRoot string, progress io.Writer) (*stage, error) {
	world, err := harness.NewWorld(ctx, harness.WorldConfig{
		Binaries: binaries, Progress: progress, LogRoot: logRoot,
		DataHolders: []harness.DataHolder{{Subject: hospitalSubject, URA: hospitalURA, FacilityType: hospitalType}},
		Requester:   harness.UZISubject{Organization: practice, Locality: "Utrecht", URA: practiceURA, AGB: "08001234"},
		Facility:    practiceType,
		GuideForms:  true,
		Employee:    harness.Employee{Identifier: harness.UZIIdentifier(midwifeID), Name: midwife, Role: midwifeRole},
		Profiles: []harness.MitzProfile{{Scope: scope, Categories: []string{category}, Purpose: purpose, Subscribe: true,
			Grounds: []string{string(scene.ClosedQuery), string(scene.Registration)}, AfterDeny: "continue"}},
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
	if err := stage.open(ctx, binaries); err != nil {
		return nil, errors.Join(err, world.Close())
	}
	return stage, nil
}

// open starts what is not in a world by itself.
func (s *stage) open(ctx context.Context, binaries harness.Binaries) (err error) {
	s.node = binaries.Mitz
	if s.centreSessions, err = s.StartSessions(); err != nil {
		return err
	}
	s.centre, err = s.StartDataHolderWithoutMitz(ctx, binaries.Mitz, harness.MitzConfig{
		AuditFile:   s.Path(centreAudit),
		DataHolders: []harness.DataHolder{birthCentre()},
		Profiles:    []harness.MitzProfile{{Scope: scope, Categories: []string{category}, Purpose: purpose, Grounds: []string{string(scene.Attestation)}}},
	}, s.centreSessions.Settings())
	return err
}

// scene is the stage as the stories play on it.
func (s *stage) scene(cast cast) scene.Config {
	return scene.Config{
		Cast: cast.scene(), World: s.World, Centre: s.centre, CentreSessions: s.centreSessions,
		AuditFiles: map[string]string{scene.Hospital: s.Path(hospitalAudit), scene.Centre: s.Path(centreAudit)},
	}
}

// The NEN 7513 logs of the data holders, in the workspace.
const (
	hospitalAudit = "audit-hospital.jsonl"
	centreAudit   = "audit-centre.jsonl"
)

func birthCentre() harness.DataHolder {
	return harness.DataHolder{Subject: "birth-centre-west", URA: centreURA, FacilityType: centreType}
}
