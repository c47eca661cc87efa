// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"time"
)

// StartRedis starts a Redis server until the workspace is closed, and returns the settings
// that make a node keep its sessions there. Unlike [Sessions] it is the real one, and has
// nothing for a test to look into.
func (w *Workspace) StartRedis(ctx context.Context) (map[string]any, error) {
	ports, err := ReservePorts()
	if err != nil {
		return nil, err
	}
	w.onClose(func() error { ports.Release(); return nil })
	command, err := redisCommand()
	if err != nil {
		return nil, err
	}
	command.Args = append(command.Args, "--bind", "127.0.0.1", "--port", fmt.Sprint(ports.Port(1)), "--save", "", "--appendonly", "no")
	command.Dir = w.dir
	name := w.unique("redis")
	server, err := startProcess(name, command, w.logFile(name))
	if err != nil {
		return nil, err
	}
	w.onClose(server.stop)
	return map[string]any{"storage.session.redis.address": ports.address(1)}, awaitListening(ctx, server, ports.address(1))
}

// redisCommand finds the server. Debian has it in two packages under two names, of which
// one starts a service of the system: the other's program is the same, and goes by how it
// is called.
func redisCommand() (*exec.Cmd, error) {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return exec.Command(path), nil
	}
	path, err := exec.LookPath("redis-check-rdb")
	if err != nil {
		return nil, fmt.Errorf("no Redis server, see .ci/packages: %w", err)
	}
	command := exec.Command(path)
	command.Args[0] = "redis-server"
	return command, nil
}

// awaitListening waits until a process listens on an address, and fails when it ends first.
func awaitListening(ctx context.Context, server *process, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if connection, err := net.Dial("tcp", address); err == nil {
			return connection.Close()
		}
		select {
		case <-server.done:
			return fmt.Errorf("%s ended with exit status %d\n%s", server.name, server.exitCode(), server.logTail(tailLines))
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", server.name, ctx.Err())
		case <-ticker.C:
		}
	}
}
