// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Postgres is a real PostgreSQL server on loopback, with its data in a directory of its own.
// Nodes of different tests can use it at once, each with a database of its own.
type Postgres struct {
	home     string // its directory, its user's
	programs string // the directory of PostgreSQL's programs
	account  account
	ports    *PortBlock
	password string
	log      string
	server   *process
	unique   func(string) string
}

// postgresUser is the name of the administrator in the database.
const postgresUser = "harness"

// StartPostgres starts a PostgreSQL server until the workspace is closed.
func (w *Workspace) StartPostgres(ctx context.Context) (*Postgres, error) {
	programs, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	account, err := serviceAccount()
	if err != nil {
		return nil, err
	}
	// Beside the workspace, which is closed to other users.
	home, err := os.MkdirTemp("", "nuts-mitz-postgres-*")
	if err != nil {
		return nil, err
	}
	w.onClose(func() error { return os.RemoveAll(home) })
	ports, err := ReservePorts()
	if err != nil {
		return nil, err
	}
	w.onClose(func() error { ports.Release(); return nil })
	p := &Postgres{
		home: home, programs: programs, account: account, ports: ports, password: rand.Text(),
		log: w.logFile(w.unique("postgres")), unique: w.unique,
	}
	if err := p.makeFiles(ctx); err != nil {
		return nil, err
	}
	w.onClose(p.Stop)
	return p, p.Start(ctx)
}

// postgresPrograms finds the newest PostgreSQL. Debian keeps the server's programs away from
// the search path.
func postgresPrograms() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL server, see .ci/packages: %w", err)
	}
	return filepath.Dir(path), nil
}

func (p *Postgres) makeFiles(ctx context.Context) error {
	passwordFile := filepath.Join(p.home, "password")
	if err := os.WriteFile(passwordFile, []byte(p.password+"\n"), 0o600); err != nil {
		return err
	}
	if err := p.account.own(p.home, passwordFile); err != nil {
		return err
	}
	_, err := p.run(ctx, "initdb", "--pgdata", p.Dir(), "--username", postgresUser, "--pwfile", passwordFile,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--wal-segsize", "1")
	return err
}

// run runs one of PostgreSQL's programs and returns what it printed.
func (p *Postgres) run(ctx context.Context, program string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, filepath.Join(p.programs, program), args...)
	command.Dir = p.home
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "LC_ALL=C", "PGHOST=127.0.0.1", fmt.Sprint("PGPORT=", p.ports.Port(1)),
		"PGUSER=" + postgresUser, "PGPASSWORD=" + p.password,
	}
	p.account.run(command)
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", program, err, complaints.String())
	}
	return string(output), nil
}

// Start starts the server, again when it was stopped.
func (p *Postgres) Start(ctx context.Context) (err error) {
	command := exec.Command(filepath.Join(p.programs, "postgres"), "-D", p.Dir(), "-p", fmt.Sprint(p.ports.Port(1)),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200")
	command.Dir = p.home
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "LC_ALL=C"}
	p.account.run(command)
	if p.server, err = startProcess("postgres", command, p.log); err != nil {
		return err
	}
	return await(ctx, p.server, func(ctx context.Context) bool {
		connection, err := net.Dial("tcp", p.ports.address(1))
		if err != nil {
			return false
		}
		_ = connection.Close()
		_, err = p.run(ctx, "pg_isready", "--quiet")
		return err == nil
	})
}

// Stop ends the server and every connection to it. Everything is written to its files.
func (p *Postgres) Stop() error {
	_ = p.server.command.Process.Signal(syscall.SIGINT) // SIGTERM waits for the clients
	return p.server.stop()
}

// NewDatabase makes a database that is empty, and returns its name and the settings that make
// a node use it, see [NodeConfig].
func (p *Postgres) NewDatabase(ctx context.Context) (name string, settings map[string]any, err error) {
	name = strings.ReplaceAll(p.unique("node"), "-", "_")
	if _, err := p.run(ctx, "createdb", name); err != nil {
		return "", nil, err
	}
	connection := fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", postgresUser, p.password, p.ports.address(1), name)
	return name, map[string]any{"storage.sql.connection": connection}, nil
}

// Execute executes a statement in a database.
func (p *Postgres) Execute(ctx context.Context, database, statement string) error {
	_, err := p.run(ctx, "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--command", statement, database)
	return err
}

// Dump returns all that is in a database, as SQL.
func (p *Postgres) Dump(ctx context.Context, database string) (string, error) {
	return p.run(ctx, "pg_dump", "--inserts", database)
}

// Dir is the directory with the server's files.
func (p *Postgres) Dir() string { return filepath.Join(p.home, "données é") }

// account is who runs a server that refuses to be run by root. The zero value is who runs
// the tests.
type account struct{ uid, gid int }

// own gives files to the account.
func (a account) own(paths ...string) error {
	if a == (account{}) {
		return nil
	}
	var errs []error
	for _, path := range paths {
		errs = append(errs, os.Chown(path, a.uid, a.gid))
	}
	return errors.Join(errs...)
}
