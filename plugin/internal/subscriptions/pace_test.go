// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// say has a message of a sender say something. It reports whether there was a turn for it.
func say(t *testing.T, p *pace, sender string, said verdict, asked time.Duration) bool {
	t.Helper()
	leave, ok := p.enter(t.Context(), sender)
	if ok {
		leave(said, asked)
	}
	return ok
}

func TestMitzIsLeftAloneForLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(8)
		for _, pause := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 5 * time.Minute, 5 * time.Minute} {
			require.True(t, say(t, p, "east", failedAll, 0))
			time.Sleep(pause*3/4 - time.Millisecond)
			require.False(t, say(t, p, "west", answered, 0), "everybody pauses")
			time.Sleep(pause/4 + 2*time.Millisecond)
		}
		require.True(t, say(t, p, "east", answered, 0))
		require.True(t, say(t, p, "east", failedAll, 0))
		time.Sleep(minMitzPause + time.Millisecond)
		require.True(t, say(t, p, "east", answered, 0), "it begins anew after a good answer")
	})
}

func TestAfterAPauseOneGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(8)
		require.True(t, say(t, p, "east", failedAll, 0))
		time.Sleep(minMitzPause)
		requireDoubling(t, p)
		assert.Empty(t, p.own, "nothing is kept of who is at full pace")
	})
}

// TestInTheBeginningOneGoesFirst: all nodes of the country may begin together.
func TestInTheBeginningOneGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { requireDoubling(t, newPace(8)) })
}

// requireDoubling lets one message go, then two, then four, up to eight.
func requireDoubling(t *testing.T, p *pace) {
	t.Helper()
	for _, atOnce := range []int{1, 2, 4, 8, 8} {
		var leaves []leave
		for range atOnce {
			leave, ok := p.enter(t.Context(), "east")
			require.True(t, ok)
			leaves = append(leaves, leave)
		}
		waits, cancel := context.WithCancel(t.Context())
		entered := false
		go func() {
			var leave leave
			if leave, entered = p.enter(waits, "east"); entered {
				leave(nothing, 0)
			}
		}()
		synctest.Wait()
		require.False(t, entered, "there is room for %d", atOnce)
		cancel()
		synctest.Wait()
		for _, leave := range leaves {
			leave(answered, 0)
			leave(failedAll, 0) // once is enough
		}
	}
}

func TestWhatBeganBeforeAPauseSaysNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(8)
		for range 1 + 2 + 4 {
			require.True(t, say(t, p, "east", answered, 0))
		}
		var leaves []leave
		for range 8 {
			leave, ok := p.enter(t.Context(), "east")
			require.True(t, ok)
			leaves = append(leaves, leave)
		}
		assert.Equal(t, effect{paused: true}, leaves[0](failedAll, 0))
		for _, leave := range leaves[1:7] {
			assert.Equal(t, effect{}, leave(failedAll, 0))
		}
		leaves[7](answered, 0)
		assert.LessOrEqual(t, p.pausing(), minMitzPause, "it is one pause")
		time.Sleep(minMitzPause)
		leave, ok := p.enter(t.Context(), "east")
		require.True(t, ok)
		assert.False(t, p.all.hasRoom(), "one goes first all the same")
		assert.Equal(t, effect{resumed: true}, leave(answered, 0))
	})
}

func TestASenderPausesByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(8)
		require.True(t, say(t, p, "east", failed, 0))
		require.False(t, say(t, p, "east", answered, 0))
		require.True(t, say(t, p, "west", failed, 0))
		require.True(t, say(t, p, "north", answered, 0), "so not all of them fail")
		require.True(t, say(t, p, "south", failed, 0))
		require.Zero(t, p.pausing())
		require.Len(t, p.paused(), 3)
		require.True(t, say(t, p, endings, failed, 0))
		require.True(t, say(t, p, "here", failed, 0))
		require.NotZero(t, p.pausing(), "three failed, with no good answer in between")
	})
}

func TestWhoHadMitzAskForLessGoesAfterTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(8)
		require.True(t, say(t, p, "east", throttled, time.Minute))
		require.False(t, say(t, p, "west", answered, 0), "all of them are asked")
		time.Sleep(time.Minute - time.Millisecond)
		require.False(t, say(t, p, "west", answered, 0), "not a moment before")
		time.Sleep(p.pausing())
		require.False(t, say(t, p, "east", answered, 0))
		require.True(t, say(t, p, "west", answered, 0))
		require.GreaterOrEqual(t, time.Until(p.until("east")), othersFirst-time.Millisecond)
		require.Less(t, time.Until(p.until("east")), othersFirst+time.Minute/10)
		time.Sleep(time.Until(p.until("east")))
		require.True(t, say(t, p, "east", answered, 0))

		require.True(t, say(t, p, "east", throttled, 24*time.Hour))
		time.Sleep(maxAsked * 2)
		require.True(t, say(t, p, "east", answered, 0), "but not for a day")
	})
}

func TestALaterAnswerCanAskForALongerPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(8)
		require.True(t, say(t, p, "east", answered, 0)) // two may go
		first, _ := p.enter(t.Context(), "east")
		second, _ := p.enter(t.Context(), "east")
		first(throttled, time.Second)
		second(throttled, time.Minute)
		assert.GreaterOrEqual(t, p.pausing(), time.Minute)
	})
}

func TestWhereAllIsRefusedLessIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(8)
		for range slowAfter {
			require.True(t, say(t, p, "east", refused, 0))
		}
		for range 5 {
			require.False(t, say(t, p, "east", refused, 0))
			require.True(t, say(t, p, "west", answered, 0), "others go on")
			time.Sleep(slowPause)
			require.True(t, say(t, p, "east", refused, 0))
		}
		time.Sleep(slowPause)
		for range 100 {
			require.True(t, say(t, p, "east", answered, 0))
		}
		assert.Empty(t, p.own)
	})
}

func TestFewSendersPauseByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(8)
		for i := range 3 * maxPaused {
			say(t, p, fmt.Sprint(i), failed, 0)
			say(t, p, "good", answered, 0)
		}
		assert.LessOrEqual(t, len(p.own), maxPaused)
		assert.True(t, say(t, p, fmt.Sprint(3*maxPaused-1), answered, 0), "one too many is not held back")
	})
}

func TestWaitingForATurnEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(1)
		leave, ok := p.enter(t.Context(), "east")
		require.True(t, ok)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, ok = p.enter(ctx, "east")
		require.False(t, ok)
		leave(nothing, 0)
		require.True(t, say(t, p, "east", answered, 0))
	})
}
