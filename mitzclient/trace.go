// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import "context"

// Trace is a set of hooks that tell what happens during one consult, for its record. Give it
// with [WithTrace]. Each hook may be nil. They are called one after the other, by the
// goroutine that consults.
type Trace struct {
	// Asking is called before each query leaves, under its request id, and may take as long
	// as ctx lasts, which ends with the consult. On an error the query does not leave: the
	// consult fails with [Unrecorded].
	Asking func(ctx context.Context, requestID string) error
	// Retrying is called when a query failed in passing and another is to follow.
	Retrying func(failed *Error)
}

type traceKey struct{}

// WithTrace returns a context for one consult, of which trace is told. A trace that ctx
// has already is told first: what it forbids does not leave, whoever adds another.
func WithTrace(ctx context.Context, trace *Trace) context.Context {
	if outer := ContextTrace(ctx); outer != nil {
		trace = outer.before(trace)
	}
	return context.WithValue(ctx, traceKey{}, trace)
}

// ContextTrace returns the trace of ctx, or nil. It is for those who stand in for a
// [Consulter] or wrap one.
func ContextTrace(ctx context.Context) *Trace {
	trace, _ := ctx.Value(traceKey{}).(*Trace)
	return trace
}

// before returns a trace that tells t, and then next.
func (t *Trace) before(next *Trace) *Trace {
	return &Trace{
		Asking: func(ctx context.Context, requestID string) error {
			if err := t.asking(ctx, requestID); err != nil {
				return err
			}
			return next.asking(ctx, requestID)
		},
		Retrying: func(failed *Error) {
			t.retrying(failed)
			next.retrying(failed)
		},
	}
}

func (t *Trace) asking(ctx context.Context, requestID string) error {
	if t == nil || t.Asking == nil {
		return nil
	}
	return t.Asking(ctx, requestID)
}

func (t *Trace) retrying(failed *Error) {
	if t != nil && t.Retrying != nil {
		t.Retrying(failed)
	}
}
