// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package harness

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// MakeReadOnly has the server, all its databases and all connections that there are, refuse
// every change, until mend is called.
func (p *Postgres) MakeReadOnly(ctx context.Context) (mend func() error, err error) {
	configure := func(ctx context.Context, statement string) error {
		if err := p.Execute(ctx, "postgres", statement); err != nil {
			return err
		}
		return p.Execute(ctx, "postgres", "SELECT pg_reload_conf()")
	}
	mend = func() error {
		return configure(context.WithoutCancel(ctx), "ALTER SYSTEM RESET default_transaction_read_only")
	}
	return mend, configure(ctx, "ALTER SYSTEM SET default_transaction_read_only = on")
}

// Lock keeps everybody else from writing tables, who then waits, until mend is called. What is
// in them can be read.
func (p *Postgres) Lock(ctx context.Context, database string, tables ...string) (mend func() error, err error) {
	lock := "LOCK TABLE " + strings.Join(tables, ", ") + " IN EXCLUSIVE MODE"
	held := make(chan error, 1)
	go func() {
		_, err := p.run(ctx, "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1",
			"--command", "BEGIN", "--command", lock, "--command", "SELECT pg_sleep(3600)", database)
		held <- err
	}()
	const holder = " FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3600)'"
	for {
		select {
		case err := <-held:
			return nil, errors.Join(errors.New("the lock is not held"), err)
		default:
		}
		holding, err := p.query(ctx, database, "SELECT count(*)"+holder)
		if err != nil {
			return nil, err
		}
		if holding == "0" {
			continue
		}
		return func() error {
			_, err := p.query(context.WithoutCancel(ctx), database, "SELECT pg_terminate_backend(pid)"+holder)
			<-held //nolint:errcheck // that its connection was ended
			return err
		}, nil
	}
}

// Freeze has the server, and all connections to it, do nothing more: whoever asks waits, until
// mend is called.
func (p *Postgres) Freeze(ctx context.Context) (mend func() error, err error) {
	listed, err := p.query(ctx, "postgres", "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	processes := []int{p.server.command.Process.Pid}
	for line := range strings.Lines(listed) {
		process, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", listed, err)
		}
		processes = append(processes, process)
	}
	signal := func(signal syscall.Signal) error {
		var problems []error
		for _, process := range processes {
			if err := syscall.Kill(process, signal); !errors.Is(err, syscall.ESRCH) { // it may have ended
				problems = append(problems, err)
			}
		}
		return errors.Join(problems...)
	}
	return func() error { return signal(syscall.SIGCONT) }, signal(syscall.SIGSTOP)
}

// query returns what a statement gives, a row on each line.
func (p *Postgres) query(ctx context.Context, database, statement string) (string, error) {
	output, err := p.run(ctx, "psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--command", statement, database)
	return strings.TrimSpace(output), err
}
