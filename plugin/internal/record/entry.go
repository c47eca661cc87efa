// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// patience is how long a request waits for an entry at the most.
const patience = 5 * time.Second

// unwritten returns why nothing may rest on what could not be written.
func unwritten(err error) error { return fmt.Errorf("%w: %w", Unwritten, err) }

// Announce writes to the NEN 7513 file that a token is issued, or that the decision point
// permits, before that is so. On an error it may not be.
func (d *Decision) Announce(ctx context.Context) error {
	file := d.recorder.file
	if file == nil {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := file.Append(waiting, d.entry(d.ending.permitted, d.requestIDs, outcomePermit))
	d.announced = err == nil || errors.Is(err, nen7513.ErrUncertain)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &mitzclient.Error{Code: mitzclient.Canceled, Detail: "audit"}
	default:
		return unwritten(err)
	}
}

// tell hands an entry over to the NEN 7513 file, if one is kept. Every later entry of this
// decision is written after it. When it is lost, no token may follow.
func (d *Decision) tell(action nen7513.Action, requestIDs []string, code string) {
	file := d.recorder.file
	if file == nil {
		return
	}
	if err := file.Tell(d.entry(action, requestIDs, code)); err != nil {
		d.unwritten = unwritten(err)
	}
}

// flush waits until the entries are written, so that a process that dies after the requester
// has its answer does not lose them. When they cannot be, they are kept, and the error says
// that nothing may rest on them yet.
func (d *Decision) flush(ctx context.Context) error {
	file := d.recorder.file
	if file == nil {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := file.Flush(waiting); err != nil && ctx.Err() == nil {
		return unwritten(err)
	}
	return nil // also where nobody waits for the answer any more
}

func (d *Decision) entry(action nen7513.Action, requestIDs []string, code string) nen7513.Entry {
	if d.origin != "" { // which leads from what is learned about a token to its request
		requestIDs = append(slices.Clone(requestIDs), d.origin)
	}
	entry := nen7513.Entry{
		Time: d.recorder.now(), Action: action, Outcome: severity(code), Code: code, RequestIDs: requestIDs,
		Scope: d.scope, Subject: d.subject, Presenters: d.presenters, Question: d.question, Basis: d.ending.basis,
	}
	if len(d.brought) > 0 && action != nen7513.Query && action != nen7513.Consult {
		entry.Ground, entry.Credentials = string(d.ground), d.brought
	}
	return entry
}
