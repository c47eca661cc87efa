// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// FailedStart is how a node ended that could not start.
type FailedStart struct {
	ExitCode int // note that the stock node's main exits 0 whatever happened
	Output   string
}

// StartExpectFailure starts a node that must refuse to start, and returns what it said.
// It is an error when the node comes up, or does neither before the context ends.
func (w *Workspace) StartExpectFailure(ctx context.Context, config NodeConfig) (FailedStart, error) {
	config.Name = w.unique(config.Name)
	url := "https://localhost"
	if config.Strict {
		url = "https://" + hostName(config.Name)
	}
	child, ports, err := w.launch(config, url)
	if err != nil {
		return FailedStart{}, err
	}
	node := &Node{
		API:     API{base: "http://" + ports.address(internalPort), client: w.Client()},
		process: child, public: "http://" + ports.address(publicPort),
	}
	if node.awaitUp(ctx) == nil {
		return FailedStart{}, errors.Join(fmt.Errorf("%s started, but had to refuse", config.Name), child.stop())
	}
	if err := ctx.Err(); err != nil {
		return FailedStart{}, errors.Join(fmt.Errorf("%s neither started nor refused: %w", config.Name, err), child.stop())
	}
	output, err := os.ReadFile(child.logPath)
	return FailedStart{ExitCode: child.exitCode(), Output: string(output)}, err
}

// Message is what the node said last: the line of its log that tells why it stopped.
func (f FailedStart) Message() string {
	var message string
	for line := range strings.Lines(f.Output) {
		if strings.Contains(line, "level=fatal") {
			message = line
		}
	}
	return message
}
