// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"io"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// BenchmarkGuardedToken measures what the guard and its records add to a token, on the real
// disk (below TMPDIR), without the node and without Mitz: with and without an audit file,
// one request after the other and many at once.
func BenchmarkGuardedToken(b *testing.B) {
	logrus.SetOutput(io.Discard)
	permit := func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
		answer, err := deciding(consent.Permit)(ctx, q)
		if asksErr := mitzclient.ContextTrace(ctx).Asking(ctx, answer.RequestID); asksErr != nil {
			return mitzclient.Answer{}, asksErr
		}
		return answer, err
	}
	for _, file := range []bool{false, true} {
		g := newTestGuard(b, permit)
		name := "without an audit file"
		if file {
			name = "with an audit file"
			g.openAuditFile(b)
		}
		issue := func() {
			token := testToken(guarded)
			if err := g.Issue(b.Context(), token); err != nil {
				b.Error(err)
			}
		}
		b.Run(name+"/one by one", func(b *testing.B) {
			for b.Loop() {
				issue()
			}
		})
		b.Run(name+"/32 at once", func(b *testing.B) {
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					issue()
				}
			})
		})
	}
}
