// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package telemetry

import (
	"testing"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }
