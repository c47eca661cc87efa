// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// codeConstant finds the stable codes that are outcomes in logs and metrics.
var codeConstant = regexp.MustCompile(`\b(?:Code|Reason|State)\s+= "([a-z_]+)"`)

// TestCountersExistBeforeTheFirstEvent: a counter that begins with its first event hides it
// from whoever asks how fast it grows.
func TestCountersExistBeforeTheFirstEvent(t *testing.T) {
	m := newMetrics()
	series := func(collector *prometheus.CounterVec, labels ...string) (exists bool) {
		before := testutil.CollectAndCount(collector)
		value := testutil.ToFloat64(collector.WithLabelValues(labels...))
		assert.Zero(t, value, labels)
		return testutil.CollectAndCount(collector) == before
	}
	for file, isAboutAnAnswer := range map[string]func(code string) bool{
		"reasons.go":                          func(string) bool { return false },
		"../../../internal/policy/refusal.go": func(code string) bool { return slices.Contains(policy.AnswerReasons(), policy.Reason(code)) },
		"../../../mitzclient/errors.go":       func(string) bool { return true },
	} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		codes := codeConstant.FindAllSubmatch(source, -1)
		require.NotEmpty(t, codes, file)
		for _, code := range codes {
			if strings.Contains(file, "mitzclient") && !slices.Contains(mitzclient.Codes(), mitzclient.Code(code[1])) {
				continue // about subscriptions, which the plugin does not make yet
			}
			refuses := !slices.Contains([]State{RevocationFailed, SubscriptionsFailed}, State(code[1]))
			assert.Equal(t, refuses, series(m.tokensRefused, string(code[1])), "tokens refused: %s", code[1])
			if isAboutAnAnswer(string(code[1])) {
				assert.True(t, series(m.consults, "mitz-closed-query", string(code[1])), "consults: %s", code[1])
			}
		}
	}
	assert.True(t, series(m.consults, "mitz-closed-query", "permit"))
	assert.True(t, series(m.tokensRefused, "internal"))
}
