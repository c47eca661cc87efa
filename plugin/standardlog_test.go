// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	stdlog "log"
	"testing"

	"github.com/stretchr/testify/assert"
)

const testBSN = "900186021"

func TestStandardLog(t *testing.T) {
	out := captureLog(t)
	standard := stdlog.New(standardLog{}, "", 0)
	standard.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "<p>"+testBSN+"</p>", nil)
	assert.Contains(t, out.String(), `msg="Unsolicited response received on idle HTTP channel"`)
	assert.NotContains(t, out.String(), testBSN)
}
