// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/patience"
)

// TestASubjectExistsWhileTheDatabaseFails where the operator says so, and nowhere else.
func TestASubjectExistsWhileTheDatabaseFails(t *testing.T) {
	for name, failing := range map[string]func(ctx context.Context) error{
		"it refuses": func(context.Context) error { return errors.New("connection refused") },
		"it hangs": func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var failure func(ctx context.Context) error
				all := subjects{
					patient: &patience.Patience{}, listed: func(subject string) bool { return subject == "listed" },
					inDatabase: func(ctx context.Context, subject string) (bool, error) {
						if failure != nil {
							return true, failure(ctx)
						}
						return subject == "there", nil
					},
				}
				assertExists := func(expected bool, subject string) {
					t.Helper()
					exists, err := all.Exists(t.Context(), subject)
					require.NoError(t, err)
					assert.Equal(t, expected, exists)
				}
				assertUntold := func(ctx context.Context, subject string) {
					t.Helper()
					exists, err := all.Exists(ctx, subject)
					require.Error(t, err)
					assert.False(t, exists)
				}
				assertExists(true, "there")
				assertExists(false, "listed") // the database knows better

				failure = failing
				began := time.Now()
				for range 10 {
					assertExists(true, "listed")
				}
				assert.LessOrEqual(t, time.Since(began), patience.Longest, "they waited one by one")
				assertUntold(t.Context(), "there")
				gone, goAway := context.WithCancel(t.Context())
				goAway()
				assertUntold(gone, "listed")

				failure = nil
				time.Sleep(patience.Rest)
				assertExists(false, "listed")
			})
		})
	}
}
