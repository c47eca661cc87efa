// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package watch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

func TestItLooksEverySecondFromStartToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		w := Watch{Look: func() { looks++ }}
		w.Stop() // does nothing
		w.Start()
		w.Start() // does nothing
		time.Sleep(5*Interval + Interval/2)
		synctest.Wait()
		require.Equal(t, 5, looks)
		w.Stop()
		w.Stop()
		time.Sleep(5 * Interval)
		synctest.Wait()
		require.Equal(t, 5, looks)
		w.Start()
		time.Sleep(Interval + Interval/2)
		synctest.Wait()
		require.Equal(t, 6, looks)
		w.Stop()
	})
}

func TestAStopWaitsForALookButNotForADiskThatHangs(t *testing.T) {
	for took, waited := range map[time.Duration]time.Duration{
		patience / 2: patience / 2,
		time.Hour:    patience,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := Watch{Look: func() { time.Sleep(took) }}
			w.Start()
			time.Sleep(Interval)
			synctest.Wait()
			began := time.Now()
			w.Stop()
			require.Equal(t, waited, time.Since(began))
			time.Sleep(took)
		})
	}
}
