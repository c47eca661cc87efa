// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/notify"
)

// notifiedRecorder returns a recorder with a file, and what it wrote to the file and the log.
func notifiedRecorder(t *testing.T) (r *Recorder, written func() (entries []nen7513.Entry, lines []string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	file, err := nen7513.Open(path, nen7513.Hooks{})
	require.NoError(t, err)
	var out bytes.Buffer
	logrus.SetOutput(&out)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	r = New(time.Now)
	r.WriteTo(file)
	return r, func() (entries []nen7513.Entry, lines []string) {
		r.Flush()
		require.NoError(t, file.Close())
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			entry, err := nen7513.Decode([]byte(line))
			require.NoError(t, err)
			entries = append(entries, entry)
		}
		assert.NotContains(t, out.String(), testBSN)
		return entries, strings.Split(strings.TrimSpace(out.String()), "\n")
	}
}

// taken is a notification that was taken.
func taken(t *testing.T) notify.Received {
	t.Helper()
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	return notify.Received{
		Outcome: notify.Accepted, Place: strings.Repeat("a", 64), DataHolder: "00000659", Subject: "hospital-east", Patient: patient, Ends: true,
	}
}

func TestANotificationIsTold(t *testing.T) {
	for _, tc := range []struct {
		name    string
		change  func(*notify.Received)
		entries []string // action, outcome and code
		revoked float64
		lines   []string // of each, some words
	}{
		{"that was taken", func(*notify.Received) {}, []string{"notification 0 accepted", "tokens-revoked 0 notification"}, 1,
			[]string{"Mitz notified that consent changed", "Live tokens ended"}},
		{"that cannot be read", func(n *notify.Received) {
			n.Outcome, n.Patient, n.Refusal = "doctype", consent.BSN{}, errors.New("the document has a document type")
		}, []string{"notification 4 doctype", "tokens-revoked 0 notification"}, 1,
			[]string{`level=warning msg="A notification of Mitz could not be taken as it is" data_holder=00000659 error="the document has a document type"`, "Live tokens ended"}},
		{"about somebody else", func(n *notify.Received) { n.Outcome, n.Patient, n.Ends = notify.Mismatch, consent.BSN{}, false },
			[]string{"notification 4 mismatch"}, 0, []string{"could not be taken"}},
		{"without a certificate", func(n *notify.Received) { n.Outcome, n.Patient, n.Ends = notify.NoCertificate, consent.BSN{}, false },
			[]string{"notification 4 no_certificate"}, 0, []string{"could not be taken"}},
		{"that could not be done", func(n *notify.Received) { n.Outcome, n.Failure = notify.Failed, errors.New("refused") },
			[]string{"notification 8 failed", "tokens-revoked 8 revocation_failed"}, 0, []string{"could not be taken", "Live tokens could not be ended"}},
		{"by another path", func(n *notify.Received) { *n = notify.Received{Outcome: notify.UnknownPath} }, nil, 0,
			[]string{`level=info msg="A notification came by a path of no subscription"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, written := notifiedRecorder(t)
			received := taken(t)
			tc.change(&received)
			r.Notified(t.Context(), received)
			assert.InDelta(t, 1, testutil.ToFloat64(r.metrics.notifications.WithLabelValues(string(received.Outcome))), 0)
			assert.InDelta(t, tc.revoked, testutil.ToFloat64(r.metrics.tokensRevoked.WithLabelValues("notification")), 0)
			entries, lines := written()
			var told []string
			for _, each := range entries {
				told = append(told, string(each.Action)+" "+string(each.Outcome)+" "+each.Code)
				assert.True(t, each.Patient.Equal(received.Patient) || each.Patient.IsZero() && received.Patient.IsZero())
				assert.Equal(t, received.DataHolder, each.DataHolder)
				assert.Equal(t, "hospital-east", each.Subject)
			}
			assert.Equal(t, tc.entries, told)
			var plain []string
			for _, each := range lines {
				if strings.Contains(each, "level=audit") {
					assert.NotEmpty(t, entries)
				} else {
					plain = append(plain, each)
				}
			}
			require.Len(t, plain, len(tc.lines))
			for i, words := range tc.lines {
				assert.Contains(t, plain[i], words)
			}
		})
	}
}

// TestEveryPatientsNotificationIsTold, however many there are in a minute: the law asks for it, and
// only who is told a secret path can send one.
func TestEveryPatientsNotificationIsTold(t *testing.T) {
	r, written := notifiedRecorder(t)
	const patients = 7000
	for i := range patients {
		each := taken(t)
		each.Place = fmt.Sprintf("%064d", i)
		r.Notified(t.Context(), each)
	}
	entries, _ := written()
	alone := 0
	for _, entry := range entries {
		if entry.Action == nen7513.Notification && entry.Count == 0 && !entry.Patient.IsZero() {
			alone++
		}
	}
	assert.Equal(t, patients, alone)
}

// TestAFloodOfNotificationsDoesNotFillTheLogs: of ten thousand, the first about a patient are told one
// by one, and those of other patients all the same.
func TestAFloodOfNotificationsDoesNotFillTheLogs(t *testing.T) {
	r, written := notifiedRecorder(t)
	malformed := taken(t)
	malformed.Outcome, malformed.Patient = "malformed", consent.BSN{}
	const each = 3333
	for range each {
		r.Notified(t.Context(), taken(t))
		r.Notified(t.Context(), malformed)
		r.Notified(t.Context(), notify.Received{Outcome: notify.UnknownPath})
	}
	other := taken(t)
	other.Place = strings.Repeat("b", 64)
	r.Notified(t.Context(), other)
	assert.InDelta(t, each+1, testutil.ToFloat64(r.metrics.notifications.WithLabelValues("accepted")), 0)
	assert.InDelta(t, each, testutil.ToFloat64(r.metrics.notifications.WithLabelValues("unknown_path")), 0)
	assert.InDelta(t, 2*each+1, testutil.ToFloat64(r.metrics.tokensRevoked.WithLabelValues("notification")), 0)

	entries, lines := written()
	counts := map[string]int{}
	for _, entry := range entries {
		counts[string(entry.Action)+" "+entry.Code] += max(entry.Count, 1)
	}
	// A count is not read back: what was told together is one here.
	assert.Equal(t, map[string]int{"notification accepted": 30 + 1 + 1, "notification malformed": 30 + 1, "tokens-revoked notification": 60 + 1}, counts)
	assert.Less(t, len(lines), 250)
	text := strings.Join(lines, "\n")
	assert.Contains(t, text, "count=3303")
	assert.Contains(t, text, `msg="A notification came by a path of no subscription" count=3327`)
}
