// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !race

package xacml

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheMessagesCostFewAllocations holds what a token request spends on them.
func TestTheMessagesCostFewAllocations(t *testing.T) {
	header, q, message := Header{MessageID: testMessageID, To: testEndpoint}, question(t, "GGC002"), []byte(answer(permit))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = EncodeRequest(header, q) }), 2.0)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = DecodeResponse(message) }), 7.0)
}
