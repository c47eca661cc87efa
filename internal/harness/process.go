// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// stopGrace is how long a process may take to end after SIGTERM.
const stopGrace = time.Minute

// process is a child of ours. It is only ever stopped by its own handle.
type process struct {
	name    string
	logPath string
	command *exec.Cmd
	done    chan struct{} // closed when the child has ended
}

// startProcess starts the command with its output in a log file. The child dies with
// this process, also when that is killed.
func startProcess(name string, command *exec.Cmd, logPath string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	command.Stdout, command.Stderr = log, log
	dieWithParent(command)
	p := &process{name: name, logPath: logPath, command: command, done: make(chan struct{})}
	started := make(chan error, 1)
	go p.run(started, log)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// run starts the child and waits for it on one and the same thread: Linux sends the
// parent-death signal when the *thread* that started the child ends.
func (p *process) run(started chan<- error, log *os.File) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	defer func() { _ = log.Close() }()
	err := p.command.Start()
	started <- err
	if err == nil {
		_ = p.command.Wait()
	}
}

// stop asks the child to end, and kills it when it does not.
func (p *process) stop() error {
	select {
	case <-p.done:
		return nil
	default:
	}
	_ = p.command.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
	}
	p.kill()
	return fmt.Errorf("%s did not stop within %s and was killed", p.name, stopGrace)
}

// kill ends the child at once.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.done
}

// exitCode is the child's exit status; -1 while it runs or after a signal.
func (p *process) exitCode() int {
	select {
	case <-p.done:
		return p.command.ProcessState.ExitCode()
	default:
		return -1
	}
}

// logTail returns the last lines of the log, for error messages.
func (p *process) logTail() string {
	content, err := os.ReadFile(p.logPath)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	if len(all) > tailLines {
		all = all[len(all)-tailLines:]
	}
	return strings.Join(all, "\n")
}
