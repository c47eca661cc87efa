// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhatIsWrittenAtTheSameTimeIsWrittenTogether: the first waits for the disk by itself, and
// who comes meanwhile waits once more, all of them together.
func TestWhatIsWrittenAtTheSameTimeIsWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		disk := &together{write: func(_ context.Context, rows []row) ([]bool, error) {
			sizes = append(sizes, len(rows))
			time.Sleep(time.Millisecond)
			was := make([]bool, len(rows))
			for i, each := range rows {
				was[i] = each.ID != "gone"
			}
			return was, nil
		}}
		var writing sync.WaitGroup
		replace := func(id string, expected bool) {
			writing.Go(func() {
				was, err := disk.replace(t.Context(), row{Subscription: Subscription{ID: id}})
				assert.NoError(t, err)
				assert.Equal(t, expected, was, id)
			})
		}
		replace("first", true)
		synctest.Wait()
		for i := range 7 {
			replace(fmt.Sprint(i), true)
		}
		replace("gone", false)
		writing.Wait()
		assert.Equal(t, []int{1, 8}, sizes)
		replace("later", true)
		writing.Wait()
		assert.Equal(t, []int{1, 8, 1}, sizes)
	})
}

// TestWhatCannotBeWrittenSpoilsNothingElse has one row of a transaction fail.
func TestWhatCannotBeWrittenSpoilsNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		disk := &together{write: func(_ context.Context, rows []row) ([]bool, error) {
			time.Sleep(time.Millisecond)
			for _, each := range rows {
				if each.ID == "broken" {
					return nil, broken
				}
			}
			was := make([]bool, len(rows))
			for i := range was {
				was[i] = true
			}
			return was, nil
		}}
		var writing sync.WaitGroup
		for _, id := range []string{"a", "b", "broken", "c"} {
			writing.Go(func() {
				was, err := disk.replace(t.Context(), row{Subscription: Subscription{ID: id}})
				assert.Equal(t, id != "broken", was, id)
				assert.Equal(t, id == "broken", errors.Is(err, broken), id)
			})
		}
		writing.Wait()
	})
}

// TestWhoWaitsForTheDiskCanGiveUp: a stop does not wait for a database that hangs.
func TestWhoWaitsForTheDiskCanGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &together{write: func(ctx context.Context, _ []row) ([]bool, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := disk.replace(ctx, row{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
		time.Sleep(3 * writeTime) // until nothing is written any more
	})
}

// TestWhoGaveUpBeforeWritesNothing: of a node that stops, nothing is written that it does not
// wait for.
func TestWhoGaveUpBeforeWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		written := 0
		disk := &together{write: func(_ context.Context, rows []row) ([]bool, error) {
			written += len(rows)
			return make([]bool, len(rows)), nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := disk.replace(ctx, row{})
		require.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		assert.Zero(t, written)
	})
}
