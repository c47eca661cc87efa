// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package web

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestItListensOnLoopbackAlone(t *testing.T) {
	_, err := listen("0.0.0.0:0")
	assert.ErrorContains(t, err, "loopback")

	first, err := listen("")
	require.NoError(t, err)
	defer first.Close()
	second, err := listen(first.Addr().String())
	require.NoError(t, err, "a port that is taken is no reason not to start")
	defer second.Close()
	assert.NotEqual(t, first.Addr().(*net.TCPAddr).Port, second.Addr().(*net.TCPAddr).Port)
	assert.True(t, second.Addr().(*net.TCPAddr).IP.IsLoopback())
}
