// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

// maxBlame is how many failures of one party count as failures of Mitz: so few that one
// alone cannot open the circuit for everybody.
const maxBlame = 3

// blame weighs the failures since Mitz last answered anybody: whether they are Mitz's, or
// may be the doing of one party and its messages. It knows at most openAfter parties.
type blame struct {
	by     map[string]int // failures after the message was sent
	weight int            // of all failures, those of one party up to maxBlame
	unsent bool           // the last message could not be sent
}

// answered forgets everything: Mitz works.
func (b *blame) answered() { *b = blame{} }

// failed adds a failure. The verdict is unreachable or unanswered.
func (b *blame) failed(who string, v verdict) {
	b.unsent = v == unreachable
	if b.unsent {
		b.weight++
		return
	}
	if _, known := b.by[who]; !known && len(b.by) >= openAfter {
		return
	}
	if b.by == nil {
		b.by = map[string]int{}
	}
	b.by[who]++
	if b.by[who] <= maxBlame {
		b.weight++
	}
}

// everybody reports whether Mitz is to blame, for everybody.
func (b *blame) everybody() bool { return b.weight >= openAfter }

// only returns the one party whose messages alone failed, as long as nobody else's was
// answered: of what came lately, all failed.
func (b *blame) only() (who string, ok bool) {
	if len(b.by) != 1 {
		return "", false
	}
	for only, failures := range b.by {
		who, ok = only, failures >= openAfter
	}
	return who, ok
}
