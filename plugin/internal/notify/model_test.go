// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/internal/simulation"
)

// TestTheSimulationHasTheseBounds: docs/nationwide.md says what they do on a day on which many
// people withdraw.
func TestTheSimulationHasTheseBounds(t *testing.T) {
	assert.Equal(t, simulation.Receiver{
		Working: simulation.Limits{Turns: maxAtOnce, Share: maxAtOncePath, Queue: maxWaiting, QueueShare: maxWaitingOne},
		Wait:    longestWait, Reading: max(1, runtime.GOMAXPROCS(0)/2), Ending: maxEnding,
	}, simulation.Defaults(runtime.GOMAXPROCS(0)))
}
