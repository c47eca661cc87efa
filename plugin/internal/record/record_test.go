// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

const testBSN = "900186021"

func TestALongDIDDoesNotFillTheLogs(t *testing.T) {
	holder := "did:jwk:" + strings.Repeat("A", 2*maxPresenter)
	d := New(time.Now).Begin(Request{Presenters: []string{holder, holder}})
	assert.Equal(t, []string{holder[:maxPresenter]}, d.presenters)
}

// TestTheLogHelpsTheDataHolder has everything that a requester can choose in a refusal hold a
// patient's number, and be long.
func TestTheLogHelpsTheDataHolder(t *testing.T) {
	var out bytes.Buffer
	logrus.SetOutput(&out)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	odd := policy.Credential{Types: []string{"X509Credential", testBSN}, Issuer: "did:web:" + testBSN + ".example"}
	d := New(time.Now).Begin(Request{Subject: "hospital-east"})
	d.Presented([]policy.Credential{odd})
	cause := policy.RefuseSelfIssued(odd)
	d.Refused(t.Context(), cause)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, "level=audit") }), 1, "one refusal, one line")
	assert.Contains(t, out.String(), `has a signature that is right: X509Credential by did:web:[BSN].example"`)
	assert.Contains(t, out.String(), `credentials="X509Credential by did:web:[BSN].example"`)
	assert.NotContains(t, out.String(), testBSN)

	odd.Issuer = "did:web:" + strings.Repeat("a", 1<<20)
	d.Presented(slices.Repeat([]policy.Credential{odd}, 1000))
	help := d.help(policy.RefuseStatus(odd))
	require.Len(t, help, 2)
	for _, text := range help {
		assert.LessOrEqual(t, len(text.(string)), maxHelp)
	}
	assert.Empty(t, d.help(Panicked))
}

// TestAPermitAtTheDecisionPointIsInTheAuditLogAlone: the log of the node has a line of each token,
// and at the level debug alone one of what the decision point permits, which is asked far more often.
func TestAPermitAtTheDecisionPointIsInTheAuditLogAlone(t *testing.T) {
	var out bytes.Buffer
	logrus.SetOutput(&out)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	for basis, level := range map[policy.Basis]logrus.Level{"": logrus.InfoLevel, policy.BasisClaims: logrus.DebugLevel} {
		d := New(time.Now).Begin(Request{Basis: basis})
		out.Reset()
		d.Issued(t.Context())
		assert.Equal(t, level, d.ending.permittedLevel)
		assert.Equal(t, level == logrus.InfoLevel, strings.Contains(out.String(), "level=info"), basis)
	}
}

func TestEveryCauseHasACode(t *testing.T) {
	for _, tc := range []struct {
		cause    error
		expected string
	}{
		{NotRunning, "not_running"},
		{unwritten(errors.New("disk full")), "audit_unwritten"},
		{&mitzclient.Error{Code: mitzclient.Timeout}, "timeout"},
		{&policy.Refusal{}, "unanswered"},
		{errors.New("something else"), "internal"},
	} {
		assert.Equal(t, tc.expected, Reason(tc.cause))
	}
}
