// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a real Redis server on loopback, where nodes keep their sessions. Unlike [Sessions]
// it can be stopped and killed, and has a file.
type Redis struct {
	dir      string
	address  string
	password string // empty: none, and no TLS
	args     []string
	launch   func() (*process, error)
	server   *process
	client   *redis.Client
	settings map[string]any
}

// RedisConfig says how a Redis server differs from the plain one.
type RedisConfig struct {
	Secured bool // TLS, and a password
}

// StartRedis starts a Redis server until the workspace is closed. It writes a file when
// [Redis.Save] asks for it, and never else.
func (w *Workspace) StartRedis(ctx context.Context, config RedisConfig) (*Redis, error) {
	ports, err := ReservePorts()
	if err != nil {
		return nil, err
	}
	w.onClose(func() error { ports.Release(); return nil })
	name := w.unique("redis")
	r := &Redis{dir: w.Path(name), address: ports.address(1)}
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		return nil, err
	}
	options := &redis.Options{Addr: r.address, MaxRetries: -1}
	r.settings = map[string]any{"storage.session.redis.address": r.address}
	r.args = []string{"--bind", "127.0.0.1", "--dir", r.dir, "--save", "", "--appendonly", "no", "--rdbcompression", "no"}
	if config.Secured {
		if err := w.secure(r, options, ports.Port(1)); err != nil {
			return nil, err
		}
	} else {
		r.args = append(r.args, "--port", fmt.Sprint(ports.Port(1)))
	}
	r.client = redis.NewClient(options)
	r.launch = func() (*process, error) {
		command, err := redisCommand()
		if err != nil {
			return nil, err
		}
		command.Args, command.Dir = append(command.Args, r.args...), r.dir
		return startProcess(name, command, w.logFile(name))
	}
	w.onClose(func() error { return r.client.Close() })
	w.onClose(func() error { return r.server.stop() })
	return r, r.Start(ctx)
}

// secure has the server at a port ask for TLS and a password, and all clients come with them.
func (w *Workspace) secure(r *Redis, options *redis.Options, port int) error {
	certificate, err := w.tls.Server("redis")
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		return err
	}
	certificateFile, keyFile := filepath.Join(r.dir, "server.pem"), filepath.Join(r.dir, "server.key")
	if err := os.WriteFile(certificateFile, certificatePEM(certificate.Certificate[0]), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600); err != nil {
		return err
	}
	r.password = rand.Text()
	r.args = append(r.args, "--port", "0", "--tls-port", fmt.Sprint(port), "--tls-auth-clients", "no", "--requirepass", r.password,
		"--tls-cert-file", certificateFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", w.trustFile())
	options.Password = r.password
	options.TLSConfig = &tls.Config{RootCAs: w.tls.Pool(), MinVersion: tls.VersionTLS12}
	r.settings = map[string]any{
		"storage.session.redis.address":            fmt.Sprintf("rediss://localhost:%d", port),
		"storage.session.redis.password":           r.password,
		"storage.session.redis.tls.truststorefile": w.trustFile(),
	}
	return nil
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

// Settings make a node keep its sessions there, see [NodeConfig].
func (r *Redis) Settings() map[string]any { return maps.Clone(r.settings) }

// Address is where the server listens.
func (r *Redis) Address() string { return r.address }

// Start starts the server, again when it was stopped or killed: with what it saved last.
func (r *Redis) Start(ctx context.Context) (err error) {
	if r.server, err = r.launch(); err != nil {
		return err
	}
	return await(ctx, r.server, func(ctx context.Context) bool { return r.client.Ping(ctx).Err() == nil })
}

// Kill ends the server at once. What it did not save is lost.
func (r *Redis) Kill() { r.server.kill() }

// Save writes all that is there to the server's file.
func (r *Redis) Save(ctx context.Context) error { return r.client.Save(ctx).Err() }

// Fill has the server refuse to write anything more, as one does whose memory is full, until
// it is started again.
func (r *Redis) Fill(ctx context.Context) error {
	return r.client.ConfigSet(ctx, "maxmemory", "1").Err()
}

// Dir is the directory of the server's file.
func (r *Redis) Dir() string { return r.dir }

// All returns what is there: keys and their values.
func (r *Redis) All(ctx context.Context) (map[string]string, error) {
	keys, err := r.client.Keys(ctx, "*").Result()
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, key := range keys {
		value, err := r.client.Get(ctx, key).Result()
		if err != nil && !errors.Is(err, redis.Nil) { // it may have ended since
			return nil, err
		}
		all[key] = value
	}
	return all, nil
}

// Delete removes the keys with a text in them.
func (r *Redis) Delete(ctx context.Context, text string) error {
	keys, err := r.client.Keys(ctx, "*"+text+"*").Result()
	if err != nil || len(keys) == 0 {
		return err
	}
	return r.client.Del(ctx, keys...).Err()
}

// MultiplyTokens keeps one of the access tokens that are there under so many other keys: as
// many live tokens as nobody has the time to ask for.
func (r *Redis) MultiplyTokens(ctx context.Context, n int) error {
	keys, err := r.client.Keys(ctx, "*").Result()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(keys, IsToken)
	if at < 0 {
		return errors.New("there is no token")
	}
	value, err := r.client.Get(ctx, keys[at]).Result()
	if err != nil {
		return err
	}
	const together = 1000
	for done := 0; done < n; done += together {
		if _, err := r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i := done; i < min(done+together, n); i++ {
				pipe.Set(ctx, fmt.Sprintf("%s-%d", keys[at], i), value, time.Hour)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// IsToken reports whether a key of a node's session database is that of an access token.
func IsToken(key string) bool { return strings.Contains(key, "serveraccesstoken") }

// await waits until a process is up, and fails when it ends first.
func await(ctx context.Context, server *process, isUp func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if isUp(ctx) {
			return nil
		}
		select {
		case <-server.done:
			return fmt.Errorf("%s ended with exit status %d\n%s", server.name, server.exitCode(), server.logTail())
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", server.name, ctx.Err())
		case <-ticker.C:
		}
	}
}
