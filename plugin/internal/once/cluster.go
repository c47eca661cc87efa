// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package once

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/patience"
)

// Shared keeps texts where all nodes of a cluster see them: in their session database. Who
// reads a place after somebody wrote there reads what was written last.
type Shared interface {
	// Get returns the text in a place, empty when there is none.
	Get(place string) (text string, err error)
	// Put writes a text in a place, over the one that may be there. It stays for [Kept].
	Put(place, text string) error
}

const (
	// writeTime is how long it may take to write in the shared places, from before it was seen
	// that nobody else did.
	writeTime = 250 * time.Millisecond
	// settleTime is how long to wait then until everybody else has written who saw the same. It
	// is longer than writeTime, so that clocks need not run equally fast.
	settleTime = 2 * writeTime
	// troubleTime is how long the latest trouble with the table counts where nobody comes.
	troubleTime = time.Minute
	// steadyTime is how long the table must have worked to work again.
	steadyTime = 5 * time.Second
)

var errSlow = errors.New("the session database took too long")

// Cluster are claims of nodes that share an SQL database and a session database. A claim is in
// the table of the first. While that cannot be written, it is in the second.
//
// The session database can only read and write, so that two nodes that see nothing can both
// write. Of those, the one whose text is there in the end has the claim: each waits until all
// others have written that may have seen nothing (M. Fischer's algorithm, as L. Lamport tells
// it in "A Fast Mutual Exclusion Algorithm", ACM TOCS 5(1), 1987). Nobody needs to know the
// time, but clocks must go on at about the same pace.
//
// A node that reaches the table and one that does not find each other as well: each tells in
// the session database first, in places of their own, and looks then whether the other did.
type Cluster struct {
	table   Claims
	shared  Shared
	memory  *Memory // of what was claimed here without the table
	changed func(trouble error)
	patient patience.Patience // with the table

	mutex   sync.Mutex
	trouble error     // why the table does not work; nil: it does
	latest  time.Time // when that was seen last
	without int64     // claims that the table was not there for
}

var _ Claims = (*Cluster)(nil)

// NewCluster returns claims in a table, and in shared places while it fails. It calls changed
// when the table begins to fail, and with nil when it works again. The error holds nothing of
// what is claimed.
func NewCluster(table Claims, shared Shared, now func() time.Time, changed func(trouble error)) *Cluster {
	return &Cluster{table: table, shared: shared, memory: NewMemory(now), changed: changed}
}

// Trouble returns why the table cannot be written; nil: it can, as far as is known.
func (c *Cluster) Trouble() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if time.Since(c.latest) > troubleTime {
		return nil // no token was asked for since: nobody knows
	}
	return c.trouble
}

// WithoutTable returns how often something was to be claimed without the table.
func (c *Cluster) WithoutTable() int64 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.without
}

// Claim claims the ids. It takes half a second more while the table fails, and another half for
// one claim in five seconds while the table does not answer.
func (c *Cluster) Claim(ctx context.Context, ids ...ID) error {
	err := c.patient.Try(ctx, func(ctx context.Context) error { return c.table.Claim(ctx, ids...) })
	switch {
	case err == nil:
		c.tableWorks()
		return c.tell(ids)
	case errors.Is(err, ErrUsed) || ctx.Err() != nil:
		return err
	default:
		c.tableFails(err)
		return c.besideTable(ctx, ids)
	}
}

func (c *Cluster) tableWorks() {
	c.mutex.Lock()
	ends := c.trouble != nil && time.Since(c.latest) >= steadyTime
	if ends {
		c.trouble = nil
	}
	c.mutex.Unlock()
	if ends {
		c.changed(nil)
	}
}

func (c *Cluster) tableFails(err error) {
	c.mutex.Lock()
	c.without++
	begins := c.trouble == nil
	c.latest = time.Now()
	if !errors.Is(err, patience.ErrResting) {
		c.trouble = err
	}
	begins = begins && c.trouble != nil
	c.mutex.Unlock()
	if begins {
		c.changed(err)
	}
}

// tell has nodes without the table know what is claimed in it, and yields to one that claimed
// the same before it could know.
func (c *Cluster) tell(ids []ID) error {
	for _, id := range ids {
		if err := c.shared.Put(inTablePlace(id), "claimed"); err != nil {
			return fmt.Errorf("session database: %w", err)
		}
	}
	return c.all(ids, func(id ID) error { return c.holds(besidePlace(id), "") })
}

// besideTable claims without the table.
func (c *Cluster) besideTable(ctx context.Context, ids []ID) error {
	if err := c.memory.Claim(ctx, ids...); err != nil {
		return err
	}
	began := time.Now()
	own := rand.Text()
	if err := c.all(ids, func(id ID) error { return c.holds(besidePlace(id), "") }); err != nil {
		return err
	}
	for _, id := range ids {
		if err := c.shared.Put(besidePlace(id), own); err != nil {
			return fmt.Errorf("session database: %w", err)
		}
	}
	if time.Since(began) > writeTime {
		return errSlow // somebody else may be done with waiting
	}
	if err := sleep(ctx, settleTime); err != nil {
		return err
	}
	return c.all(ids, func(id ID) error {
		if err := c.holds(besidePlace(id), own); err != nil {
			return err
		}
		return c.holds(inTablePlace(id), "")
	})
}

// all checks each id until one fails.
func (c *Cluster) all(ids []ID, check func(id ID) error) error {
	for _, id := range ids {
		if err := check(id); err != nil {
			return err
		}
	}
	return nil
}

// holds returns [ErrUsed] when another text than the wanted one is in a place.
func (c *Cluster) holds(place, wanted string) error {
	text, err := c.shared.Get(place)
	if err != nil {
		return fmt.Errorf("session database: %w", err)
	}
	if text != wanted {
		return ErrUsed
	}
	return nil
}

// sleep waits, or returns why the context ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// The places of an id are of letters, digits and hyphens: Memcached takes no blank.
func inTablePlace(id ID) string { return "table-" + hex.EncodeToString(id[:]) }
func besidePlace(id ID) string  { return "beside-" + hex.EncodeToString(id[:]) }
