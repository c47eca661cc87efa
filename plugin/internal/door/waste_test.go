// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"encoding/binary"
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newWaste() *waste { return &waste{by: map[source]wasted{}} }

func TestWaste(t *testing.T) {
	stranger, other := sourceOf("192.0.2.1"), sourceOf("192.0.2.2")
	t.Run("so much is allowed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWaste()
			w.add(stranger, wasteAllowed)
			assert.False(t, w.isTooMuch(stranger))
			w.add(stranger, 1)
			assert.True(t, w.isTooMuch(stranger))
			assert.False(t, w.isTooMuch(other))
		})
	})
	t.Run("it is forgiven in time, however much it was", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWaste()
			w.add(stranger, time.Hour)
			time.Sleep(4 * time.Second)
			assert.True(t, w.isTooMuch(stranger))
			time.Sleep(time.Second)
			assert.False(t, w.isTooMuch(stranger))
			time.Sleep(time.Minute)
			assert.False(t, w.isTooMuch(stranger))
			assert.Empty(t, w.by, "who is forgiven is forgotten")
		})
	})
	t.Run("a client that fails now and then is not set apart", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWaste()
			for range 1000 {
				w.add(stranger, 10*time.Millisecond)
				time.Sleep(time.Second / 4)
				assert.False(t, w.isTooMuch(stranger))
			}
		})
	})
	t.Run("so many are known", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWaste()
			many := func(first uint32) {
				for i := range uint32(maxWasteful + 10) {
					var address [4]byte
					binary.BigEndian.PutUint32(address[:], first+i)
					w.add(sourceOf(netip.AddrFrom4(address).String()), time.Millisecond)
				}
			}
			many(0)
			assert.Len(t, w.by, maxWasteful)
			w.add(sourceOf("0.0.0.0"), wasteAllowed)
			assert.True(t, w.isTooMuch(sourceOf("0.0.0.0")), "who is known stays")
			time.Sleep(time.Minute)
			many(1 << 20)
			assert.Len(t, w.by, maxWasteful, "others take the place of who is forgiven")
			assert.Contains(t, w.by, sourceOf("0.16.0.1"))
		})
	})
}

// TestServedApart has a source waste the node's time, in a way, and sees where its next
// requests are served.
func TestServedApart(t *testing.T) {
	fails := errors.New("refused")
	working := func() { time.Sleep(100 * time.Millisecond) }
	for _, tc := range []struct {
		name  string
		work  func(c echo.Context, visit *Visit) error
		apart bool
	}{
		{"requests that fail", func(echo.Context, *Visit) error { working(); return fails }, true},
		{"requests that are answered with an error", func(c echo.Context, _ *Visit) error { working(); return c.NoContent(http.StatusBadRequest) }, true},
		{"requests on which the node panics", func(echo.Context, *Visit) error { working(); panic("900186021") }, true},
		{"requests that are answered", func(c echo.Context, _ *Visit) error { working(); return c.NoContent(http.StatusOK) }, false},
		{"verified requests that fail", func(_ echo.Context, visit *Visit) error { working(); visit.Verified(); return fails }, false},
		{"requests for which much is got", func(_ echo.Context, visit *Visit) error { return errors.Join(fails, visit.Fetch(hanging)) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := smallDoor()
				for range 3 {
					c, _ := from(t.Context(), "192.0.2.1")
					func() {
						defer func() { _ = recover() }()
						_ = d.Before(tc.work)(c)
					}()
				}
				c, _ := from(t.Context(), "192.0.2.1")
				visit, err := d.enter(c)
				require.NoError(t, err)
				defer visit.end()
				assert.Equal(t, tc.apart, visit.apart)
				assert.Equal(t, tc.apart, d.working.Load().Running == 0, "it has a turn of the others")
			})
		})
	}
	t.Run("who is apart leaves as much time as it takes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, v := smallDoor(), visits{}
			for _, address := range []string{"192.0.2.1", "192.0.2.2"} {
				d.waste.add(sourceOf(address), time.Second)
			}
			began := time.Now()
			var starts []time.Duration
			work := func(*Visit) error {
				starts = append(starts, time.Since(began))
				time.Sleep(10 * time.Millisecond)
				return nil
			}
			for range 2 {
				v.visit(t, d, "192.0.2.1", work)
			}
			v.visit(t, d, "192.0.2.2", work)
			v.all.Wait()
			assert.Equal(t, []time.Duration{0, 20 * time.Millisecond, 40 * time.Millisecond}, starts)
			assert.Equal(t, []string{"192.0.2.1", "192.0.2.2", "192.0.2.1"}, v.order, "the turns apart are fair too")
			time.Sleep(time.Second)
			assert.Zero(t, d.apart.Load())
		})
	})
	t.Run("it comes back to turns apart when something was got for it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := smallDoor()
			d.waste.add(sourceOf("192.0.2.1"), time.Second)
			c, _ := from(t.Context(), "192.0.2.1")
			visit, err := d.enter(c)
			require.NoError(t, err)
			defer visit.end()
			require.NoError(t, visit.Fetch(got(1)))
			assert.Equal(t, 1, d.apart.Load().Running)
			assert.Zero(t, d.resuming.Load())
		})
	})
}
